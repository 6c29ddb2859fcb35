"""Claiming pages: recycled content is claimed once; a second claim on the same grams is told what is left."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import grams_of, speech_of
from app.pages.forms.custody import models
from app.pages.passports import name_of
from app.pages.rendering import AnyRequest, errors_of, form_of, show
from app.pages.trading import zone_of
from app.words import Speech
from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from foundation.errors import Conflict, Invalid, Refusal
from foundation.registry import facilities
from standards.custody import LotModel
from traceability.claims import Claimed, claim, claims
from traceability.holdings import Holding, holding, holdings
from traceability.ledger.claiming import check_model, model_of, not_recycled
from traceability.ledger.origins import RECYCLED
from traceability.refusals import DoubleClaim
from traceability.sequencing.commands import Claiming
from traceability.sequencing.sequencer import Sequencer

EMPTY: Final = {"lot": "", "grams": "", "grams_unit": "kg", "jurisdiction": "", "statement": "", "custody": ""}
LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Claimable:
    """A lot that the organisation holds, and how much of it is not yet claimed as recycled content."""

    held: Holding
    grams: int
    text: str


def claimable(held: Holding) -> int:
    """Grams held (free or reserved) that no live claim of recycled content lies on; with a model, of those recycled."""
    return max(0, _most(held) - held.claimed_content)


def _most(held: Holding) -> int:
    grams = held.free + held.reserved
    return grams if held.custody is None else held.origins.least_of(RECYCLED, grams)


def _choices(t: Speech, held: list[Holding]) -> list[Claimable]:
    lots = [(each, claimable(each)) for each in held]
    return [
        Claimable(each, grams, f"{name_of(t, each.material, each.form)} · {t.day(each.made_on)} · {t.mass(grams)}"
                  f" · {each.lot[-6:]}")
        for each, grams in lots if grams > 0
    ]  # fmt: skip


def _row(t: Speech, each: Claimed, zone: str) -> dict[str, Any]:
    return {
        "index": each.fact_index, "lot": each.lot, "mass": t.mass(each.grams),
        "purpose": t.name("purpose", each.purpose),
        "country": t.country(each.jurisdiction), "statement": each.statement, "when": t.moment(each.claimed_at, zone),
    }  # fmt: skip


@get("/claims", opt={"access": SIGNED_IN}, include_in_schema=False)
async def claims_page(request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor]) -> Response[str]:
    """What was claimed, and the form for a claim."""
    asked = {"lot": request.query_params.get("lot", ""), "jurisdiction": actor.country}
    return await _shown(request, transaction, actor, {**EMPTY, **asked})


async def _shown(
    request: AnyRequest, session: AsyncSession, actor: Actor, form: Mapping[str, str],
    errors: list[dict[str, str]] | None = None, status: int = 200,
) -> Response[str]:  # fmt: skip
    t = speech_of(request)
    choices = _choices(t, await holdings(session, actor.organisation_id))
    zone = zone_of(await facilities(session, actor.organisation_id))
    done = [_row(t, each, zone) for each in await claims(session, actor.organisation_id)]
    flashes = [{"tone": "good", "text": t("claims.done")}] if "done" in request.query_params else []
    return show(
        request, "market/claims.html", status=status, choices=choices, claims=done, form=form, errors=errors or [],
        flashes=flashes, models=models(t), countries=[(code, t.country(code)) for code in _countries(actor)],
    )  # fmt: skip


def _countries(actor: Actor) -> list[str]:
    """Where a claim may be made: at home first, then where the platform is used."""
    return list(dict.fromkeys([actor.country, "JP", "TH", "VN", "ID", "MY", "PH", "SG", "DE", "FR", "NL"]))


def _claiming(form: Mapping[str, str], lang: str) -> Claiming:
    """The claim that a form states. Raises Invalid."""
    if not form["lot"]:
        raise Invalid("Choose the lot.", field="lot", fix="Choose a lot that you hold.")
    if len(form["jurisdiction"]) != 2:
        raise Invalid("Choose the country.", field="jurisdiction", fix="Choose where the claim is made.")
    if len(form["statement"]) > LONGEST:
        raise Invalid("The statement is too long.", field="statement", fix=f"Use at most {LONGEST} characters.")
    return Claiming(form["lot"], "content", grams_of(form, lang), form["jurisdiction"], form["statement"],
                    model_of(form["custody"] or None))  # fmt: skip


@post("/claims", opt={"access": May("claim")}, include_in_schema=False)
async def claim_form(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], sequencer: Given[Sequencer],
    clock: Given[Clock],
) -> Response[Any]:  # fmt: skip
    """First shown for a check; then claimed once: a second press finds the claims changed, and asks again."""
    form = {**EMPTY, **await form_of(request)}
    t = speech_of(request)
    try:
        claiming = _claiming(form, t.lang)
        held = await holding(transaction, actor.organisation_id, claiming.lot)
        claimed, most = held.claimed_content + claiming.grams, _most(held)
        if claimed > most and most < held.free + held.reserved:
            raise not_recycled(held.lot, claimed, most)
        if claiming.grams > claimable(held):
            raise _taken(claiming, claimable(held))
        check_model(claiming.custody, LotModel(held.custody) if held.custody else None, held.lot)
        if "seen_claimed" not in form:
            return _check(request, held, claiming, form)
        if form["seen_claimed"] != str(held.claimed_content):
            raise Conflict("What is claimed of this lot has changed since this page was shown.", field="grams")
        await claim(transaction, sequencer, actor, claiming, clock())
    except Refusal as refusal:
        return await _shown(request, transaction, actor, form, _errors(request, refusal), refusal.status)
    return Redirect("/claims?done=1", status_code=303)


def _taken(claiming: Claiming, left: int) -> DoubleClaim:
    """What the ledger would answer, known before asking it."""
    return DoubleClaim(
        f"{claiming.grams} g should be claimed, {left} g are held and not yet claimed for this purpose.",
        field="grams", value=claiming.grams, claimable_grams=left, fix="Claim at most what is not claimed yet.",
    )  # fmt: skip


def _check(request: AnyRequest, held: Holding, claiming: Claiming, form: Mapping[str, str]) -> Response[str]:
    t = speech_of(request)
    pre, post_consumer = held.origins.recycled(claiming.grams)
    return show(
        request, "market/claim_check.html", form=form, seen=held.claimed_content, mass=t.mass(claiming.grams),
        title=name_of(t, held.material, held.form), pre=t.mass(pre), post=t.mass(post_consumer),
        country=t.country(claiming.jurisdiction),
        custody=t.name("custody", claiming.custody) if claiming.custody else t("common.not_stated"),
        left=t.mass(claimable(held) - claiming.grams),
    )  # fmt: skip


def _errors(request: AnyRequest, refusal: Refusal) -> list[dict[str, str]]:
    """The refusal in words; of a second claim also how much could still be claimed."""
    if isinstance(refusal, DoubleClaim):
        t = speech_of(request)
        text = t("claims.double", mass=t.mass(int(refusal.facts["claimable_grams"])))
        return [{"field": "grams", "text": str(text)}]
    return errors_of(request, refusal)


ROUTES: Final = [claims_page, claim_form]
