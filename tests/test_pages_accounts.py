"""Pages of custody and accounts: a maker states a model, is told when it is too strong, and sees the account."""

import asyncpg
import httpx
import pytest

from tests.conftest import Firm, World
from tests.pagework import Browser, said
from tests.test_accounts_captured import EU, KG, make, new, stock
from traceability.holdings import holdings
from traceability.sequencing.commands import Accepted


@pytest.fixture
async def firm(world: World) -> Firm:
    return await world.firm("recycler")


@pytest.fixture
async def browser(client: httpx.AsyncClient, firm: Firm) -> Browser:
    browser = Browser(client)
    await browser.sign_in(firm)
    return browser


async def made_of(world: World, firm: Firm, lot: str, **fields: str) -> dict[str, str]:
    """The form of a transformation of 1 t of this lot into 750 kg."""
    async with world.process.database.begin(firm.actor.organisation_id) as session:
        held = next(each for each in await holdings(session, firm.actor.organisation_id) if each.lot == lot)
    return {
        "process": "reprocessing", "facility": str(firm.facility_id), "day": world.clock().date().isoformat(),
        f"use_{held.lot_id}": "yes", f"draw_{held.lot_id}": "1000", f"draw_{held.lot_id}_unit": "kg",
        "outputs": "1", "out0_material": "plastics.pet", "out0_form": "flake", "out0_grams": "750",
        "out0_grams_unit": "kg", **fields,
    }  # fmt: skip


async def test_a_model_on_the_form_is_kept_and_one_too_strong_is_told_there(
    browser: Browser, world: World, firm: Firm
) -> None:
    arrival = await browser.open("/record/collected")
    assert 'name="custody"' in arrival
    lot = await stock(world, firm, 3_000 * KG, "post", "controlled_blending")
    form = await made_of(world, firm, lot, out0_custody="segregated")
    check = await browser.check("/record/transformation", form)
    assert "Chain of custody Segregated" in said(check)
    refused = await browser.commit("/record/transformation", check)
    assert refused.status_code == 409
    assert "stronger than what the lot was made of" in said(refused.text)
    page = await browser.do("/record/transformation", {**form, "out0_custody": "controlled_blending"})
    assert "it counts" in said(page)


async def test_an_account_is_fed_and_claimed_by_the_form_and_its_statement_tells_it(
    browser: Browser, world: World, firm: Firm
) -> None:
    assert "No account yet" in said(await browser.open("/accounts"))
    waste = await stock(world, firm, 1_000 * KG, "post", "segregated")
    virgin = await stock(world, firm, 1_000 * KG, "virgin")
    assert "it counts" in said(await browser.do("/record/transformation", await made_of(world, firm, waste, scheme=EU)))
    claiming = await made_of(
        world, firm, virgin, scheme=EU, out0_custody="mass_balance_credit", out0_post="200", out0_post_unit="kg"
    )
    assert "it counts" in said(await browser.do("/record/transformation", claiming))
    page = await browser.open("/accounts")
    told = said(page)
    assert "Came in 750 kg" in told
    assert "Claimed 200 kg" in told
    assert "Left 550 kg" in told
    assert "never below zero, at any event" in told
    behind = page.split('href="/accounts?account=')[1].split('"')[0]
    events = said(await browser.open(f"/accounts?account={behind}"))
    assert "750 kg (Post-consumer)" in events
    assert "200 kg (Post-consumer)" in events


async def test_older_periods_are_a_page_further(browser: Browser, world: World, firm: Firm) -> None:
    waste = await stock(world, firm, 1_000 * KG, "post", "segregated")
    for scheme in (EU, "iscc-plus"):
        assert isinstance(await make(world, firm, {waste: 100 * KG}, new(80 * KG), scheme=scheme), Accepted)
    page = await browser.open("/accounts")
    assert page.count('href="/accounts?account=') == 2
    assert "was not checked against the scheme" in said(page)
    first = page.split('href="/accounts?account=')[1].split('"')[0]
    rest = await browser.open("/accounts", after=first)
    assert rest.count('href="/accounts?account=') == 1
    other = await world.firm("recycler")
    browser.client.cookies.clear()
    stranger = Browser(browser.client)
    await stranger.sign_in(other)
    assert "No account yet" in said(await stranger.open("/accounts"))


