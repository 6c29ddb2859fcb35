"""Lots of evidence: an organisation chooses among its own; a laboratory names the one whose sample it was handed."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.forms.choices import Choice
from app.pages.forms.filling import Filled
from app.pages.stock.held import held_of
from app.words import Speech
from foundation.access import Actor
from foundation.errors import NotFound
from traceability.evidence import lot_id_for
from traceability.holdings import holdings
from traceability.resolver import at_token

MOST: Final = 300


def _stranger(actor: Actor) -> bool:
    """Whether this organisation is handed samples of lots that it neither made nor holds."""
    return bool(actor.organisation_roles & {"laboratory", "certifier"})


async def lot_choices(t: Speech, session: AsyncSession, actor: Actor, chosen: str) -> list[Choice]:
    """The organisation's lots by identity, newest first; none for a laboratory, which types the code it was given."""
    if _stranger(actor):
        return []
    held = [held_of(t, each) for each in (await holdings(session, actor.organisation_id))[:MOST]]
    found = [(each.holding.lot, f"{each.name} · {each.day} · {each.free} · {each.code}") for each in held]
    if chosen and chosen not in dict(found):
        found.insert(0, (chosen, chosen))  # the maker may show something of a lot that it has passed on
    return found


async def named_lot(form: Filled, session: AsyncSession, record: AsyncSession, actor: Actor) -> str:
    """The identity of the lot that the form names, by its address or by the code under its label; '' with an error."""
    typed = form.text("lot", form.t("common.lot"), longest=500)
    if not typed:
        return ""
    try:
        if _stranger(actor) and ":" not in typed:
            return (await at_token(record, typed)).uri
        await lot_id_for(session, actor, typed)
    except NotFound:
        form.say("lot", form.t("evidence_page.no_lot"))
        return ""
    return typed
