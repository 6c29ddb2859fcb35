"""From every figure of a report back to its facts: the same predicate, the same grams, over years' and zones' edges."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

import httpx
import polars as pl
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar import Litestar

from app.cli import main
from foundation.database import Scope, Urls
from foundation.errors import Invalid
from foundation.settings import Settings
from reports.behind import Explained, Figure, explain, figures_in, stated
from reports.declarations import Declaration, declare
from reports.dossier import Asked, figures, make
from reports.frames import DECLARATIONS, MOVEMENTS
from reports.recount import RATED, recount
from reports.refusals import NotExplained
from reports.snapshot import Snapshot
from reports.tables import DossierRow
from reports.years import OLDEST
from standards.catalogue import load
from standards.materials import taxonomy
from standards.responsibility.shelf import packs
from tests.conftest import BASE, PET, Firm, Hands, World, with_key
from tests.pagework import said
from tests.pageworld import publish_now, signed_in
from tests.tiers import NIGHTLY, times
from traceability import composing
from traceability.identifiers import lot_uri, new_token
from traceability.ledger.interpretation import RECYCLING
from traceability.sequencing.commands import Accepted

CATALOGUE = load()
TAXONOMY = taxonomy(CATALOGUE)
KG = 1_000
YEARS = (2025, 2026)
ALUMINIUM, PAPER, HDPE = "metals.aluminium", "paper.corrugated", "plastics.pe.hd"


@pytest.fixture(scope="module")
def clock() -> Hands:
    return Hands(datetime(2025, 3, 20, 1, tzinfo=UTC))


@dataclass(frozen=True)
class Kept:
    """Who took part in two years of two countries, and the reports of them."""

    regulators: dict[str, Firm]
    reports: dict[tuple[str, int], DossierRow]
    folder: Path


async def recycled(world: World, firm: Firm, moment: str, grams: int, out: int, *, of: Firm | None = None,
                   material: str = PET, country: str | None = None) -> Accepted:  # fmt: skip
    """Stock of `country` goes through recycling at a moment; answers the event."""
    world.clock.moment = datetime.fromisoformat(moment).astimezone(UTC)
    stock, pellet = (lot_uri(BASE, new_token()) for _ in range(2))
    made = composing.Making(stock, grams, material, "flake", "post", country)
    assert (await world.capture(firm, composing.opening(world.at(firm), made))).success
    world.clock.forward(minutes=1)
    product = composing.Making(pellet, out, material, "pellet")
    done = await world.capture(
        firm, composing.transformed(world.at(firm), RECYCLING, {stock: grams}, [product], {})
    )  # fmt: skip
    (event,) = done.events
    assert isinstance(event, Accepted), event
    return event


async def declared(world: World, firm: Firm, country: str, year: int, grams: int, material: str = PET,
                   supersedes: int | None = None) -> int:  # fmt: skip
    world.clock.forward(seconds=5)
    statement = Declaration(country, year, material, "household", grams, supersedes)
    async with world.process.database.begin(firm.actor.organisation_id) as session:
        made = await declare(session, world.process.sequencer, firm.actor, statement, world.clock())
    return made.index


@pytest.fixture(scope="module")
async def kept(world: World, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Two years of two countries: late shifts at both edges, a held batch, waste of unknown origin, six materials."""
    tokyo, bangkok = await world.firm("recycler"), await world.firm("recycler", "TH", "Asia/Bangkok")
    steps = [
        (tokyo, "2025-03-31T23:50+09:00", 900, PET, "JP"),  # fiscal year 2024 in Tokyo
        (bangkok, "2025-03-31T23:55+07:00", 400, PET, "JP"),  # fiscal 2024 at the facility, though 1 April in Tokyo
        (tokyo, "2025-04-01T02:10+09:00", 800, PET, "JP"),  # ... and in Tokyo an hour later it is 2025
        (bangkok, "2025-06-10T10:00+07:00", 700, PET, "TH"),
        (tokyo, "2025-09-10T10:00+09:00", 610, ALUMINIUM, "JP"),
        (tokyo, "2025-09-11T10:00+09:00", 520, PAPER, "JP"),
        (tokyo, "2025-09-12T10:00+09:00", 430, HDPE, "JP"),
        (tokyo, "2025-09-13T10:00+09:00", 44, "glass.flat", "JP"),
        (bangkok, "2025-12-20T10:00+07:00", 5, PET, "JP"),  # its yield cannot be: held in Thailand, of Japan's waste
        (tokyo, "2025-12-31T23:58+09:00", 340, PET, "JP"),  # the calendar year ends, the fiscal year does not
        (tokyo, "2026-01-01T00:05+09:00", 250, PET, "JP"),
        (bangkok, "2026-02-10T10:00+07:00", 160, PET, "JP"),
        (bangkok, "2026-02-11T10:00+07:00", 90, PET, "ZZ"),
        (tokyo, "2026-03-31T23:57+09:00", 70, PET, "JP"),
        (tokyo, "2026-04-01T00:03+09:00", 60, PET, "JP"),
    ]  # fmt: skip
    for firm, moment, tonnes, material, country in sorted(steps, key=lambda each: datetime.fromisoformat(each[1])):
        kilograms = 970 if tonnes > 5 else 500  # that come out of a tonne
        event = await recycled(
            world, firm, moment, tonnes * KG * KG, tonnes * kilograms * KG, material=material, country=country
        )
        assert event.outcome == ("counted" if tonnes > 5 else "held")
    await _declarations(world)
    await publish_now(world)
    regulators = {"JP": await world.firm("regulator"), "TH": await world.firm("regulator", "TH", "Asia/Bangkok")}
    folder = tmp_path_factory.mktemp("snapshots")
    reports = {}
    for (country, regulator), year in [(each, year) for each in regulators.items() for year in YEARS]:
        async with world.process.database.begin(regulator.actor.organisation_id, Scope.RECORD) as record:
            reports[country, year] = await make(
                record, regulator.actor, Asked(country, year), CATALOGUE, folder, world.clock()
            )
    return Kept(regulators, reports, folder)


