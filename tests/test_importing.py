"""Importing: every wrong cell named at once, nothing guessed, nothing twice; what is shown is what is recorded."""

import asyncio
import csv
import io
import json
import zipfile
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import fastexcel
import httpx
import pytest
import xlsxwriter
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar

from app.cli import main
from app.sheets import csv_of, xlsx_of
from foundation.database import Urls
from foundation.uploads import KEPT, MOST, keep, kept
from tests.conftest import BASE, PET, Firm, World, with_key
from tests.pagework import Browser, said
from traceability import composing
from traceability.capture import capture, rehearse
from traceability.identifiers import lot_uri, named_token, new_token, token_of
from traceability.importing import spreadsheets
from traceability.importing.cells import CellError
from traceability.importing.numbers import Ambiguous, mark_of, number_of
from traceability.importing.reading import COLUMNS, REQUIRED, Importer, Sheet, sheet_of
from traceability.importing.spreadsheets import FileUnreadable, table_of
from traceability.sequencing.commands import Accepted

TOKYO = ZoneInfo("Asia/Tokyo")
HERE = "https://plant.example/1"
IMPORTER = Importer(
    {HERE: (HERE, TOKYO), "Plant": (HERE, TOKYO)}, frozenset({PET, "plastics.pe.hd"}), frozenset({"bale", "flake"}),
    lambda number: lot_uri(BASE, named_token(b"k" * 32, "firm", number)), frozenset({"iscc-plus"}),
)  # fmt: skip
GOOD = {
    "kind": "opening", "lot": "A-1", "material": PET, "form": "bale", "quantity": "1250.5", "unit": "kg",
    "day": "2026-01-31",
}  # fmt: skip


