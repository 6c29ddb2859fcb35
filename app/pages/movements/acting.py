"""Acting: one movement with its history, and the forms to propose, answer, ask and decide."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.formats import mass_input
from app.pages.asking import speech_of
from app.pages.forms.checking import Act, checked, filled
from app.pages.forms.filling import Filled
from app.pages.movements.telling import (
    HERE,
    TONES,
    Reader,
    asked,
    goods,
    offered,
    state_of,
    statements,
    title_of,
)
from app.pages.recording.history import zone_of
from app.pages.rendering import AnyRequest, show
from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from foundation.errors import NotFound
from traceability.movements.answering import ANSWERS, answer
from traceability.movements.proposing import CONTROL, LONGEST, Figure, propose
from traceability.movements.reading import REGULATOR, movement
from traceability.movements.reopening import Decision, ask, decide
from traceability.movements.telling import Goods, Movement
from traceability.sequencing.sequencer import Sequencer

DECISIONS: Final[dict[str, Decision]] = {"grant": "grant", "refuse": "decline"}
Do = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Desk:
    """A movement on the table: who acts on it, when, and through what."""

    record: AsyncSession
    sequencer: Sequencer
    actor: Actor
    reader: Reader
    told: Movement

    @property
    def side(self) -> bool:
        """Whether the reader is one of its two sides."""
        return self.actor.organisation_id in (self.told.sender.id, self.told.receiver.id)

    @property
    def asks(self) -> bool:
        """Whether the reader's own request waits for the authority."""
        mine = self.actor.organisation_id
        return any(row.organisation_id == mine and row.decision is None for row in self.told.requests)

    def days(self, name: str) -> str:
        """One of the periods of control C36, as of today."""
        return self.reader.t.number(self.sequencer.controls.limits.at(CONTROL, name, self.reader.moment.date()))


async def _desk(
    request: AnyRequest, session: AsyncSession, record: AsyncSession, actor: Actor, sequencer: Sequencer,
    clock: Clock, index: int,
) -> Desk:  # fmt: skip
    moment = clock()
    told = await movement(record, actor, index, sequencer.controls.limits, moment)
    reader = Reader(speech_of(request), await zone_of(session, actor), moment, actor.organisation_id)
    return Desk(record, sequencer, actor, reader, told)


def changeable(each: Goods) -> bool:
    """All of it is on its way, or all of it was received."""
    return not each.returned and not (each.came and each.underway)


def _shown(form: Filled, desk: Desk, status: int = 200) -> Response[str]:
    t, told, reader = form.t, desk.told, desk.reader
    state, capture = state_of(told, reader.moment), "capture" in desk.actor.roles
    proposal, reopened = told.open_proposal(reader.moment), told.reopened(reader.moment)
    mine = proposal is not None and proposal.row.proposer_id == desk.actor.organisation_id
    final, side = told.final(reader.moment), desk.side and capture
    authority = REGULATOR in desk.actor.organisation_roles and not desk.side and capture
    waits = [asked(reader, told, row) for row in told.requests]
    lots = [(each, goods(t, each)) for each in told.goods if changeable(each)]
    return show(
        form.request, "recycler/movement.html", status=status, told=told, title=title_of(reader, told),
        state=t(f"movement.state_{state}"), tone=TONES[state], handler=desk.side, form=_kept(form, desk),
        goods=[goods(t, each) for each in told.goods], statements=statements(reader, told),
        proposals=[offered(reader, told, each) for each in told.proposals], requests=waits,
        proposal=offered(reader, told, proposal) if proposal is not None else None,
        final=reader.day(told.final_from) if told.final_from and final else "",
        final_from=reader.day(told.final_from) if told.final_from and not final else "",
        reopened=reader.day(reopened.open_until) if reopened and reopened.open_until else "",
        lots=lots if side and proposal is None and not final else [], days=desk.days("answer_within"),
        other=told.other(desk.actor.organisation_id).name, errors=form.errors, may_withdraw=side and mine,
        may_answer=side and proposal is not None and not mine,
        may_ask=side and final and not desk.asks,
        to_decide=[each for each in waits if authority and each.code == desk.actor.country],
        flashes=[{"tone": "good", "text": t("movement.done")}] if form.request.query_params.get("done") else [],
    )  # fmt: skip


def _kept(form: Filled, desk: Desk) -> dict[str, str]:
    """The fields as they were typed, else the figures as they stand."""
    now = {"what": "", "reason": "", "statement": "", "request": "", "decision": ""}
    for each in desk.told.goods:
        masses = [("sent", each.sent), *([("received", each.received)] if each.came else [])]
        for name, grams in masses:
            now[f"{name}_{each.lot_id}"] = mass_input(grams, "kg", form.t.lang)
            now[f"{name}_{each.lot_id}_unit"] = "kg"
    return {**now, **form.values}


@get(f"{HERE}/{{index:int}}", opt={"access": SIGNED_IN}, include_in_schema=False)
async def movement_page(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    sequencer: Given[Sequencer], clock: Given[Clock], index: FromPath[int],
) -> Response[str]:  # fmt: skip
    """One movement: both sides' figures, what was stated and proposed, and what this reader can do."""
    desk = await _desk(request, transaction, record, actor, sequencer, clock, index)
    return _shown(Filled(request, desk.reader.t, {}), desk)