async def _declarations(world: World) -> None:
    """Two producers; one corrects itself twice; two materials of a total; one that no law here knows."""
    one, other = await world.firm("producer"), await world.firm("producer")
    first = await declared(world, one, "JP", 2025, 5_000 * KG * KG)
    again = await declared(world, one, "JP", 2025, 2_000 * KG * KG, supersedes=first)
    await declared(world, one, "JP", 2025, 1_900 * KG * KG, supersedes=again)
    await declared(world, other, "JP", 2025, 700 * KG * KG)
    await declared(world, other, "JP", 2025, 600 * KG * KG, ALUMINIUM)
    await declared(world, other, "JP", 2025, 400 * KG * KG, PAPER)
    await declared(world, other, "JP", 2025, 30 * KG * KG, "textiles.worn")
    await declared(world, other, "JP", 2026, 100 * KG * KG)
    await declared(world, one, "TH", 2025, 1_000 * KG * KG)


async def behind(world: World, kept: Kept, row: DossierRow, figure: Figure, limit: int = 10_000) -> Explained:
    actor = kept.regulators[row.country].actor
    async with world.process.database.begin(actor.organisation_id, Scope.RECORD) as record:
        return await explain(record, row, CATALOGUE, kept.folder, figure, 0, limit)


def rate(row: DossierRow, law: str, material: str) -> dict[str, Any]:
    (rates,) = [each["rates"] for each in row.body["laws"] if each["pack"] == law]
    (found,) = [each for each in rates if each["material"] == material]
    return dict(found)


async def test_a_fiscal_year_holds_what_happened_in_it_where_it_happened(kept: Kept) -> None:
    recycling = rate(kept.reports["JP", 2025], "jp-pet-recycling", "pet_bottle")
    tonnes = 800 + 340 + 250 + 160 + 70  # not 900 and 400 (31 March at their own places), not 60 (1 April)
    assert recycling["numerator_grams"] == tonnes * 970 * KG
    assert recycling["denominator_grams"] == 2_600 * KG * KG
    eu = rate(kept.reports["JP", 2025], "eu-packaging", "plastic")
    assert eu["numerator_grams"] == (900 + 400 + 800 + 430 + 340) * KG * KG, "the calendar year, into recycling"
    whole = rate(kept.reports["JP", 2025], "eu-packaging", "all")
    assert whole["numerator_grams"] == eu["numerator_grams"] + (610 + 520) * KG * KG


@pytest.mark.parametrize("country", ["JP", "TH"])
@pytest.mark.parametrize("year", YEARS)
async def test_every_figure_is_what_the_facts_behind_it_make(world: World, kept: Kept, country: str, year: int) -> None:
    row = kept.reports[country, year]
    every = list(figures_in(row.body))
    assert {each.of for each in every} >= {"left_out", "moved"}
    for figure in every[:: 1 if NIGHTLY else 3]:
        found = await behind(world, kept, row, figure)
        assert found.grams == stated(row.body, figure), figure
        assert found.lines == len(found.page)
        assert found.facts == len({each.index for each in found.page})
        if len(found.terms) < 2:
            assert sum(each.grams for each in found.page) == found.grams, figure
        for term in found.terms:
            held = sum(each.grams for each in found.page if each.quantity == term.quantity)
            assert held == (term.grams or 0), (figure, term)