def sheet(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> bytes:
    made = io.StringIO()
    writer = csv.DictWriter(made, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({**GOOD, **row} for row in rows)
    return made.getvalue().encode()


def read(raw: bytes, most: int = 100) -> Sheet:
    return sheet_of(table_of(raw), IMPORTER, most)


def named(errors: tuple[CellError, ...]) -> list[tuple[int, str, str]]:
    return [(each.row, each.column, each.code) for each in errors]


def book(rows: list[list[Any]], first: int = 0) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as wb:
        ws, day = wb.add_worksheet(), wb.add_format({"num_format": "yyyy-mm-dd"})
        for at, row in enumerate(rows, start=first):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    ws.write_datetime(at, column, datetime(cell.year, cell.month, cell.day), day)
                else:
                    ws.write(at, column, cell)
    return made.getvalue()


# Numbers


@pytest.mark.parametrize(
    ("column", "numbers"),
    [
        (["1250.5", "3"], ["1250.5", "3"]), (["1250,5", "1.250"], ["1250.5", "1250"]),
        (["12.5", "1.250"], ["12.5", "1.250"]), (["1,250.5", "1,250"], ["1250.5", "1250"]),
        (["1.250,5"], ["1250.5"]), (["1 250,5", "1'250"], ["1250.5", "1250"]), (["1.234.567"], ["1234567"]),
        (["0.125"], ["0.125"]), (["1250", "3"], ["1250", "3"]),
        (["๑๒๕๐.๕"], ["1250.5"]),
    ],
)  # fmt: skip
def test_a_column_tells_its_decimal_mark(column: list[str], numbers: list[str]) -> None:
    mark = mark_of(column)
    assert [number_of(each, mark) for each in column] == [Decimal(each) for each in numbers]


@pytest.mark.parametrize("column", [["1.250"], ["1,250", "7"], ["๑.๒๕๐"], ["12.5", "12,5", "1.250"]])
def test_a_column_that_does_not_tell_is_asked_about(column: list[str]) -> None:
    assert mark_of(column) is None
    with pytest.raises(Ambiguous):
        number_of(next(each for each in column if each.endswith(("250", "๒๕๐"))), mark_of(column))


@pytest.mark.parametrize("text", ["", "-5", "1e5", "1.2.3", "1,2,3.4", "12a", "nan", "1..5", ".", "1.2345.678"])
def test_what_is_no_number_is_not_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"^"):
        number_of(text, mark_of([text, "0.5"]))


@given(
    st.decimals(0, 10**9, places=3, allow_nan=False), st.sampled_from([(",", "."), (".", ","), ("", "."), ("", ",")])
)
def test_a_number_written_any_way_beside_one_that_tells_is_read_exactly(value: Decimal, style: tuple[str, str]) -> None:
    group, mark = style
    text = f"{value:,.3f}".translate({ord(","): group or None, ord("."): mark})
    assert number_of(text, mark_of([text, f"0{mark}5"])) == value


# Sheets


def test_a_good_sheet_is_what_came_in_on_its_day_at_its_place() -> None:
    (entry,) = read(sheet({"origin": "post", "country": "jp", "facility": "Plant", "kind": "Collected"})).entries
    assert (entry.row, entry.number, entry.made.grams) == (2, "A-1", 1_250_500)
    assert (entry.made.consumer, entry.made.country) == ("post", "JP")
    assert entry.event["eventTime"] == "2026-01-31T00:00:00.000+09:00"
    assert entry.event["bizStep"] == "collecting"
    assert token_of(entry.made.lot)


def test_the_same_number_is_the_same_lot_for_ever_and_another_firms_is_another() -> None:
    first, second = (named_token(b"k" * 32, firm, "A-1") for firm in ("one", "two"))
    assert first == named_token(b"k" * 32, "one", "A-1")
    assert len({first, second, named_token(b"o" * 32, "one", "A-1"), named_token(b"k" * 32, "oneA", "-1")}) == 4
    assert read(sheet({})).entries == read(sheet({})).entries


@pytest.mark.parametrize(
    ("changed", "column", "code"),
    [
        ({"kind": "shipping"}, "kind", "KIND_UNKNOWN"), ({"lot": ""}, "lot", "LOT_MISSING"),
        ({"lot": "x" * 81}, "lot", "LOT_MISSING"), ({"lot": "a\tb"}, "lot", "LOT_MISSING"),
        ({"material": "PET"}, "material", "UNKNOWN_WORD"), ({"form": "brick"}, "form", "UNKNOWN_WORD"),
        ({"quantity": "a ton"}, "quantity", "MASS_INVALID"), ({"quantity": "0"}, "quantity", "MASS_INVALID"),
        ({"quantity": "1.250"}, "quantity", "NUMBER_AMBIGUOUS"), ({"quantity": "0.0005"}, "quantity", "MASS_TOO_FINE"),
        ({"unit": "lb"}, "unit", "UNIT_INVALID"), ({"day": "31.01.2026"}, "day", "DAY_INVALID"),
        ({"day": "2026-02-30"}, "day", "DAY_INVALID"), ({"day": "2569-01-31"}, "day", "DAY_BUDDHIST"),
        ({"facility": "Elsewhere"}, "facility", "FACILITY_UNKNOWN"), ({"origin": "ocean"}, "origin", "ORIGIN_UNKNOWN"),
        ({"custody": "mass_balance"}, "custody", "CUSTODY_UNKNOWN"),
        ({"country": "Japan"}, "country", "COUNTRY_UNKNOWN"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named_with_its_row_and_what_to_do(changed: dict[str, str], column: str, code: str) -> None:
    errors = read(sheet({"lot": "B-1", "unit": "t", "quantity": "2"}, changed)).errors
    assert named(errors) == [(3, column, code)]
    assert errors[0].value == changed[column].strip()[:200]
    assert errors[0].fix


def test_a_lot_stands_in_a_sheet_once() -> None:
    assert named(read(sheet({}, {"lot": "A-2"}, {})).errors) == [(4, "lot", "LOT_TWICE")]


def test_everything_wrong_is_said_at_once_and_a_missing_column_first() -> None:
    wrong = read(sheet({"kind": "x", "unit": "lb"}, {"lot": "", "day": "soon"}))
    assert {(row, column) for row, column, _ in named(wrong.errors)} == {
        (2, "kind"),
        (2, "unit"),
        (3, "lot"),
        (3, "day"),
    }
    narrow = read(sheet({}, columns=tuple(each for each in COLUMNS if each not in {"unit", "day"})))
    assert named(narrow.errors) == [(1, "unit", "COLUMN_MISSING"), (1, "day", "COLUMN_MISSING")]
    assert named(read(sheet()).errors) == [(1, "", "NO_ROWS")]
    assert named(read(b"").errors) == [(1, name, "COLUMN_MISSING") for name in REQUIRED]
    many = read(sheet(*({"lot": str(at)} for at in range(4))), most=3)
    assert named(many.errors) == [(5, "", "TOO_MANY_ROWS")]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_csv_is_read_as_spreadsheets_write_it(separator: str, encoding: str) -> None:
    text = f"\r\n{separator.join(name.title() for name in COLUMNS)}\r\n\r\n".replace(separator, separator)
    text += separator.join(["opening", "ロット 1", PET, "bale", "3", "t", "2026/1/31", "", "", ""]) + "\r\n"
    (entry,) = read(text.encode(encoding)).entries
    assert (entry.row, entry.number, entry.made.grams, entry.day) == (4, "ロット 1", 3_000_000, date(2026, 1, 31))


def test_an_xlsx_is_read_by_its_kept_values_with_the_files_own_row_numbers() -> None:
    header = [name.upper() for name in COLUMNS]
    first = ["opening", "A-1", PET, "bale", 1.25, "t", date(2026, 1, 31)]
    second = ["opening", 7, PET, "bale", 0.1 + 0.2, "kg", "2026-01-31"]
    found = read(book([header, first, [], second], first=2))
    assert [(each.row, each.number, each.made.grams, each.day) for each in found.entries] == [
        (4, "A-1", 1_250_000, date(2026, 1, 31)), (6, "7", 300, date(2026, 1, 31)),
    ]  # fmt: skip
    never_computed = read(book([header, [*first[:4], "=1+1", *first[5:]]]))
    assert named(never_computed.errors) == [(2, "quantity", "MASS_INVALID")]
    typed = read(book([header, ["opening", "A-1", PET, "bale", 1.234, "t", date(2026, 1, 31)]]))
    assert typed.entries[0].made.grams == 1_234_000
    text = read(book([header, ["opening", "A-1", PET, "bale", "1.234", "t", date(2026, 1, 31)]]))
    assert named(text.errors) == [(2, "quantity", "NUMBER_AMBIGUOUS")]


def test_fifty_planted_errors_in_a_thousand_rows_are_all_found_in_one_pass() -> None:
    planted, rows = set(), [list(COLUMNS)]
    for at in range(2, 1_002):
        row: list[Any] = ["opening", f"L-{at}", PET, "bale", at + 0.5, "kg", "2026-01-31", "", "", ""]
        if at % 20 == 0:
            column = REQUIRED[at // 20 % len(REQUIRED)]
            row[COLUMNS.index(column)] = "?\t?" if column == "lot" else "?"
            planted.add((at, column))
        rows.append(row)
    began = monotonic()
    found = read(book(rows), most=2_000)
    assert {(each.row, each.column) for each in found.errors} == planted
    assert len(planted) == len(found.errors) == 50
    assert monotonic() - began < 10


def _zip(parts: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return made.getvalue()


def _swelling() -> bytes:
    """A sheet that says it is small, and goes on and on: the length in both headers is a lie."""
    cell = b'<c t="inlineStr"><is><t>' + b"x" * 40 + b"</t></is></c>"
    raw = bytearray(book([["a"]]))
    parts = {
        each.filename: zipfile.ZipFile(io.BytesIO(bytes(raw))).read(each)
        for each in zipfile.ZipFile(io.BytesIO(bytes(raw))).infolist()
    }
    parts["xl/worksheets/sheet1.xml"] = (
        b"<worksheet><sheetData><row>" + cell * 3_000_000 + b"</row></sheetData></worksheet>"
    )
    lied = bytearray(_zip(parts))
    size = len(parts["xl/worksheets/sheet1.xml"]).to_bytes(4, "little")
    while (at := lied.find(size)) >= 0:
        lied[at : at + 4] = (1_000).to_bytes(4, "little")
    return bytes(lied)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("名前,数量".encode("shift_jis"), "encoding"), (b"\x89PNG\r\n\x00\x00".ljust(40, b"\x00"), "encoding"),
        (b"a\x00b,c\n", "kind"), (b'kind,lot\n"opening,1\n', "quotes"), (b"PK\x03\x04 no zip", "xlsx"),
        (_zip({"a.txt": b"x"}), "xlsx"), (_zip({"xl/workbook.xml": b" " * 60_000_000}), "bomb"),
        (_zip({f"{at}.xml": b"" for at in range(1_001)}), "bomb"),
        (_zip({"xl/externalLinks/externalLink1.xml": b"<x/>"}), "links"), (_swelling(), "xlsx"),
    ],
    ids=["shift_jis", "png", "nul", "quote", "cut", "no-book", "bomb", "parts", "links", "lying"],
)  # fmt: skip
def test_a_hostile_or_broken_file_is_refused_quickly_and_told_why(raw: bytes, reason: str) -> None:
    began = monotonic()
    with pytest.raises(FileUnreadable) as refused:
        table_of(raw)
    assert refused.value.reason == reason
    assert monotonic() - began < 5


# Files out


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\x00\r\n"), max_size=8), min_size=2, max_size=2
        ),
        max_size=5,
    )
)
def test_what_begins_like_a_formula_stays_text_in_every_file(rows: list[list[str]]) -> None:
    for line in csv.reader(io.StringIO(csv_of(("a", "b"), rows).decode("utf-8-sig"))):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in line)


