"""Settling pages: what a delivery comes to, step by step, what each side found, and where they differ."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.conditions import conditions_told, share
from app.pages.forms.checking import filled
from app.pages.forms.filling import Filled
from app.pages.offered import priced
from app.pages.rendering import AnyRequest, show
from app.words import Speech
from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from foundation.errors import Refusal
from foundation.registry import facilities
from foundation.settings import Settings, public_base
from marketplace.settling import Findings, account_of, state
from marketplace.tables import StatementRow
from marketplace.trades import Trade, trade
from standards.catalogue import Catalogue
from standards.trade.settlement import Conditions, Step

MEASURED: Final = ("moisture_pct", "contamination_pct")
TONES: Final = {
    "underway": "info", "returned": "bad", "open": "info", "stated": "info", "disputed": "warn", "settled": "good",
}  # fmt: skip


def _step(t: Speech, step: Step, currency: str) -> tuple[str, str, str]:
    """A step's name, what decided it in words, the kilograms after it."""
    facts: dict[str, str] = {}
    for name, value in step.facts.items():
        match name:
            case "basis" | "method":
                facts[name] = str(t(f"settling.{name}.{value}"))
            case "price_per_t" | "amount":
                facts[name] = priced(t, Decimal(value), currency)
            case _:
                facts[name] = t.number(Decimal(value).normalize() + 0)
    kg = t.number(Decimal(step.kg).normalize() + 0)
    return str(t(f"settling.step.{step.name}")), str(t(f"settling.why.{step.name}", **facts)), f"{kg} kg"


def _stated(t: Speech, told: Trade, row: StatementRow | None, zone: str) -> list[tuple[str, str]]:
    if row is None:
        return []
    shares = [(str(t(f"settling.{name}")), getattr(row, name)) for name in MEASURED]
    facts = [(label, share(t, value)) for label, value in shares if value is not None]
    if row.excess_accepted:
        facts.append((str(t("settling.excess_taken")), str(t("common.answer_yes"))))
    facts.append((str(t("settling.amount")), priced(t, row.amount, told.row.currency)))
    facts.append((str(t("settling.stated_at")), t.moment(row.stated_at, zone)))
    return [*facts, (str(t("settling.statement")), row.statement)] if row.statement else facts


async def _page(
    request: AnyRequest, session: AsyncSession, actor: Actor, told: Trade, form: Filled, status: int = 200
) -> Response[str]:
    t, catalogue = form.t, request.app.state.process.catalogue
    account = await account_of(session, told, catalogue)
    places = await facilities(session, actor.organisation_id)
    zone = places[0].time_zone if places else "UTC"
    mine, theirs = (account.seller, account.buyer)[:: 1 if actor.organisation_id == told.row.seller else -1]
    latest = theirs or mine
    kept = {name: _typed(t, getattr(latest, name, None)) for name in MEASURED} | {"statement": "", **form.values}
    result = account.result
    return show(
        request, "market/settlement.html", status=status, errors=form.errors, form=kept, account=account,
        tone=TONES[account.progress], token=told.row.reference.rpartition("/")[2], asked=_asked(account.conditions),
        conditions=conditions_told(t, account.conditions), mass=t.mass(told.row.grams),
        steps=[_step(t, each, result.currency) for each in result.steps] if result else [],
        amount=priced(t, result.amount, result.currency) if result and result.amount is not None else "",
        mine=_stated(t, told, mine, zone), theirs=_stated(t, told, theirs, zone),
        differs=account.progress == "disputed", excess="EXCESS_DELIVERY" in (result.flags if result else ()),
        flashes=[{"tone": "good", "text": t("settling.done")}] if "done" in request.query_params else [],
    )  # fmt: skip


def _typed(t: Speech, value: Decimal | None) -> str:
    return "" if value is None else t.number(value.normalize() + 0)


def _asked(conditions: Conditions) -> list[str]:
    """The figures that these conditions ask for."""
    clean = conditions.contamination_allowance_pct is not None or conditions.reject_above_pct is not None
    return [name for name, asks in zip(MEASURED, (conditions.moisture_method is not None, clean), strict=True) if asks]


@get("/trades/{token:str}/settlement", opt={"access": SIGNED_IN}, include_in_schema=False)
async def settlement_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], settings: Given[Settings],
    token: FromPath[str],
) -> Response[str]:  # fmt: skip
    """The account of one's own trade."""
    told = await trade(transaction, actor, f"{public_base(settings)}/trade/{token}")
    empty: Mapping[str, str] = {}
    return await _page(request, transaction, actor, told, Filled(request, speech_of(request), empty))


@post("/trades/{token:str}/settlement", opt={"access": May("trade")}, include_in_schema=False)
async def settlement_form(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], settings: Given[Settings],
    catalogue: Given[Catalogue], clock: Given[Clock], token: FromPath[str],
) -> Response[Any]:  # fmt: skip
    """State what this side found."""
    form = await filled(request)
    told = await trade(transaction, actor, f"{public_base(settings)}/trade/{token}")
    moisture, contamination = (form.number(name, form.t(f"settling.{name}"), needed=False) for name in MEASURED)
    found = Findings(moisture, contamination, bool(form.get("excess_accepted")))
    if not form.errors:
        try:
            await state(transaction, actor, told, catalogue, found, form.get("statement"), clock())
        except Refusal as refusal:
            form.refuse(refusal)
    if form.errors:
        return await _page(request, transaction, actor, told, form, 400)
    return Redirect(f"/trades/{token}/settlement?done=1", status_code=303)


ROUTES: Final = [settlement_page, settlement_form]