async def test_in_is_counted_plus_left_out_at_every_stage_and_nothing_is_in_both(world: World, kept: Kept) -> None:
    row = kept.reports["JP", 2025]
    for law in row.body["laws"]:
        for stage in {each["stage"] for each in law["stages"]}:
            moved = sum(each["grams"] for each in law["stages"] if each["stage"] == stage)
            told = [each["grams"] for of in ("counted", "left_out") for each in law[of] if each["stage"] == stage]
            assert sum(told) == moved, (law["pack"], stage)
        counted = await behind(world, kept, row, Figure(law["pack"], "counted"))
        left = await behind(world, kept, row, Figure(law["pack"], "left_out"))
        key = {(each.index, each.stage, each.material) for each in counted.page}
        assert not key & {(each.index, each.stage, each.material) for each in left.page}


async def test_mass_of_unknown_collection_is_explained_in_the_country_of_its_facility_only(
    world: World, kept: Kept
) -> None:
    unknown = Figure("eu-packaging", "left_out", stage="recycling_input", reason="country_of_collection_unknown")
    found = await behind(world, kept, kept.reports["TH", 2026], unknown)
    assert (found.grams, found.facts) == (90 * KG * KG, 1)
    reasons = {each["reason"] for law in kept.reports["JP", 2026].body["laws"] for each in law["left_out"]}
    assert "country_of_collection_unknown" not in reasons


async def test_what_was_placed_on_the_market_leads_to_each_declaration_and_its_version(
    world: World, kept: Kept
) -> None:
    placed = Figure("jp-pet-recycling", "denominator", rate="recycling", material="pet_bottle")
    found = await behind(world, kept, kept.reports["JP", 2025], placed)
    assert [(each.kind, each.grams, each.version) for each in found.page] == [
        ("declaration", 1_900 * KG * KG, 3), ("declaration", 700 * KG * KG, 1),
    ]  # fmt: skip
    unknown = Figure("eu-packaging", "left_out", stage="declared", reason="material_not_in_pack")
    assert (await behind(world, kept, kept.reports["JP", 2025], unknown)).grams == 30 * KG * KG


async def test_a_figure_that_its_facts_do_not_make_is_refused_as_our_fault(world: World, kept: Kept) -> None:
    row = kept.reports["JP", 2025]
    figure = Figure("jp-pet-recycling", "numerator", rate="recycling", material="pet_bottle")
    forged = json.loads(json.dumps(row.body))
    for law in forged["laws"]:
        for each in law["rates"]:
            each["numerator_grams"] = (each["numerator_grams"] or 0) + 1
    wrong = DossierRow(
        id=row.id, country=row.country, year=row.year, checkpoint_size=row.checkpoint_size, rules=row.rules,
        code=row.code, body=forged,
    )  # fmt: skip
    with pytest.raises(NotExplained) as refused:
        await behind(world, kept, wrong, figure)
    assert refused.value.status == 500
    assert refused.value.facts["figure_grams"] == refused.value.facts["found_grams"] + 1


# Over HTTP, on pages and on the command line


@pytest.fixture(scope="module")
async def issued(world: World, app: Litestar, kept: Kept) -> AsyncIterator[tuple[httpx.AsyncClient, int]]:
    regulator = kept.regulators["JP"]
    browser = await signed_in(app, world, regulator)
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=BASE, headers={"authorization": f"Bearer {regulator.key}"},
        event_hooks={"request": [with_key]},
    )  # fmt: skip
    made = await client.post("/api/v1/reports", json={"country": "JP", "year": 2025})
    assert made.status_code == 201, made.text
    yield browser, made.json()["id"]
    await browser.aclose()
    await client.aclose()


async def _all_pages(browser: httpx.AsyncClient, number: int, figure: Figure) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    path = f"/api/v1/reports/{number}/behind?{urlencode({**figure.query, 'limit': '2'})}"
    while path:
        answer = await browser.get(path, headers={"accept": "application/json"})
        assert answer.status_code == 200, answer.text
        lines += answer.json()["behind"]
        path = answer.links["next"]["url"] if "next" in answer.links else ""
    return lines