def test_an_xlsx_holds_no_formula() -> None:
    made = xlsx_of("s", ("a",), [['=HYPERLINK("http://evil.example")'], ["https://x.example"], [Decimal("0.001")]])
    inside = zipfile.ZipFile(io.BytesIO(made)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in inside
    assert b"hyperlink" not in inside.lower()
    assert fastexcel.read_excel(made).load_sheet(0).to_polars()["a"].to_list()[0].startswith("=HYPERLINK")


# Rehearsing


@pytest.fixture
async def firm(world: World) -> Firm:
    return await world.firm("recycler")


async def test_a_rehearsal_answers_what_capturing_then_does_and_writes_nothing(
    world: World, firm: Firm, owner: asyncpg.Connection
) -> None:
    at, lots = world.at(firm), [lot_uri(BASE, new_token()) for _ in range(4)]
    held, other = await world.stock(firm, 5_000), await world.stock(await world.firm("sorter"), 5_000)
    made = [composing.Making(lot, 1_000 + n, PET, "bale", "post", "JP") for n, lot in enumerate(lots)]
    exporting = composing.NAMESPACE + "BizStep-exporting"
    events = [
        composing.opening(at, made[0]),
        composing.opening(at, made[0]),
        composing.opening(at, composing.Making(other, 5, PET, "bale")),
        composing.opening(at, composing.Making(lots[1], 10, "unobtainium", "bale")),
        composing.departed(at, exporting, {held: 4_000}),
        composing.departed(at, exporting, {held: 4_001}),
        composing.arrived(at, made[2]),
    ]
    raw, before = composing.document(events, world.clock()), await _counts(owner)

    def told(each: object) -> tuple[object, ...]:
        if isinstance(each, Accepted):
            return "duplicate" if each.duplicate else each.outcome, each.reasons, each.flags
        return type(each).__name__, str(each)

    first = [told(each) for each in (await rehearse(world.door, firm.actor, raw)).events]
    assert [told(each) for each in (await rehearse(world.door, firm.actor, raw)).events] == first
    assert await _counts(owner) == before
    captured = await capture(world.door, firm.actor, raw, on_error="proceed")
    assert [told(each) for each in captured.events] == first
    assert {each[0] for each in first} >= {"counted", "duplicate", "LotTaken", "UnknownWord", "BalanceExceeded"}


async def _counts(owner: asyncpg.Connection) -> tuple[int, ...]:
    counted = [
        await owner.fetchval(f"SELECT count(*) FROM {table}") for table in ("event", "entry", "balance", "lot", "tile")
    ]
    return (*counted, await owner.fetchval("SELECT size FROM log_head"))


# By page


@pytest.fixture
async def browser(app: Litestar, firm: Firm) -> AsyncIterator[Browser]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=BASE, event_hooks={"request": [with_key]}
    ) as client:
        made = Browser(client)
        await made.sign_in(firm)
        yield made


