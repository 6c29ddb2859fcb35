"""Recalls: what is called back and why, what is held of it, and what was done; open one, answer it, end it."""

from functools import partial
from typing import Any, Final, cast
from urllib.parse import quote

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.forms.checking import Act, checked, filled
from app.pages.forms.filling import Filled
from app.pages.passports import name_of
from app.pages.rendering import AnyRequest, show
from app.words import Speech
from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from foundation.errors import NotFound
from traceability.cases.reports import lot_to_answer
from traceability.recalls.calling import (
    ANSWERS,
    LONGEST,
    REASONS,
    Answer,
    Call,
    Done,
    Reason,
    answer_recall,
    end_recall,
    open_recall,
)
from traceability.recalls.reading import Holder, Recall, notices, recall, recalls
from traceability.recalls.tables import RecallRow
from traceability.sequencing.sequencer import Sequencer
from traceability.tables import LotRow

HERE: Final = "/recalls"
OPEN: Final = "/recalls/open"


def _page(index: int) -> str:
    return f"{HERE}/{index}"


def _title(t: Speech, row: RecallRow) -> str:
    return t("recall.numbered", number=str(row.fact_index), reason=t(f"recall.reason_{row.reason}"))


def _lot(t: Speech, lot: LotRow) -> str:
    return f"{name_of(t, lot.material, lot.form)} …{lot.uri[-6:]}"


@get(HERE, opt={"access": SIGNED_IN}, include_in_schema=False)
async def recalls_page(request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor]) -> Response[str]:
    """What the organisation holds that is called back, then every recall that concerns it."""
    t = speech_of(request)
    held = [
        (_page(each.row.fact_index), _lot(t, each.lot), t.mass(each.grams), t(f"recall.reason_{each.row.reason}"),
         t.day(each.row.opened_at.date()), t(f"recall.{each.answer.answer}") if each.answer else "")
        for each in await notices(record, actor)
    ]  # fmt: skip
    rows = [
        (_page(row.fact_index), _title(t, row), t.day(row.opened_at.date()), row.closed_index is None)
        for row in await recalls(record, actor)
    ]
    return show(request, "recycler/recalls.html", held=held, rows=rows)


def _holder(t: Speech, each: Holder) -> dict[str, str]:
    return {
        "who": each.organisation or t("lineage.others"), "lot": _lot(t, each.lot) if each.lot else "",
        "grams": t.mass(each.grams), "state": "good" if each.answer else "warn",
        "answer": (t(f"recall.{each.answer.answer}") if each.lot else t("recall.answered")) if each.answer else
        t("recall.waits"),
    }  # fmt: skip


def _shown(form: Filled, told: Recall, actor: Actor, status: int = 200) -> Response[str]:
    t = form.t
    mine = [(each.lot.uri, _lot(t, each.lot)) for each in told.holders if each.mine and each.lot]
    kept = {"what": "", "lot": mine[0][0] if mine else "", "answer": "", "statement": "", **form.values}
    done = form.request.query_params.get("done", "")
    return show(
        form.request, "recycler/recall.html", status=status, title=_title(t, told.row), told=told, mine=mine,
        opened=t.day(told.row.opened_at.date()), grams=t.mass(told.grams), lots=t.number(told.lots),
        answered=f"{t.number(told.answered)} / {t.number(len(told.holders))}",
        by=told.opened_by or t("common.hidden_name"), named=[(each.uri, _lot(t, each)) for each in told.named],
        holders=[_holder(t, each) for each in told.holders], form=kept, errors=form.errors,
        answers=[(each, t(f"recall.{each}")) for each in ANSWERS], may_capture="capture" in actor.roles,
        flashes=[{"tone": "good", "text": t("recall.done")}] if done else [],
    )  # fmt: skip


@get(f"{HERE}/{{index:int}}", opt={"access": SIGNED_IN}, include_in_schema=False)
async def recall_page(
    request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor], index: FromPath[int]
) -> Response[str]:
    """One recall: how far it reaches, who holds what of it, what was answered, and the form for one's own answer."""
    return _shown(Filled(request, speech_of(request), {}), await recall(record, actor, index), actor)


