"""A lot's own page: its balance, the way it came, its evidence, what the standards say, and what can be done now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.passports import standard_name, tell
from app.pages.recording.history import correctable, state_of, title_of, today_of
from app.pages.rendering import AnyRequest, show
from app.pages.rulebook.naming import want_named
from app.pages.stock.held import held_of, lot_page
from app.pages.stock.supplying import told_standing, ways
from app.words import Speech
from foundation.access import SIGNED_IN, Actor
from foundation.database import Clock
from foundation.errors import NotFound
from standards.catalogue import Catalogue
from standards.conformity import Finding, Judgement
from traceability.history.reading import Happened, of_lot
from traceability.holdings import Holding, holding
from traceability.judging import applicable, judged
from traceability.passport import find, passport
from traceability.statements import statements
from traceability.tables import LotRow
from traceability.tree.checkpoint import Verifier
from traceability.visibility import Reader


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot as its maker or holder may open it; `held` None where the maker holds nothing of it any more."""

    row: LotRow
    held: Holding | None


async def own_lot(session: AsyncSession, record: AsyncSession, actor: Actor, uri: str) -> Lot:
    """A lot that the actor's organisation made or holds. Raises NotFound for any other, known or not."""
    try:
        held = await holding(session, actor.organisation_id, uri)
    except NotFound:
        held = None
    row = await find(record, uri=uri)
    if held is None and row.organisation_id != actor.organisation_id:
        raise NotFound("You have no such lot.", field="lot", value=uri, fix="Check the lot's identity.")
    return Lot(row, held)


@dataclass(frozen=True, slots=True)
class Said:
    """A standard's verdict in words, with the way to its findings."""

    code: str
    standard: str
    verdict: str
    grade: str
    missing: tuple[str, ...]
    certainty: str
    until: str
    href: str


def said_of(t: Speech, lot: str, each: Judgement, catalogue: Catalogue) -> Said:
    """One verdict; missing things are named once."""
    wants = dict.fromkeys(want_named(t, want, catalogue) for missing in each.missing for want in missing.wants)
    return Said(
        each.standard, standard_name(t, each.standard, catalogue), str(each.verdict), each.grade or "", tuple(wants),
        str(each.certainty) if each.certainty else "", t.day(each.expires_on) if each.expires_on else "",
        f"{lot_page(lot).replace('/lot?', '/judge?')}&standard={each.standard}",
    )  # fmt: skip


FIRST: Final = ("conforming", "nonconforming", "incomplete")


def all_said(t: Speech, lot: str, found: Sequence[Judgement], catalogue: Catalogue) -> list[Said]:
    """Every verdict: what is decided first, then what lacks least."""
    told = [said_of(t, lot, each, catalogue) for each in found]
    place = {verdict: at for at, verdict in enumerate(FIRST)}
    return sorted(told, key=lambda each: (place.get(each.verdict, len(FIRST)), len(each.missing)))


def finding_row(t: Speech, each: Finding, catalogue: Catalogue) -> dict[str, Any]:
    """One clause: what it asks, what was seen, whether it decides, how sure the catalogue is of it."""
    named = want_named(t, f"{each.outcome.rule}:{each.outcome.subject}", catalogue) if each.outcome.subject else ""
    return {
        "clause": each.text or named or each.clause, "result": each.result.value, "asked": each.outcome.asked or "",
        "observed": each.outcome.observed or "", "level": t.name("evidence", f"e{each.asks_evidence.value}"),
        "certainty": str(each.certainty), "required": each.required, "decides": each.decides,
        "reason": t.name("why", each.reason) if each.reason else "",
    }  # fmt: skip


def _history(t: Speech, found: Sequence[tuple[Happened, str, int]]) -> list[dict[str, Any]]:
    """The lot's entries at this organisation, with its stock after each."""
    balance, rows = 0, []
    for happened, account, grams in found:
        balance += grams if account == "stock" else 0
        sign = "+" if grams > 0 else "\N{MINUS SIGN}"
        rows.append(
            {"index": happened.index, "day": t.day(happened.event_day), "title": title_of(t, happened),
             "account": t.name("account", account), "mass": f"{sign}\N{NO-BREAK SPACE}{t.mass(abs(grams))}",
             "balance": t.mass(balance), "state": state_of(happened), "correctable": correctable(happened),
             "stated_index": happened.stated_index}
        )  # fmt: skip
    return rows


@get("/stock/lot", opt={"access": SIGNED_IN}, include_in_schema=False)
async def lot_view(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    catalogue: Given[Catalogue], clock: Given[Clock], verifiers: Given[Sequence[Verifier]], uri: FromQuery[str],
) -> Response[str]:  # fmt: skip
    """Everything that its maker or holder may know of a lot."""
    t, today = speech_of(request), await today_of(transaction, actor, clock())
    lot = await own_lot(transaction, record, actor, uri)
    seen = await passport(record, lot.row, actor, verifiers, catalogue, clock().date())
    if seen.reader not in {Reader.PARTY, Reader.REGULATOR}:
        raise NotFound("You have no such lot.", field="lot", value=uri)
    verdicts = await judged(record, catalogue, lot.row, None, today)
    history = await of_lot(transaction, actor.organisation_id, lot.row.id)
    standing = told_standing(t, await statements(record, lot.row.id), actor)
    return show(
        request, "recycler/lot.html", lot=lot, held=held_of(t, lot.held) if lot.held else None,
        told=tell(t, seen, catalogue), seen=seen, history=_history(t, history), today=t.day(today),
        verdicts=all_said(t, uri, verdicts, catalogue), standing=standing,
    )  # fmt: skip


@get("/stock/judge", opt={"access": SIGNED_IN}, include_in_schema=False)
async def judge_view(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    catalogue: Given[Catalogue], clock: Given[Clock], uri: FromQuery[str], standard: FromQuery[str] = "",
) -> Response[str]:  # fmt: skip
    """A lot against one standard, clause by clause: what passed, what failed, what is missing."""
    t, today = speech_of(request), await today_of(transaction, actor, clock())
    lot = await own_lot(transaction, record, actor, uri)
    known = applicable(catalogue, lot.row.material, lot.row.form)
    choices = [(code, standard_name(t, code, catalogue)) for code in known]
    chosen = standard if standard in known else next(iter(known), "")
    found = await judged(record, catalogue, lot.row, [chosen], today)
    judgement = found[0] if found else None
    return show(
        request, "recycler/judge.html", lot=lot.row, chosen=chosen, choices=choices, today=t.day(today),
        name=t.name("material", lot.row.material), said=said_of(t, uri, judgement, catalogue) if judgement else None,
        findings=[finding_row(t, each, catalogue) for each in judgement.findings] if judgement else [],
        missing=_missing(t, uri, judgement, catalogue) if judgement else [],
        edition=judgement.edition if judgement else "",
        back=lot_page(uri),
    )  # fmt: skip


def _missing(t: Speech, lot: str, judgement: Judgement, catalogue: Catalogue) -> list[dict[str, Any]]:
    """What to supply and where, any one of several where there is a choice, and from which level of evidence on."""
    return [
        {"ways": ways(t, lot, each, catalogue),
         "level": t.name("evidence", f"e{each.evidence.value}"), "reason": t.name("why", each.reason)}
        for each in judgement.missing
    ]  # fmt: skip


ROUTES: Final = [lot_view, judge_view]
