"""Arrivals as people state them: kinds that add up and a scheme, by sheet and by form, put right where wrong."""

import io
import json
from urllib.parse import urlsplit

import asyncpg
import fastexcel
import httpx
import polars as pl
import pytest

from tests.conftest import PET, Firm, World
from tests.pagework import Browser, lot_links, said, uri_of
from tests.test_importing import COLUMNS, book, named, read, sheet
from tests.test_pages_recording import OPENING, today
from traceability.holdings import holdings

KINDS = {"of_post": "1000", "of_virgin": "250.5"}


@pytest.fixture
async def firm(world: World) -> Firm:
    return await world.firm("recycler")


@pytest.fixture
async def browser(client: httpx.AsyncClient, firm: Firm) -> Browser:
    browser = Browser(client)
    await browser.sign_in(firm)
    return browser


async def lot_row(owner: asyncpg.Connection, firm: Firm) -> tuple[dict[str, int], str | None, str | None]:
    """The newest lot of a firm: its grams by kind, custody model and scheme."""
    row = await owner.fetchrow(
        "SELECT origins, custody, scheme FROM lot WHERE organisation_id = $1 ORDER BY id DESC LIMIT 1",
        firm.actor.organisation_id,
    )
    told = json.loads(row["origins"])
    booked = {True: "booked "}
    return (
        {booked.get(each.get("booked"), "") + each["consumer"]: each["grams"] for each in told},
        row["custody"], row["scheme"],
    )  # fmt: skip


# --- sheets


def test_a_row_states_the_mass_of_each_kind_in_its_own_unit() -> None:
    (entry,) = read(sheet({**KINDS, "of_pre": "0"})).entries
    assert entry.made.split == {"post": 1_000_000, "virgin": 250_500}
    kinds = {each["junkan:consumer"]: each["junkan:quantity"] for each in entry.event["ilmd"]["junkan:split"]}
    assert {kind: str(mass) for kind, mass in kinds.items()} == {"post": "1000", "virgin": "250.5"}
    assert "junkan:consumer" not in entry.event["ilmd"]


def test_a_decimal_mark_in_one_column_of_masses_tells_it_for_all_that_are_text() -> None:
    told = {"quantity": "1.250", "of_post": "1.000,5", "of_virgin": "249,5"}
    (entry,) = read(sheet(told)).entries
    assert (entry.made.grams, entry.made.split) == (1_250_000, {"post": 1_000_500, "virgin": 249_500})
    header = list(COLUMNS)
    row = {"kind": "opening", "lot": "A", "material": PET, "form": "bale", "quantity": 1.25, "unit": "t"}
    row |= {"day": "2026-01-31", "of_post": "1", "of_pre": "0,25"}
    (entry,) = read(book([header, [row.get(name, "") for name in header]])).entries
    assert entry.made.split == {"post": 1_000_000, "pre": 250_000}


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"of_post": "1250"}, [("of_post", "SPLIT_DIFFERS")]),
        ({**KINDS, "of_unknown": "0.001"}, [("of_unknown", "SPLIT_DIFFERS")]),
        ({"of_pre": "0"}, [("of_pre", "SPLIT_DIFFERS")]),
        ({**KINDS, "origin": "post"}, [("origin", "ORIGIN_AND_SPLIT")]),
        ({**KINDS, "of_pre": "some"}, [("of_pre", "MASS_INVALID")]),
        ({"of_post": "1250.4999", "of_pre": "0.0001"}, [("of_post", "MASS_TOO_FINE"), ("of_pre", "MASS_TOO_FINE")]),
        ({**KINDS, "unit": "lb"}, [("unit", "UNIT_INVALID")]),
        ({"scheme": "bonsucro", "custody": "mass_balance_credit"}, [("scheme", "SCHEME_UNKNOWN")]),
        ({"scheme": "iscc-plus", "custody": "segregated"}, [("scheme", "SCHEME_WITHOUT_MODEL")]),
        ({"scheme": "iscc-plus"}, [("scheme", "SCHEME_WITHOUT_MODEL")]),
        ({"scheme": "iscc-plus", "custody": "massbalance"}, [("custody", "CUSTODY_UNKNOWN")]),
    ],
)
def test_kinds_and_schemes_that_cannot_be_are_named_at_their_cell(
    changed: dict[str, str], wrong: list[tuple[str, str]]
) -> None:
    errors = read(sheet({"lot": "B-1"}, changed)).errors
    assert [(row, (column, code)) for row, column, code in named(errors)] == [(3, each) for each in wrong]
    assert all(each.fix and each.value == changed[each.column] for each in errors)


async def test_a_sheet_with_kinds_models_and_schemes_is_recorded_as_it_says(
    client: httpx.AsyncClient, firm: Firm, owner: asyncpg.Connection
) -> None:
    raw = sheet({"custody": "mass_balance_credit", "scheme": "iscc-plus", **KINDS})
    done = await client.post("/api/v1/imports?history=true", content=raw, headers=firm.bearer)
    assert done.status_code == 200
    told = {"booked post": 1_000_000, "virgin": 250_500}
    assert await lot_row(owner, firm) == (told, "mass_balance_credit", "iscc-plus")
    lot = done.json()["lines"][0]["lot"]
    shown = (await client.get("/api/v1/passport", params={"lot": lot}, headers=firm.bearer)).json()
    assert shown["massBalanceScheme"] == "iscc-plus"
    content = shown["recycledContent"]
    assert (content["massBalancePostConsumerGrams"], content["virginGrams"]) == (1_000_000, 250_500)


