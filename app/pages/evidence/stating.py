"""Stating: what a lot's maker or holder says of it because a standard asks, and taking it back."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.evidence.lots import lot_choices
from app.pages.forms.checking import Act, checked, filled
from app.pages.forms.choices import Choice
from app.pages.forms.filling import Filled
from app.pages.passports import name_of
from app.pages.rendering import AnyRequest, show
from app.pages.stock.held import lot_page
from app.pages.stock.lot import own_lot
from app.pages.stock.supplying import statement_name, told_standing, value_shown
from app.words import Speech
from foundation.access import Actor, May
from foundation.database import Clock
from foundation.errors import NotFound
from standards.catalogue import Catalogue
from traceability.sequencing.sequencer import Sequencer
from traceability.statements import GRADE, LONGEST, Saying, StatementRow, sayable, state, statements, withdraw
from traceability.tables import LotRow

HERE: Final = "/evidence/statement"
ANOTHER: Final = "another"


@dataclass(frozen=True)
class Setting:
    """The lots to choose from, the one chosen, what stands of it, and what can be said of it with the known values."""

    lots: list[Choice]
    lot: LotRow | None
    standing: list[StatementRow]
    names: Mapping[str, tuple[bool | str, ...]]
    actor: Actor

    def values(self, t: Speech, name: str) -> list[Choice]:
        """What can be answered: yes and no, or the words that standards know, and for an attribute any other."""
        known = [(str(each).lower() if isinstance(each, bool) else each, value_shown(t, name, each))
                 for each in self.names.get(name, ())]  # fmt: skip
        wordy = name != GRADE and not any(isinstance(each, bool) for each in self.names.get(name, ()))
        return [*known, (ANOTHER, t("book.another"))] if known and wordy else known


async def _setting(
    form: Filled, session: AsyncSession, record: AsyncSession, actor: Actor, catalogue: Catalogue
) -> Setting:
    lots = await lot_choices(form.t, session, actor, form.get("lot"))
    if not form.get("lot"):
        return Setting(lots, None, [], {}, actor)
    try:
        lot = (await own_lot(session, record, actor, form.get("lot"))).row
    except NotFound:
        form.say("lot", form.t("evidence_page.no_lot"))
        return Setting(lots, None, [], {}, actor)
    return Setting(lots, lot, await statements(record, lot.id), sayable(catalogue, lot.material), actor)


def _form(form: Filled, setting: Setting, status: int = 200) -> Response[str]:
    """First the lot, then what is to be said, then yes or no or the word; beside it what stands already."""
    t, lot = form.t, setting.lot
    name = form.get("name") if form.get("name") in setting.names else ""
    return show(
        form.request, "recycler/stating.html", status=status, errors=form.errors, lots=setting.lots, lot=lot,
        form={"lot": "", "name": "", "value": "", "words": "", **form.values}, name=name, another=ANOTHER,
        title=name_of(t, lot.material, lot.form) if lot else "", asks=statement_name(t, name) if name else "",
        names=[(each, statement_name(t, each)) for each in setting.names], values=setting.values(t, name),
        standing=told_standing(t, setting.standing, setting.actor), back=lot_page(lot.uri) if lot else "/evidence",
    )  # fmt: skip


def _said(form: Filled, setting: Setting) -> tuple[Act, Saying]:
    """What the form states, with everything that is wrong said on it."""
    t = form.t
    name = form.choice("name", t("evidence_page.statement.what"), setting.names)
    chosen = form.choice("value", statement_name(t, name) if name else t("common.value"),
                         dict(setting.values(t, name)))  # fmt: skip
    value: bool | str = chosen
    if True in setting.names.get(name, ()):
        value = chosen == "true"
    elif chosen == ANOTHER:
        value = form.text("words", t("evidence_page.statement.words"), longest=LONGEST)
    lot = setting.lot.uri if setting.lot else ""
    facts = [(t("common.lot"), lot), (statement_name(t, name), value_shown(t, name, value))] if name else []
    act = Act(
        (t("nav.evidence"), "/evidence"), t("evidence_page.statement.title"), facts,
        t("evidence_page.statement.act"), note=t("evidence_page.statement.note"),
    )  # fmt: skip
    return act, Saying(lot, name, value)


@get(HERE, opt={"access": May("capture")}, include_in_schema=False)
async def statement_page(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    catalogue: Given[Catalogue],
) -> Response[str]:  # fmt: skip
    """The form, with lot and statement as the address names them."""
    kept = {name: request.query_params.get(name, "").strip() for name in ("lot", "name")}
    form = Filled(request, speech_of(request), kept)
    return _form(form, await _setting(form, transaction, record, actor, catalogue))


@post(HERE, opt={"access": May("capture")}, include_in_schema=False)
async def statement_form(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    catalogue: Given[Catalogue], sequencer: Given[Sequencer], clock: Given[Clock],
) -> Response[Any]:  # fmt: skip
    """Check it, then state it; it is a fact of the log."""
    form = await filled(request)
    setting = await _setting(form, transaction, record, actor, catalogue)
    act, saying = _said(form, setting)

    async def do() -> str:
        await state(transaction, sequencer, actor, catalogue, saying, form.stamp(clock()))
        return lot_page(saying.lot)

    return await checked(form, act, clock(), partial(_form, form, setting), HERE, do)


@post("/evidence/withdrawal", opt={"access": May("capture")}, include_in_schema=False)
async def withdrawal_form(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    catalogue: Given[Catalogue], sequencer: Given[Sequencer], clock: Given[Clock],
) -> Response[Any]:  # fmt: skip
    """Check it, then take a statement back; it stays readable."""
    form = await filled(request)
    t, setting = form.t, await _setting(form, transaction, record, actor, catalogue)
    told = {str(each["index"]): each for each in told_standing(t, setting.standing, actor) if each["own"]}
    chosen = told.get(form.get("statement"))
    if chosen is None:
        form.say("", t("evidence_page.statement.gone"))
    facts = [(t("common.lot"), form.get("lot")), (chosen["name"], chosen["value"])] if chosen else []
    act = Act(
        (t("nav.evidence"), "/evidence"), t("evidence_page.statement.withdraw"), facts,
        t("evidence_page.statement.withdraw"), note=t("evidence_page.statement.withdraw_note"),
    )  # fmt: skip

    async def do() -> str:
        await withdraw(transaction, sequencer, actor, int(form.get("statement")), form.stamp(clock()))
        return lot_page(form.get("lot"))

    return await checked(form, act, clock(), partial(_form, form, setting), "/evidence/withdrawal", do)


ROUTES: Final = [statement_page, statement_form, withdrawal_form]