@post(f"{HERE}/{{index:int}}", opt={"access": May("capture")}, include_in_schema=False)
async def movement_form(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    sequencer: Given[Sequencer], clock: Given[Clock], index: FromPath[int],
) -> Response[Any]:  # fmt: skip
    """Propose, answer or withdraw, ask the authority, or decide: `what` says which."""
    form = await filled(request)
    desk = await _desk(request, transaction, record, actor, sequencer, clock, index)
    match form.get("what"):
        case "propose":
            act, do = _proposing(form, desk)
        case "accept" | "decline" | "withdraw" as said:
            act, do = _answering(form, desk, said)
        case "ask":
            act, do = _asking(form, desk)
        case "decide":
            act, do = _deciding(form, desk)
        case other:
            raise NotFound("There is no such act.", field="what", value=other)
    here = f"{HERE}/{index}"

    async def done() -> str:
        await do()
        return f"{here}?done=1"

    return await checked(form, act, desk.reader.moment, partial(_shown, form, desk), here, done)


def _act(form: Filled, desk: Desk, title: str, facts: Sequence[tuple[str, str]], note: str) -> Act:
    return Act((title_of(desk.reader, desk.told), f"{HERE}/{desk.told.index}"), title, facts, title, note=note)


def _proposing(form: Filled, desk: Desk) -> tuple[Act, Do]:
    t, figures, facts = form.t, list[Figure](), list[tuple[str, str]]()
    for each in desk.told.goods:
        was = {"sent": each.sent, "received": each.received if each.came else 0}
        now = dict(was)
        for name, grams in was.items():
            field = f"{name}_{each.lot_id}"
            if grams and field in form.values and (typed := form.grams(field, t(f"common.{name}"))) != grams:
                now[name] = typed
                label = f"{goods(t, each).name}: {t(f'common.{name}')}"
                facts.append((label, t("movement.was_is", was=t.mass(grams), now=t.mass(typed))))
        if now != was:
            figures.append(Figure(each.lot, now["sent"], now["received"] or None))
    if not figures and not form.errors:
        form.say("", t("movement.nothing_changes"))
    reason = form.text("reason", t("movement.why"), longest=LONGEST)
    note = t("movement.propose_follows", name=desk.told.other(desk.actor.organisation_id).name,
             days=desk.days("answer_within"))  # fmt: skip
    act = _act(form, desk, t("movement.propose"), [*facts, (t("movement.why"), reason)], note)
    moment, stamp = desk.reader.moment, form.stamp(desk.reader.moment)
    index = desk.told.index
    return act, partial(propose, desk.record, desk.sequencer, desk.actor, index, figures, reason, moment, stamp)


def _answering(form: Filled, desk: Desk, said: str) -> tuple[Act, Do]:
    t, typed = form.t, form.get("proposal")
    proposal = next((each for each in desk.told.proposals if str(each.row.fact_index) == typed), None)
    if proposal is None:
        raise NotFound("There is no such proposal.", field="proposal", value=typed)
    statement = form.text("statement", t("movement.remark"), needed=False, longest=LONGEST)
    facts = [
        (f"{name}: {t(word)}", change)
        for name, sent, received in offered(desk.reader, desk.told, proposal).changes
        for word, change in (("common.sent", sent), ("common.received", received))
    ]  # fmt: skip
    follows = t("movement.accept_follows" if said == "accept" else "movement.decline_follows")
    act = _act(form, desk, t(f"movement.{said}"), [*facts, *([(t("movement.remark"), statement)] if statement else [])],
               follows)  # fmt: skip
    moment, stamp = desk.reader.moment, form.stamp(desk.reader.moment)
    number, index = proposal.row.fact_index, desk.told.index
    return act, partial(
        answer, desk.record, desk.sequencer, desk.actor, index, number, ANSWERS[said], statement, moment, stamp
    )


def _asking(form: Filled, desk: Desk) -> tuple[Act, Do]:
    t = form.t
    reason = form.text("reason", t("movement.why"), longest=LONGEST)
    act = _act(form, desk, t("movement.ask"), [(t("movement.why"), reason)], t("movement.ask_follows"))
    moment, stamp = desk.reader.moment, form.stamp(desk.reader.moment)
    return act, partial(ask, desk.record, desk.sequencer, desk.actor, desk.told.index, reason, moment, stamp)


def _deciding(form: Filled, desk: Desk) -> tuple[Act, Do]:
    t, typed = form.t, form.get("request")
    row = next((each for each in desk.told.requests if str(each.fact_index) == typed), None)
    if row is None:
        raise NotFound("You have no such request to decide.", field="request", value=typed)
    decision = form.choice("decision", t("movement.decision"), DECISIONS)
    statement = form.text("statement", t("movement.why"), longest=LONGEST)
    facts = [(t("movement.decision"), t(f"movement.{decision}") if decision else ""), (t("movement.why"), statement)]
    note = t("movement.grant_follows", days=desk.days("reopened_for")) if decision == "grant" else ""
    act = _act(form, desk, t("movement.decide"), facts, note)
    moment, stamp = desk.reader.moment, form.stamp(desk.reader.moment)
    kept, number, index = DECISIONS.get(decision, "decline"), row.fact_index, desk.told.index
    return act, partial(decide, desk.record, desk.sequencer, desk.actor, index, number, kept, statement, moment, stamp)


ROUTES: Final = [movement_page, movement_form]
