"""Issuing: what a certification body does with a scope certificate: act on it, admit inputs, certify and cancel."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final, cast

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.evidence.lots import named_lot
from app.pages.forms import choices
from app.pages.forms.checking import Act, checked, filled
from app.pages.forms.choices import Choice
from app.pages.forms.custody import models, stated_model
from app.pages.forms.filling import Filled
from app.pages.rendering import AnyRequest, show
from foundation.access import Actor, May
from foundation.database import Clock
from foundation.errors import NotFound
from foundation.registry import Facility
from standards.catalogue import Catalogue
from standards.custody import LotModel
from traceability.certificates.scopes import ACTS, LONGEST, Standing, act_on_scope, standing_scope
from traceability.certificates.scopes import Act as Acting
from traceability.certificates.transactions import Inputs, Issue, admit_inputs, cancel, issue
from traceability.sequencing.commands import Accepted
from traceability.sequencing.sequencer import Sequencer

Pair = tuple[str, str]
ROWS: Final = (1, 2, 3)
PERCENT: Final = Decimal(100)


@dataclass(frozen=True)
class Desk:
    """Where a body works: its scope certificate, the sites to choose from, and what the rooms below ask for."""

    scope: Standing
    places: list[Choice]
    transaction: AsyncSession
    record: AsyncSession
    sequencer: Sequencer
    actor: Actor
    catalogue: Catalogue


State = Callable[[datetime], Awaitable[Accepted]]
Reading = Callable[[Filled, Desk], Awaitable[tuple[Sequence[Pair], State]]]


async def _act(form: Filled, desk: Desk) -> tuple[Sequence[Pair], State]:
    t = form.t
    act = form.choice("act", t("scheme_page.act"), ACTS)
    day, said = form.day("day", t("scheme_page.act_day")), form.text("statement", t("common.reason"), longest=LONGEST)

    def state(moment: datetime) -> Awaitable[Accepted]:
        return act_on_scope(
            desk.record, desk.sequencer, desk.actor, desk.scope.row.fact_index, cast("Acting", act), day or date.min,
            said, moment,
        )  # fmt: skip

    return [(t("scheme_page.act"), t.name("scope_act", act)), (t("scheme_page.act_day"), t.day(day or date.min)),
            (t("common.reason"), said)], state  # fmt: skip


async def _inputs(form: Filled, desk: Desk) -> tuple[Sequence[Pair], State]:
    t, lot = form.t, await named_lot(form, desk.transaction, desk.record, desk.actor)
    share = form.number("yield", t("scheme_page.yield"))
    if share is not None and not 0 < share <= PERCENT:
        form.say("yield", t("scheme_page.yield_form"))
    reclaimed = form.grams("reclaimed", t("scheme_page.reclaimed"), needed=False)
    received: dict[int, int] = {}
    for row in ROWS:
        typed = form.get(f"source-{row}")
        if typed and not (typed.isascii() and typed.isdecimal() and len(typed) < 19):
            form.say(f"source-{row}", t("errors.number", label=t("scheme_page.source")))
        elif typed:
            received[int(typed)] = form.grams(f"grams-{row}", t("common.mass"))
    if not received and not reclaimed:
        form.say("reclaimed", t("scheme_page.inputs_none"))
    asked = Inputs(desk.scope.row.fact_index, lot, (share or PERCENT) / PERCENT, received, reclaimed)
    facts: list[Pair] = [
        (t("common.lot"), lot),
        (t("scheme_page.yield"), t.percent((share or Decimal(0)) / PERCENT, 2)),
    ]
    facts += [(f"{t('scope_certificate.transaction')} {number}", t.mass(grams)) for number, grams in received.items()]
    facts += [(t("scheme_page.reclaimed"), t.mass(reclaimed))] if reclaimed else []
    return facts, partial(admit_inputs, desk.record, desk.sequencer, desk.actor, asked)


async def _transaction(form: Filled, desk: Desk) -> tuple[Sequence[Pair], State]:
    t, lot = form.t, await named_lot(form, desk.transaction, desk.record, desk.actor)
    number = form.text("number", t("evidence_page.number"), longest=100)
    buyer = form.text("buyer", t("scheme_page.buyer"), longest=2_000)
    site = form.choice("site", t("scheme_page.site"), dict(desk.places))
    grams, day = form.grams("grams", t("common.mass")), form.day("shipped_on", t("scheme_page.shipped_on"))
    editions = desk.scope.row.editions or []
    edition = form.choice("edition", t("scheme_page.edition"), editions) if editions else None
    custody = stated_model(form)
    model = LotModel(custody) if custody else None
    asked = Issue(desk.scope.row.fact_index, number, lot, buyer, site, grams, day or date.min, edition, model)
    return [
        (t("evidence_page.number"), number), (t("common.lot"), lot), (t("scheme_page.buyer"), buyer),
        (t("scheme_page.site"), dict(desk.places).get(site, site)), (t("common.mass"), t.mass(grams)),
        (t("scheme_page.shipped_on"), t.day(day or date.min)),
        (t("common.custody"), t.name("custody", custody) if custody else t("common.not_stated")),
    ], partial(issue, desk.record, desk.sequencer, desk.actor, desk.catalogue, asked)  # fmt: skip


async def _cancel(form: Filled, desk: Desk) -> tuple[Sequence[Pair], State]:
    t, typed = form.t, form.get("certificate")
    said = form.text("statement", t("common.reason"), longest=LONGEST)
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 19):
        raise NotFound("You issued no such certificate.", field="certificate", value=typed[:40])
    facts = [(t("scope_certificate.transaction"), typed), (t("common.reason"), said)]
    return facts, partial(cancel, desk.record, desk.sequencer, desk.actor, int(typed), said)


FORMS: Final[dict[str, Reading]] = {"act": _act, "inputs": _inputs, "transaction": _transaction, "cancel": _cancel}
"""Every form by the last part of its address."""


async def _scope(
    session: AsyncSession, record: AsyncSession, actor: Actor, index: int, kind: str
) -> tuple[Standing, list[Choice]]:
    """The certificate, where this organisation is its body, and its sites by name. Raises NotFound."""
    scope = await standing_scope(session, index)
    if kind not in FORMS or scope.row.body_id != actor.organisation_id:
        raise NotFound("You have no such certificate to act on.", field="scope", value=index)
    wanted = select(Facility.uri, Facility.name).where(Facility.uri.in_(scope.row.sites))
    return scope, [(row.uri, row.name) for row in await record.execute(wanted)]


def _form(form: Filled, kind: str, scope: Standing, places: list[Choice], status: int = 200) -> Response[str]:
    return show(
        form.request, "recycler/scope_act.html", status=status, form=defaultdict(str, form.values), kind=kind,
        errors=form.errors, row=scope.row, places=places, acts=choices.named(form.t, "scope_act", ACTS), rows=ROWS,
        editions=[(each, each) for each in scope.row.editions or ()], models=models(form.t),
    )  # fmt: skip


@get("/evidence/scopes/{index:int}/{kind:str}", opt={"access": May("capture")}, include_in_schema=False)
async def issuing_page(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    index: FromPath[int], kind: FromPath[str],
) -> Response[str]:  # fmt: skip
    """One empty form, with the certificate that the address names."""
    scope, places = await _scope(transaction, record, actor, index, kind)
    kept = {"certificate": request.query_params.get("certificate", "").strip()}
    return _form(Filled(request, speech_of(request), kept), kind, scope, places)


@post("/evidence/scopes/{index:int}/{kind:str}", opt={"access": May("capture")}, include_in_schema=False)
async def issuing_form(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    catalogue: Given[Catalogue], sequencer: Given[Sequencer], clock: Given[Clock], index: FromPath[int],
    kind: FromPath[str],
) -> Response[Any]:  # fmt: skip
    """Check it, then state it: a fact of the log."""
    scope, places = await _scope(transaction, record, actor, index, kind)
    form = await filled(request)
    desk = Desk(scope, places, transaction, record, sequencer, actor, catalogue)
    facts, state = await FORMS[kind](form, desk)
    t, above = form.t, f"/evidence/scopes/{index}"
    root = (f"{scope.row.scheme.upper()} {scope.row.number}", above)
    act = Act(root, t(f"scheme_page.{kind}_title"), facts, t(f"scheme_page.{kind}_do"), note=t("record.stays"))

    async def do() -> str:
        await state(form.stamp(clock()))
        return f"{above}?done={kind}"

    return await checked(form, act, clock(), partial(_form, form, kind, scope, places), f"{above}/{kind}", do)


ROUTES: Final = [issuing_page, issuing_form]