async def send(browser: Browser, raw: bytes, history: str = "yes", name: str = "lots.csv") -> httpx.Response:
    return await browser.client.post(
        "/record/import", data={"_csrf_token": browser.token, "history": history},
        files={"file": (name, raw, "application/octet-stream")},
    )  # fmt: skip


async def test_a_sheet_is_seen_before_it_is_recorded_and_recorded_once(
    browser: Browser, world: World, firm: Firm, owner: asyncpg.Connection
) -> None:
    raw = sheet(
        {"lot": "H-1", "day": "2024-05-01"},
        {"lot": "H-2", "day": "2024-05-02", "kind": "collected", "quantity": "3", "unit": "t"},
    )
    before = await _counts(owner)
    sent = await send(browser, raw)
    assert sent.status_code == 303
    where = sent.headers["location"]
    page = await browser.open(where)
    assert "Record 2 rows" in said(page)
    assert "4,250.5 kg" in said(page)
    assert "H-2" in said(page)
    assert await _counts(owner) == before
    path = where.partition("?")[0]
    done = [await browser.send(path, {"history": "yes"}) for _ in range(2)]
    assert [each.status_code for each in done] == [303, 303]
    page = await browser.open(done[0].headers["location"])
    assert "The sheet is in the record." in said(page)
    assert "Record 2 rows" not in said(page)
    assert page.count("/stock/lot?uri=") == 2
    size = await owner.fetchval("SELECT size FROM log_head")
    assert size == before[-1] + 2
    rows = await owner.fetch("SELECT backfill, outcome, flags FROM event WHERE index >= $1", before[-1])
    assert {(row["backfill"], row["outcome"], *row["flags"]) for row in rows} == {(True, "counted", "BACKFILL")}
    again = await send(browser, raw)  # the same sheet on another day
    page = await browser.open(again.headers["location"])
    assert 'action="/record/import' not in page
    assert page.count("/stock/lot?uri=") == 2
    assert await owner.fetchval("SELECT size FROM log_head") == size


