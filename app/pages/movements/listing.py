"""Listing: what an organisation sent or was sent, with what waits for its answer first; an authority's country."""

from typing import Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.di import NamedDependency as Given
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.movements.telling import HERE, TONES, Reader, asked, goods, state_of, title_of
from app.pages.recording.history import zone_of
from app.pages.rendering import AnyRequest, show
from app.words import Speech
from foundation.access import SIGNED_IN, Actor
from foundation.database import Clock
from foundation.errors import Invalid
from standards.plausibility import Thresholds
from traceability.movements.assembling import assembled
from traceability.movements.reading import NEWEST, PAGE, REGULATOR, movements, requests, waiting
from traceability.movements.telling import Movement
from traceability.sequencing.sequencer import Sequencer

Row = tuple[str, str, str, str, str, str, str, str]


@get(HERE, opt={"access": SIGNED_IN}, include_in_schema=False)
async def movements_page(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    sequencer: Given[Sequencer], clock: Given[Clock],
) -> Response[str]:  # fmt: skip
    """Movements, newest first; `lot`: of one lot; `before`: older than this leaf."""
    before, lot = request.query_params.get("before", ""), request.query_params.get("lot", "")
    if before and not (before.isascii() and before.isdigit() and len(before) < 19):
        raise Invalid("This is no index.", field="before", value=before[:40], fix="Follow the links of the page.")
    if "\x00" in lot:
        raise Invalid("There is no such lot.", field="lot", value="NUL", fix="State a lot's identity.")
    moment, limits = clock(), sequencer.controls.limits
    reader = Reader(speech_of(request), await zone_of(transaction, actor), moment, actor.organisation_id)
    found = await movements(record, actor, limits, moment, int(before) if before else NEWEST, PAGE + 1, lot)
    older = urlencode({"before": str(found[PAGE - 1].index), **({"lot": lot} if lot else {})}) if found[PAGE:] else ""
    answers = await assembled(record, await waiting(transaction, actor, moment), limits, moment)
    return show(
        request, "recycler/movements.html", rows=[row for each in found[:PAGE] for row in _rows(reader, each)],
        answers=[_to_answer(reader, each) for each in answers], asked=await _asked(reader, record, actor, limits),
        authority=REGULATOR in actor.organisation_roles, lot=lot, older=f"{HERE}?{older}" if older else "",
        newer=HERE if before else "",
    )  # fmt: skip


def _rows(reader: Reader, told: Movement) -> list[Row]:
    """One line for each lot: address, title, goods, sent, received, difference, tone and state."""
    t, state = reader.t, state_of(told, reader.moment)
    word, tone = str(t(f"movement.state_{state}")), TONES[state]
    return [
        (f"{HERE}/{told.index}", title_of(reader, told), f"{one.name} {one.code}", one.sent, one.received,
         one.difference, tone, word)
        for one in (goods(t, each) for each in told.goods)
    ]  # fmt: skip


def _to_answer(reader: Reader, told: Movement) -> tuple[str, str, str]:
    proposal = told.open_proposal(reader.moment)
    until = reader.t.moment(proposal.row.lapses_at, reader.zone) if proposal is not None else ""
    return f"{HERE}/{told.index}", title_of(reader, told), _until(reader.t, until)


def _until(t: Speech, until: str) -> str:
    return str(t("movement.answer_until", time=until))


async def _asked(
    reader: Reader, record: AsyncSession, actor: Actor, limits: Thresholds
) -> list[tuple[str, str, str, str, str]]:
    """What waits for this authority's decision."""
    rows = await requests(record, actor)
    told = {each.index: each for each in await assembled(record, [row.movement for row in rows], limits, reader.moment)}
    found = [(told[row.movement], asked(reader, told[row.movement], row)) for row in rows if row.movement in told]
    return [(f"{HERE}/{each.index}", title_of(reader, each), one.by, one.reason, one.when) for each, one in found]


ROUTES: Final = [movements_page]