async def test_a_model_that_the_kinds_deny_is_told_at_its_row(client: httpx.AsyncClient, firm: Firm) -> None:
    raw = sheet({"lot": "M-1"}, {"lot": "M-2", "custody": "segregated", **KINDS})
    trial = await client.post("/api/v1/imports?history=true&dry_run=true", content=raw, headers=firm.bearer)
    (error,) = trial.json()["errors"]
    assert (error["row"], error["column"], error["code"]) == (3, "custody", "CUSTODY_OVERSTATED")
    assert error["facts"]["strongest"] == "controlled_blending"


async def test_the_template_explains_and_lists_what_is_new(browser: Browser) -> None:
    answer = await browser.client.get("/record/import-template/xlsx", params={"lang": "ja"})
    filled = fastexcel.read_excel(io.BytesIO(answer.content).getvalue())
    codes = filled.load_sheet("codes").to_polars()
    assert [each for each in codes["scheme"].to_list() if each] == ["eu-2026-1425", "iscc-plus"]
    guide = dict(filled.load_sheet("guide", header_row=None).to_polars().select(pl.nth(0, 1)).iter_rows())
    assert set(guide) == set(COLUMNS)
    assert "マスバランス" in guide["scheme"]


# --- forms


async def test_kinds_are_stated_on_the_form_and_shown_on_the_lot_and_its_passport(
    browser: Browser, world: World, firm: Firm, owner: asyncpg.Connection
) -> None:
    form = {**OPENING, "day": today(world, firm), "consumer": "several", "of_post": "9", "of_post_unit": "t"}
    form |= {"of_virgin": "3500", "of_virgin_unit": "kg", "of_pre": "0"}
    check = await browser.check("/record/opening", form)
    assert "Post-consumer 9 t Virgin 3.5 t" in said(check)
    assert "Kind of waste" not in said(check)
    done = await browser.commit("/record/opening", check)
    page = await browser.open(done.headers["location"])
    kinds, _, _ = await lot_row(owner, firm)
    assert kinds == {"post": 9_000_000, "virgin": 3_500_000}
    link = lot_links(page)[0]
    assert "Post-consumer 9 t (72.0%)" in said(await browser.open(link))
    assert "Virgin 3.5 t (28.0%)" in said(await browser.open(urlsplit(uri_of(link)).path))


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"consumer": "several"}, "of_post", "State the mass of each kind."),
        (
            {"consumer": "several", "of_post": "9", "of_pre": "3.5"},
            "of_post",
            "The kinds add up to 12.5 kg, the lot has 12.5 t.",
        ),
        ({"of_post": "12.5", "of_post_unit": "t"}, "consumer", "Choose “Several kinds: their masses stand below”"),
        ({"consumer": "several", "of_post": "-1"}, "of_post", "digits"),
        ({"consumer": "ocean"}, "consumer", "Choose: Kind of waste"),
        ({"scheme": "iscc-plus", "custody": "segregated"}, "scheme", "Only a mass-balance lot names a scheme."),
    ],
)
async def test_kinds_that_do_not_add_up_are_said_at_their_field(
    browser: Browser, world: World, firm: Firm, changed: dict[str, str], field: str, sentence: str
) -> None:
    answer = await browser.send("/record/opening", {**OPENING, "day": today(world, firm), "step": "check", **changed})
    assert answer.status_code == 400
    assert sentence in said(answer.text)
    assert f'id="f-{field}-error"' in answer.text
    if changed.get("of_post"):
        assert f'value="{changed["of_post"]}"' in answer.text


async def test_a_wrong_weight_is_put_right_together_with_its_kinds(
    browser: Browser, world: World, firm: Firm, owner: asyncpg.Connection
) -> None:
    form = {**OPENING, "day": today(world, firm), "grams_unit": "kg", "consumer": "several"}
    page = await browser.do("/record/opening", {**form, "of_post": "9", "of_virgin": "3.5"})
    (index,) = await owner.fetchrow("SELECT max(index) FROM event WHERE kind = 'epcis'")
    here, at = f"/record/correct/{index}", lot_links(page)[0]
    page = await browser.open(here)
    assert "Kind of waste: Post-consumer" in said(page)
    right = {"stated0": "13", "kind0": "9", "kind1": "3.5"}
    check = await browser.check(here, right)
    refused = await browser.commit(here, check)
    assert refused.status_code == 400
    assert "The kinds add up to 12500 g, the lot has 13000 g." in said(refused.text)
    check = await browser.check(here, {**right, "kind1": "4"})
    assert "this becomes a new lot" in said(check)
    done = await browser.commit(here, check)
    assert done.status_code == 303
    (link,) = [each for each in lot_links(await browser.open(done.headers["location"])) if each != at]
    assert "Virgin 4 kg (30.8%)" in said(await browser.open(link))
    async with world.process.database.begin(firm.actor.organisation_id) as session:
        held = {each.lot: each.free for each in await holdings(session, firm.actor.organisation_id) if each.free}
    assert held == {uri_of(link): 13_000}