async def test_errors_are_shown_row_by_row_and_as_a_file_and_nothing_is_recorded(
    browser: Browser, owner: asyncpg.Connection
) -> None:
    before = await _counts(owner)
    sent = await send(browser, sheet({"lot": "E-1", "material": "plastics.pett"}, {"lot": "=1+1", "day": "soon"}))
    page = await browser.open(sent.headers["location"])
    assert "Nothing can be recorded yet. Cells to correct: 2." in said(page)
    assert "Close to it: plastics.pet, " in said(page)
    assert "Write the day as YYYY-MM-DD" in said(page)
    assert ">Record " not in page
    path = sent.headers["location"].partition("?")[0]
    answer = await browser.client.get(f"{path}/errors.csv?history=yes&lang=ja")
    assert answer.headers["content-disposition"] == 'attachment; filename="errors.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][0] == "行"
    assert [(row[0], row[1], row[3]) for row in rows[1:]] == [
        ("2", "material", "UNKNOWN_WORD"),
        ("3", "day", "DAY_INVALID"),
    ]
    confirmed = await browser.send(path, {"history": "yes"})
    assert confirmed.status_code == 409
    assert await _counts(owner) == before


async def test_what_changed_meanwhile_is_told_and_nothing_of_the_sheet_is_recorded(
    browser: Browser, world: World, firm: Firm, owner: asyncpg.Connection
) -> None:
    lot = lot_uri(BASE, new_token())
    sent = await send(browser, sheet({"lot": "M-1"}, {"lot": lot, "quantity": "7", "unit": "t"}))
    assert "Record 2 rows" in said(await browser.open(sent.headers["location"]))
    made = composing.Making(lot, 1_000, PET, "flake", "post", "JP")
    assert (await world.capture(firm, composing.opening(world.at(firm), made))).success
    before = await _counts(owner)
    answer = await browser.send(sent.headers["location"].partition("?")[0], {"history": "yes"})
    assert answer.status_code == 409
    assert "This identity belongs to another lot." in said(answer.text)
    assert lot in said(answer.text)
    assert await _counts(owner) == before


