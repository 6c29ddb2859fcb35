"""Cases: what people who scanned a label reported of it, and the answer of its issuer or of an authority."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast
from urllib.parse import quote

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.forms.checking import Act, checked, filled
from app.pages.forms.filling import Filled
from app.pages.passports import name_of
from app.pages.rendering import AnyRequest, show
from app.words import Speech
from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from traceability.cases.findings import LONGEST_STATEMENT, OUTCOMES, Found, Outcome, state_finding
from traceability.cases.reports import Case, cases, lot_to_answer
from traceability.sequencing.sequencer import Sequencer

HERE: Final = "/label-reports"
ANSWER: Final = "/label-reports/answer"


@dataclass(frozen=True, slots=True)
class Told:
    """A case in words; `reports` are those that wait: what is wrong, when, and what was written."""

    case: Case
    name: str
    code: str
    waiting: str
    answered: str
    finding: str
    found: str
    href: str
    reports: tuple[tuple[str, str, str], ...]


def _told(t: Speech, case: Case) -> Told:
    stands = case.finding
    who = t("case.by_authority" if stands and stands.authority else "case.by_issuer")
    return Told(
        case=case, name=name_of(t, case.lot.material, case.lot.form), code=case.lot.uri[-6:],
        waiting=t.number(len(case.waiting)), answered=t.number(case.answered),
        finding=t(f"case.{stands.finding}") if stands else "",
        found=t("case.found", who=who, day=t.day(stands.found_at.date())) if stands else "",
        href=f"{ANSWER}?lot={quote(case.lot.uri, safe='')}",
        reports=tuple(
            (t.name("scan.reason", each.reason), t.day(each.reported_at.date()), each.message) for each in case.waiting
        ),
    )  # fmt: skip


@get(HERE, opt={"access": SIGNED_IN}, include_in_schema=False)
async def cases_page(request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor]) -> Response[str]:
    """Every label of theirs that was reported; those that wait for an answer first."""
    t = speech_of(request)
    done = "done" in request.query_params
    return show(
        request, "recycler/cases.html", told=[_told(t, each) for each in await cases(record, actor)],
        flashes=[{"tone": "good", "text": t("case.done")}] if done else [],
    )  # fmt: skip


async def _case(record: AsyncSession, actor: Actor, uri: str) -> Case:
    """Raises NotFound for a label that is not theirs to answer."""
    lot = await lot_to_answer(record, actor, uri)
    found = await cases(record, actor, lot)
    return found[0] if found else Case(lot, lot.organisation_id == actor.organisation_id, (), 0, None)


def _form(form: Filled, case: Case, status: int = 200) -> Response[str]:
    t = form.t
    kept = {"finding": "", "statement": "", **form.values}
    return show(
        form.request, "recycler/case.html", status=status, told=_told(t, case), form=kept, errors=form.errors,
        findings=[(each, t(f"case.{each}_means")) for each in OUTCOMES],
        seen=max((each.id for each in case.waiting), default=0),
    )  # fmt: skip


def _found(form: Filled, case: Case) -> tuple[Act, Found]:
    t, seen = form.t, form.get("seen")
    finding = form.choice("finding", t("case.finding"), OUTCOMES)
    statement = form.text("statement", t("case.statement"), longest=LONGEST_STATEMENT)
    upto = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else 0
    answered = sum(1 for each in case.waiting if each.id <= upto)
    facts = [
        (t("common.lot"), name_of(t, case.lot.material, case.lot.form)), (t("case.waiting"), t.number(answered)),
        (t("case.finding"), t(f"case.{finding}") if finding else ""), (t("case.statement"), statement),
    ]  # fmt: skip
    note = t(f"case.{finding}_follows") if finding else ""
    act = Act((t("nav.label_reports"), HERE), t("case.answer"), facts, t("case.act"), note=note)
    return act, Found(case.lot.uri, cast(Outcome, finding), statement, upto)


@get(ANSWER, opt={"access": May("capture")}, include_in_schema=False)
async def answer_page(
    request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor], lot: FromQuery[str]
) -> Response[str]:
    """What was reported of one label, and the form for the answer."""
    return _form(Filled(request, speech_of(request), {"lot": lot}), await _case(record, actor, lot))


@post(ANSWER, opt={"access": May("capture")}, include_in_schema=False)
async def answer_form(
    request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor], sequencer: Given[Sequencer],
    clock: Given[Clock],
) -> Response[Any]:  # fmt: skip
    """Check it, then record it: it is a fact of the log, and what a scan shows follows it."""
    form = await filled(request)
    case = await _case(record, actor, form.get("lot"))
    act, found = _found(form, case)

    async def do() -> str:
        await state_finding(record, sequencer, actor, found, form.stamp(clock()))
        return f"{HERE}?done=1"

    return await checked(form, act, clock(), partial(_form, form, case), ANSWER, do)


ROUTES: Final = [cases_page, answer_page, answer_form]