async def test_page_by_page_over_http_no_gram_is_lost_and_every_proof_is_there(
    issued: tuple[httpx.AsyncClient, int], kept: Kept
) -> None:
    browser, number = issued
    row = kept.reports["JP", 2025]
    held = Figure("eu-packaging", "left_out", reason="YIELD_IMPLAUSIBLE")
    for figure in (*(Figure("eu-packaging", of, rate="recycling", material="all") for of in RATED[:2]), held):
        lines = await _all_pages(browser, number, figure)
        assert sum(each["grams"] for each in lines) == stated(row.body, figure)
        assert lines
        for each in lines:
            proof = await browser.get(each["proof"])
            assert proof.status_code == 200
            assert proof.json()["index"] == each["leafIndex"]
            shown = await browser.get(f"/events/{each['leafIndex']}", headers={"accept": "text/html"})
            assert "As received" in shown.text, "the regulator reads what it rests on"


async def test_every_mass_on_the_report_page_leads_to_a_page_that_states_the_same_mass(
    issued: tuple[httpx.AsyncClient, int],
) -> None:
    browser, number = issued
    for law in ("jp-pet-recycling", "eu-packaging"):
        page = (await browser.get(f"/reports/{number}", params={"law": law})).text
        links = _figure_links(page, number)
        assert len(links) > 10
        for href, mass in links:
            answer = await browser.get(href)
            assert answer.status_code == 200, href
            told = said(answer.text)
            assert f"they make {mass}; the report states {mass}." in told, href


def _figure_links(page: str, number: int) -> set[tuple[str, str]]:
    frame = page.replace("&amp;", "&").split('<a href="')
    pairs = [each.partition("</a>")[0].partition('">') for each in frame[1:]]
    return {(href, mass.replace("\u00a0", " ")) for href, _, mass in pairs if f"/reports/{number}/figure" in href}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("law=jp-pet-recycling&of=everything", 400), ("law=xx&of=counted", 404),
        ("law=eu-packaging&of=numerator", 404), ("law=eu-packaging&of=moved&month=May", 404),
        ("law=eu-packaging&of=counted&start=-1", 422), ("of=counted", 422),
    ],
)  # fmt: skip
async def test_a_figure_that_the_report_does_not_state_is_refused(
    issued: tuple[httpx.AsyncClient, int], query: str, status: int
) -> None:
    browser, number = issued
    answer = await browser.get(f"/api/v1/reports/{number}/behind?{query}", headers={"accept": "application/json"})
    assert answer.status_code == status, answer.text


async def test_another_countrys_regulator_reaches_nothing_of_it(
    issued: tuple[httpx.AsyncClient, int], world: World, app: Litestar, kept: Kept
) -> None:
    thai = await signed_in(app, world, kept.regulators["TH"])
    for path in (f"/reports/{issued[1]}/figure", f"/api/v1/reports/{issued[1]}/behind"):
        assert (await thai.get(f"{path}?law=eu-packaging&of=counted")).status_code == 404
    await thai.aclose()


@pytest.mark.parametrize(("year", "code"), [(2569, "YEAR_BUDDHIST"), (1989, "YEAR_INVALID"), (2027, "YEAR_INVALID")])
async def test_a_year_that_cannot_be_is_refused_alike_for_reports_and_declarations(
    world: World, kept: Kept, app: Litestar, year: int, code: str
) -> None:
    producer = await world.firm("producer")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=BASE, event_hooks={"request": [with_key]}
    ) as client:
        for firm, path, body in (
            (kept.regulators["JP"], "/api/v1/reports", {"country": "JP", "year": year}),
            (producer, "/api/v1/declarations",
             {"country": "JP", "year": year, "material": PET, "category": "household", "grams": 1}),
        ):  # fmt: skip
            answer = await client.post(path, json=body, headers={"authorization": f"Bearer {firm.key}"})
            assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
            assert answer.json()["errors"][0]["value"] == year
            if code == "YEAR_BUDDHIST":
                assert "2026" in answer.json()["errors"][0]["fix"]


async def test_the_database_holds_declarations_to_the_same_oldest_year(owner: Any) -> None:
    from_database = await owner.fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'declaration_year_check'"
    )
    assert f"(year >= {OLDEST})" in from_database