@post(f"{HERE}/{{index:int}}", opt={"access": May("capture")}, include_in_schema=False)
async def recall_form(
    request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor], sequencer: Given[Sequencer],
    clock: Given[Clock], index: FromPath[int],
) -> Response[Any]:  # fmt: skip
    """Answer for a lot, or end the recall: `what` says which."""
    form = await filled(request)
    t, told = form.t, await recall(record, actor, index)
    statement = form.text("statement", t("case.statement"), longest=LONGEST)
    root, again = (_title(t, told.row), _page(index)), partial(_shown, form, told, actor)
    if form.get("what") == "end":
        if not told.may_end:
            raise NotFound("You have no such recall to end.", field="recall", value=index)
        act = Act(root, t("recall.end"), [(t("recall.why"), statement)], t("recall.end"), note=t("recall.end_follows"))

        async def end() -> str:
            await end_recall(record, sequencer, actor, index, statement, form.stamp(clock()))
            return f"{_page(index)}?done=1"

        return await checked(form, act, clock(), again, _page(index), end)
    lots = {each.lot.uri: _lot(t, each.lot) for each in told.holders if each.mine and each.lot}
    lot, answer = form.choice("lot", t("common.lot"), lots), form.choice("answer", t("recall.what_done"), ANSWERS)
    facts = [
        (t("common.lot"), lots.get(lot, "")), (t("recall.what_done"), t(f"recall.{answer}") if answer else ""),
        (t("case.statement"), statement),
    ]  # fmt: skip
    act = Act(root, t("recall.answer"), facts, t("recall.act"))

    async def do() -> str:
        said = Answer(index, lot, cast(Done, answer), statement)
        await answer_recall(record, sequencer, actor, said, form.stamp(clock()))
        return f"{_page(index)}?done=1"

    return await checked(form, act, clock(), again, _page(index), do)


def _open_form(form: Filled, lot: LotRow, status: int = 200) -> Response[str]:
    t = form.t
    return show(
        form.request, "recycler/recall_open.html", status=status, lot=lot, name=_lot(t, lot), errors=form.errors,
        form={"reason": "", "statement": "", **form.values},
        reasons=[(each, t(f"recall.reason_{each}")) for each in REASONS],
        back=f"/lineage?lot={quote(lot.uri, safe='')}",
    )  # fmt: skip


@get(OPEN, opt={"access": May("capture")}, include_in_schema=False)
async def open_page(
    request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor], lot: FromQuery[str]
) -> Response[str]:
    """The form that calls a lot back."""
    return _open_form(Filled(request, speech_of(request), {"lot": lot}), await lot_to_answer(record, actor, lot))


@post(OPEN, opt={"access": May("capture")}, include_in_schema=False)
async def open_form(
    request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor], sequencer: Given[Sequencer],
    clock: Given[Clock],
) -> Response[Any]:  # fmt: skip
    """Check it, then call the lot back."""
    form = await filled(request)
    t, lot = form.t, await lot_to_answer(record, actor, form.get("lot"))
    reason = form.choice("reason", t("recall.reason"), REASONS)
    statement = form.text("statement", t("case.statement"), longest=LONGEST)
    facts = [
        (t("common.lot"), _lot(t, lot)), (t("recall.reason"), t(f"recall.reason_{reason}") if reason else ""),
        (t("case.statement"), statement),
    ]  # fmt: skip
    act = Act((t("recall.title"), HERE), t("recall.open"), facts, t("recall.open"), note=t("recall.open_follows"))

    async def do() -> str:
        call = Call([lot.uri], cast(Reason, reason), statement)
        return _page((await open_recall(record, sequencer, actor, call, form.stamp(clock()))).index) + "?done=1"

    return await checked(form, act, clock(), partial(_open_form, form, lot), OPEN, do)


ROUTES: Final = [recalls_page, open_page, open_form, recall_page, recall_form]