async def test_late_loads_are_told_to_be_held_unless_they_are_history(browser: Browser) -> None:
    raw = sheet({"lot": "L-1", "day": "2024-05-01"})
    late = said(await browser.open((await send(browser, raw, "no")).headers["location"]))
    assert "Rows that would be held because they are late: 1." in late
    assert "held because" not in said(await browser.open((await send(browser, raw, "yes")).headers["location"]))


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "The file is empty"),
        (b"MZ\x00\x00", "CSV, XLSX, EPCIS"),
        (b"x" * 10_000_001, "smaller than 10 MB"),
        ("名前".encode("shift_jis"), "not in UTF-8"),
        (b"PK\x03\x04 no", "The XLSX cannot be read"),
    ],
)
async def test_a_file_that_cannot_be_taken_is_told_why_and_the_choice_is_kept(
    browser: Browser, raw: bytes, sentence: str
) -> None:
    answer = await send(browser, raw)
    assert answer.status_code == 400
    assert sentence in said(answer.text)
    assert 'value="yes" checked' in answer.text
    assert 'id="f-file-error"' in answer.text


async def test_no_file_and_no_choice_are_both_said(browser: Browser) -> None:
    answer = await browser.send("/record/import", {})
    assert answer.status_code == 400
    assert "Choose a file" in said(answer.text)
    assert "Choose: What is it?" in said(answer.text)


async def test_a_file_is_its_organisations_alone_for_a_day(
    app: Litestar, browser: Browser, world: World, firm: Firm
) -> None:
    sent = await send(browser, sheet({"lot": "P-1"}))
    path = sent.headers["location"].partition("?")[0]
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=BASE, event_hooks={"request": [with_key]}
    ) as client:
        stranger = Browser(client)
        await stranger.sign_in(await world.firm("recycler"))
        assert (await client.get(path)).status_code == 404
        assert (await stranger.send(path, {"history": "yes"})).status_code == 404
    for wrong in ("x", "00" * 32, "a" * 500):
        assert (await browser.client.get(f"/record/import/{wrong}")).status_code == 404
    process, moment = world.process, world.clock()
    async with process.database.begin(firm.actor.organisation_id) as session:
        digests = [
            await keep(session, firm.actor.organisation_id, bytes([n + 1]), "n", moment) for n in range(MOST + 2)
        ]
        assert len(set(digests)) == MOST + 2
        late = moment + KEPT + timedelta(microseconds=1)  # the day is over, also for a file sent this very moment
        with pytest.raises(Exception, match="not here any more"):
            await kept(session, firm.actor.organisation_id, path.rpartition("/")[2], late)
    async with process.database.begin(firm.actor.organisation_id) as session:
        held = (await session.connection()).exec_driver_sql
        assert (await held("SELECT count(*) FROM upload")).scalar_one() == MOST


async def test_an_epcis_document_is_imported_by_page_too(browser: Browser, world: World, firm: Firm) -> None:
    made = composing.Making(lot_uri(BASE, new_token()), 1_000, PET, "bale", "post", "JP")
    raw = composing.document([composing.opening(world.at(firm), made)], world.clock())
    sent = await send(browser, raw, "no", "events.json")
    page = await browser.open(sent.headers["location"])
    assert "Record 1 rows" in said(page)
    assert (await browser.send(sent.headers["location"].partition("?")[0], {"history": "no"})).status_code == 303
    wrong = json.dumps({**json.loads(raw), "type": "Letter"}).encode()
    page = await browser.open((await send(browser, wrong, "no", "events.json")).headers["location"])
    assert "Nothing can be recorded yet" in said(page)


# Templates, API, command line


@pytest.mark.parametrize("lang", ["en", "th"])
async def test_the_template_filled_in_is_a_sheet_without_errors(browser: Browser, firm: Firm, lang: str) -> None:
    plain = await browser.client.get("/record/import-template/csv")
    assert plain.content.decode("utf-8-sig").strip().split(",") == list(COLUMNS)
    answer = await browser.client.get("/record/import-template/xlsx", params={"lang": lang})
    book_ = fastexcel.read_excel(answer.content)
    assert book_.sheet_names == ["import", "codes", "guide"]
    table = table_of(answer.content)
    assert table.columns == COLUMNS
    assert table.rows == ()
    codes = book_.load_sheet("codes").to_polars()
    assert PET in codes["material"].to_list()
    assert f"Site of {firm.actor.organisation_name}" in codes["facility"].to_list()
    assert (await browser.client.get("/record/import-template/pdf")).status_code == 404