async def test_the_command_line_gives_the_same_figures_and_facts(
    world: World, urls: Urls, template: Settings, kept: Kept, tmp_path: Path
) -> None:
    environment = {
        "JUNKAN_DATABASE_URL": urls.owner, "JUNKAN_SECRET_KEY": "x" * 40, "JUNKAN_DATA_DIR": str(template.data_dir),
    }  # fmt: skip
    placed = Figure("jp-pet-recycling", "denominator", rate="recycling", material="pet_bottle")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["report", "--country", "JP", *arguments], env=environment)

    one = await asyncio.to_thread(run, "--year", "2025", "--figure", urlencode(placed.query), "--json")
    assert one.exit_code == 0, one.output
    (behind_it,) = json.loads(one.stdout)["figures"]
    assert [(each["grams"], each["version"]) for each in behind_it["behind"]] == [
        (1_900 * KG * KG, 3), (700 * KG * KG, 1),
    ]  # fmt: skip
    every = await asyncio.to_thread(run, "--year", "2026", "--figure", "all", "--out", str(tmp_path))
    assert every.exit_code == 0, every.output
    table = pl.read_csv(tmp_path / "behind.csv")
    body = kept.reports["JP", 2026].body
    assert set(table["figure"]) == {urlencode(each.query) for each in figures_in(body) if stated(body, each)}
    wrong = await asyncio.to_thread(run, "--year", "2569")
    assert (wrong.exit_code, "Write 2026" in wrong.stderr) == (2, True)
    unnamed = await asyncio.to_thread(run, "--year", "2025", "--figure", "numerator")
    assert (unnamed.exit_code, "does not name a figure" in unnamed.stderr) == (2, True)


# A law of nature: whatever was recorded, each mass of a report is what its rows make.

MATERIALS = (PET, HDPE, ALUMINIUM, "metals.ferrous", PAPER, "glass.container", "textiles.worn", "")
STAGES = ("collected", "sorted", "recycling_input", "recycling_output", "energy", "repaired", "loss")
DAYS = st.dates(date(2024, 12, 1), date(2026, 4, 30))
MOVEMENT = st.fixed_dictionaries(
    {
        "event_index": st.integers(0, 9), "day": DAYS, "facility_country": st.sampled_from(["JP", "TH"]),
        "collected_country": st.sampled_from(["JP", "JP", "TH", None]), "organisation": st.sampled_from(["a", "b"]),
        "material": st.sampled_from(MATERIALS), "stage": st.sampled_from(STAGES), "grams": st.integers(1, 10**9),
        "counted": st.sampled_from([True, True, False]), "reason": st.just("HELD"),
    }
)  # fmt: skip
DECLARED = st.builds(
    lambda leaf, country, material, first, days, grams: {
        "leaf_index": leaf, "organisation": "p", "country": country, "material": material, "first_day": first,
        "last_day": first + timedelta(days=days), "grams": grams,
    },
    st.integers(10, 19), st.sampled_from(["JP", "TH"]), st.sampled_from(MATERIALS), DAYS,
    st.sampled_from([0, 364, 400]), st.integers(0, 10**9),
)  # fmt: skip


@settings(max_examples=times(8, 200))
@given(
    st.lists(MOVEMENT, max_size=12), st.lists(DECLARED, max_size=5), st.sampled_from([2024, 2025, 2026]), st.randoms()
)
def test_any_record_gives_reports_whose_masses_are_what_their_rows_make(
    tmp_path_factory: pytest.TempPathFactory, moved: list[dict[str, Any]], stated_: list[dict[str, Any]], year: int,
    chance: Random,
) -> None:  # fmt: skip
    folder = tmp_path_factory.mktemp("frames")
    rows = [{**each, "reason": None if each["counted"] else each["reason"]} for each in moved]
    movements, declarations = pl.DataFrame(rows, dict(MOVEMENTS)), pl.DataFrame(stated_, dict(DECLARATIONS))
    taken = Snapshot(folder / "m.parquet", folder / "d.parquet", 20, "")
    movements.write_parquet(taken.movements)
    declarations.write_parquet(taken.declarations)
    try:
        body = figures(taken, Asked("JP", year), CATALOGUE)
    except Invalid:
        return  # nothing of Japan in that year
    known = packs(CATALOGUE)
    every = list(figures_in(body))
    for figure in chance.sample(every, min(12, len(every))):
        law = known[figure.law]
        found = recount(
            movements.lazy(), declarations.lazy(), law, TAXONOMY, "JP", year, figure.of, figure.query
        )  # fmt: skip
        assert found.grams == stated(body, figure), figure
        if figure.of not in RATED:
            assert found.rows.select(pl.col("grams").sum()).collect().item() == stated(body, figure)
    for told in body["laws"]:
        rows = [each for of in ("counted", "left_out") for each in told[of] if each["stage"] != "declared"]
        assert sum(each["grams"] for each in rows) == sum(each["grams"] for each in told["stages"])
