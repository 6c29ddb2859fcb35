"""Offers: made to the organisation and by it; accepting one reserves its grams, after a check."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.forms.checking import Act, check_page, filled
from app.pages.offered import firm_named, priced
from app.pages.passports import name_of
from app.pages.rendering import AnyRequest, errors_of, show
from app.words import Speech
from foundation.access import Actor, May
from foundation.database import Clock
from foundation.errors import NotFound, Refusal
from foundation.registry import Organisation
from foundation.settings import Settings, public_base
from marketplace.negotiation import accept, answer, offer, offers
from marketplace.prices import cost
from marketplace.tables import ListingRow, OfferRow
from standards.catalogue import Catalogue
from traceability.sequencing.sequencer import Sequencer

ANSWERS: Final[dict[str, Literal["declined", "withdrawn"]]] = {"decline": "declined", "withdraw": "withdrawn"}
DONE: Final = ("offered", *ANSWERS.values())


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer in words, from the organisation's side; the other side's name only where it is public."""

    id: int
    mine: bool
    open: bool
    name: str
    other: str
    mass: str
    price: str
    cost: str
    message: str
    state: str
    day: str
    listing: int


async def _told(
    t: Speech, session: AsyncSession, actor: Actor, catalogue: Catalogue, rows: Sequence[OfferRow]
) -> list[Offer]:
    firms = await session.scalars(
        select(Organisation).where(Organisation.id.in_({each for row in rows for each in (row.seller, row.buyer)}))
    )
    names = {each.id: each for each in firms}
    listed = await session.scalars(select(ListingRow).where(ListingRow.id.in_({row.listing_id for row in rows})))
    lots = {each.id: name_of(t, each.material, each.form) for each in listed}
    return [
        Offer(
            id=row.id, mine=(mine := row.seller == actor.organisation_id), open=row.state == "open",
            name=lots.get(row.listing_id, t("offer_page.gone")),
            other=firm_named(t, names.get(row.buyer if mine else row.seller)), mass=t.mass(row.grams),
            price=priced(t, row.price, row.currency),
            cost=priced(t, cost(row.price, row.currency, row.grams, catalogue), row.currency), message=row.message,
            state=row.state, day=t.day(row.created_at.date()), listing=row.listing_id,
        )
        for row in rows
    ]  # fmt: skip


async def _list(
    request: AnyRequest, session: AsyncSession, actor: Actor, refusal: Refusal | None = None
) -> Response[str]:
    t, catalogue = speech_of(request), request.app.state.process.catalogue
    told = await _told(t, session, actor, catalogue, await offers(session, actor))
    waiting = [each for each in told if each.mine and each.open]
    done = request.query_params.get("done", "")
    return show(
        request, "recycler/offers.html", status=refusal.status if refusal else 200, waiting=waiting,
        others=[each for each in told if each not in waiting], errors=errors_of(request, refusal) if refusal else [],
        flashes=[{"tone": "good", "text": t(f"offer_page.done_{done}")}] if done in DONE else [],
    )  # fmt: skip


@get("/offers", opt={"access": May("trade")}, include_in_schema=False)
async def offers_page(request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor]) -> Response[str]:
    """What waits for an answer first; then everything else."""
    return await _list(request, transaction, actor)


@post("/offers/{number:int}/accept", opt={"access": May("trade")}, include_in_schema=False)
async def accept_form(
    request: AnyRequest, transaction: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor],
    settings: Given[Settings], catalogue: Given[Catalogue], clock: Given[Clock], number: FromPath[int],
) -> Response[Any]:  # fmt: skip
    """Check it, then accept: reservation and trade in one commit."""
    form = await filled(request)
    row = await offer(transaction, actor, number)
    (told,) = await _told(form.t, transaction, actor, catalogue, [row])
    if form.step == "change":
        return Redirect("/offers", status_code=303)
    t, here = form.t, f"/offers/{number}/accept"
    facts = [
        (t("common.lot"), told.name), (t("common.buyer"), told.other), (t("common.mass"), told.mass),
        (t("common.price_per_tonne"), told.price), (t("common.total"), told.cost),
    ]  # fmt: skip
    button = t("offer_page.accept_act", mass=told.mass, cost=told.cost)
    act = Act((t("nav.offers"), "/offers"), t("offer_page.accept"), facts, button, note=t("offer_page.accept_means"))

    if form.step != "commit":
        return check_page(form, act, clock(), here)
    try:
        reference = await accept(transaction, sequencer, actor, number, public_base(settings), clock())
    except Refusal as refusal:
        return await _list(request, transaction, actor, refusal)
    return Redirect(f"/trades/{reference.rpartition('/')[2]}", status_code=303)


@post("/offers/{number:int}/{done:str}", opt={"access": May("trade")}, include_in_schema=False)
async def answer_form(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], clock: Given[Clock],
    number: FromPath[int], done: FromPath[str],
) -> Response[Any]:  # fmt: skip
    """Decline an offer, or take an own one back."""
    if done not in ANSWERS:
        raise NotFound("There is no such answer.", field="answer", value=done)
    try:
        await answer(transaction, actor, number, ANSWERS[done], clock())
    except Refusal as refusal:
        return await _list(request, transaction, actor, refusal)
    return Redirect(f"/offers?done={ANSWERS[done]}", status_code=303)


ROUTES: Final = [offers_page, accept_form, answer_form]