async def test_the_stock_goes_out_as_a_file_exact_to_the_gram(browser: Browser, world: World, firm: Firm) -> None:
    lot = await world.stock(firm, 1_234_567)
    answer = await browser.client.get("/stock/export/csv")
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row["lot"], row["free_kg"], row["form"]) == (lot, "1234.567", "bale")
    out = await browser.client.get("/stock/export/xlsx")
    assert out.headers["content-disposition"] == 'attachment; filename="stock.xlsx"'
    assert fastexcel.read_excel(out.content).load_sheet(0).to_polars()["free_kg"].to_list() == [1234.567]
    assert (await browser.client.get("/stock/export/pdf")).status_code == 404


async def test_the_api_rehearses_and_imports_whole_or_not_at_all(
    client: httpx.AsyncClient, firm: Firm, owner: asyncpg.Connection
) -> None:
    before = await _counts(owner)
    raw = sheet({"lot": "J-1"}, {"lot": "J-2"})
    trial = await client.post("/api/v1/imports?dry_run=true&history=true", content=raw, headers=firm.bearer)
    assert (trial.status_code, trial.json()["written"]) == (200, False)
    assert [line["outcome"] for line in trial.json()["lines"]] == ["counted", "counted"]
    assert await _counts(owner) == before
    bad = await client.post("/api/v1/imports", content=sheet({"lot": "J-1"}, {"unit": "lb"}), headers=firm.bearer)
    assert (bad.status_code, bad.json()["code"]) == (400, "FILE_REFUSED")
    assert bad.json()["errors"][0]["pointer"] == "row 3, unit"
    assert await _counts(owner) == before
    done = await client.post("/api/v1/imports?history=true", content=raw, headers=firm.bearer)
    assert done.json()["lines"] == trial.json()["lines"]
    again = await client.post("/api/v1/imports?history=true", content=raw, headers=firm.bearer)
    assert [line["outcome"] for line in again.json()["lines"]] == ["duplicate", "duplicate"]
    unreadable = await client.post("/api/v1/imports", content="名".encode("shift_jis"), headers=firm.bearer)
    assert (unreadable.status_code, unreadable.json()["code"]) == (422, "FILE_UNREADABLE")


async def test_the_command_line_reads_the_same_sheet_to_the_same_lots(
    client: httpx.AsyncClient, urls: Urls, firm: Firm, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    raw = book([list(COLUMNS), *([*({**GOOD, "lot": f"C-{at}"}.values()), "", "", ""] for at in range(3))])
    file = tmp_path / "lots.xlsx"
    file.write_bytes(raw)
    home = str(tmp_path)
    env = {
        "JUNKAN_DATABASE_URL": urls.owner,
        "JUNKAN_SECRET_KEY": "x" * 40,
        "JUNKAN_DATA_DIR": home,
        "HOME": home,
        "JUNKAN_PUBLIC_URL": BASE,
    }

    async def run(*args: str) -> tuple[int, Any]:
        command = ["import", str(file), "--key", firm.key, "--backfill", "--json", *args]
        result = await asyncio.to_thread(CliRunner().invoke, main, command, env=env)
        return result.exit_code, json.loads(result.stdout.strip().splitlines()[-1])

    before = await _counts(owner)
    code, told = await run("--dry-run")
    assert (code, told["rows"], told["written"], told["errors"]) == (0, 3, 0, [])
    assert await _counts(owner) == before
    assert (await run())[1]["written"] == 3
    assert (await run())[1]["duplicates"] == 3
    page = await client.post("/api/v1/imports?dry_run=true&history=true", content=raw, headers=firm.bearer)
    assert {line["outcome"] for line in page.json()["lines"]} == {"duplicate"}
    file.write_bytes("名前".encode("shift_jis"))
    code, told = await run()
    assert (code, told["errors"][0]["code"]) == (1, "FILE_UNREADABLE")
    file.write_bytes(b'{"type": "Letter"}')
    assert (await run())[0] == 1


def test_no_bound_is_wider_than_what_is_promised() -> None:
    assert (spreadsheets.MOST_UNPACKED, spreadsheets.MOST_PARTS, spreadsheets.MOST_RATIO) == (100_000_000, 1_000, 100)


def test_a_row_states_a_custody_model_or_none() -> None:
    found = read(sheet({"custody": "Segregated"}, {"lot": "A-2"}))
    assert [each.made.custody for each in found.entries] == ["segregated", None]