async def test_a_mass_balance_lot_that_was_bought_names_its_scheme_on_the_form(
    browser: Browser, world: World, firm: Firm, owner: asyncpg.Connection
) -> None:
    form = {
        "material": "plastics.pet", "form": "flake", "grams": "100", "grams_unit": "kg", "consumer": "post",
        "facility": str(firm.facility_id), "day": world.clock().date().isoformat(), "country": "JP",
        "custody": "mass_balance_credit", "scheme": "iscc-plus",
    }  # fmt: skip
    check = await browser.check("/record/collected", form)
    assert "Mass-balance scheme ISCC PLUS mass balance" in said(check)
    assert (await browser.commit("/record/collected", check)).status_code in {200, 303}
    schemes = await owner.fetch("SELECT scheme FROM lot WHERE organisation_id = $1", firm.actor.organisation_id)
    assert [row["scheme"] for row in schemes] == ["iscc-plus"]


async def test_the_page_offers_of_a_blend_only_what_is_recycled(browser: Browser, world: World, firm: Firm) -> None:
    waste, virgin = await stock(world, firm, 50 * KG, "post", "segregated"), await stock(world, firm, 50 * KG, "virgin")
    blend = new(90 * KG, "controlled_blending")
    assert isinstance(await make(world, firm, {waste: 50 * KG, virgin: 50 * KG}, blend), Accepted)
    form = {"lot": blend.lot, "grams": "46", "grams_unit": "kg", "jurisdiction": "JP", "statement": ""}
    refused = await browser.send("/claims", form)
    assert refused.status_code == 409
    assert "holds less recycled material than is claimed" in said(refused.text)
    check = await browser.send("/claims", {**form, "grams": "45"})
    assert (await browser.commit("/claims", check.text)).status_code == 303


async def test_a_claim_on_the_page_states_at_most_the_lots_model(browser: Browser, world: World, firm: Firm) -> None:
    lot = await stock(world, firm, 100 * KG, "post", "controlled_blending")
    form = {"lot": lot, "grams": "10", "grams_unit": "kg", "jurisdiction": "JP", "statement": ""}
    refused = await browser.send("/claims", {**form, "custody": "segregated"})
    assert refused.status_code == 409
    assert "stronger than what the lot was made of" in said(refused.text)
    check = await browser.send("/claims", {**form, "custody": "controlled_blending"})
    assert "Chain of custody Controlled blending" in said(check.text)
    assert (await browser.commit("/claims", check.text)).status_code == 303


async def fed(world: World, firm: Firm, waste: str, scheme: str) -> None:
    assert isinstance(await make(world, firm, {waste: 100 * KG}, new(80 * KG), scheme=scheme), Accepted)


async def test_the_running_period_is_open_and_those_before_are_folded_with_what_was_left(
    browser: Browser, world: World, firm: Firm
) -> None:
    waste = await stock(world, firm, 1_000 * KG, "post", "segregated")
    virgin = await stock(world, firm, 1_000 * KG, "virgin")
    for period in range(3):
        if period:
            world.clock.forward(days=92)
            await browser.sign_in(firm)
        await fed(world, firm, waste, "iscc-plus")
        if period == 1:
            assert 'class="picture"' not in await browser.open("/accounts"), "two ends make no course"
    main = (await browser.open("/accounts")).partition("<main")[2]
    opened, *folded = main.split("<details")
    assert len(folded) == 2
    assert not any(each.partition(">")[0].endswith("open") for each in folded)
    assert "Running" in said(opened)
    assert "Earlier periods: 2" in said(opened)
    assert "Left 80 kg (Post-consumer)" in said(folded[1].partition("</summary>")[0])
    assert main.count('class="picture') == 2
    one = main.split('href="/accounts?account=')[1].split('"')[0]
    assert "<details" not in (await browser.open("/accounts", account=one)).partition("<main")[2]
    lent = new(400 * KG, "mass_balance_credit", credited={"post": 300 * KG})
    assert isinstance(await make(world, firm, {virgin: 500 * KG}, lent, scheme="iscc-plus"), Accepted)
    main = (await browser.open("/accounts")).partition("<main")[2]
    assert "below zero" in main.partition("<details")[0]
    assert 'class="picture' not in main, "a debt has no place on a scale from zero"
