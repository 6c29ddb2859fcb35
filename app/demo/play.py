"""The play: the plan carried out by its people, each act on its own day, through capture and the public commands."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from app.demo.plan import PET, SEGREGATED, Act, Collect, Declare, Move, Process, Sale, Take, Test
from foundation.access import Actor
from foundation.database import Database
from marketplace.listings import Terms, publish, withdraw
from marketplace.negotiation import buy
from reports.declarations import Declaration, declare
from standards.catalogue import Catalogue
from traceability.capture import Door, capture
from traceability.claims import claim
from traceability.composing import At, Composed, Making, arrived, document, received, shipped, transformed
from traceability.evidence import Measurement, measure
from traceability.identifiers import lot_uri
from traceability.identifiers.own import ALPHABET, LENGTH
from traceability.ledger.interpretation import RECYCLING, REPROCESSING, SORTING
from traceability.sequencing.commands import Claiming
from traceability.sequencing.sequencer import Sequencer

STEPS: Final = {"sorting": SORTING, "reprocessing": REPROCESSING, "recycling": RECYCLING}


class PlayFailed(Exception):
    """An act of the plan was refused: the plan, or a rule, is wrong."""


@dataclass
class Hands:
    """The clock's hands: set to each act's own moment, read by everything that asks for the time."""

    moment: datetime

    def __call__(self) -> datetime:
        return self.moment


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody who acts: who they are to the platform, and where their facility is."""

    actor: Actor
    facility: str
    zone: ZoneInfo


@dataclass
class Stage:
    """What the play needs: the open platform, its clock, and the players by their key."""

    database: Database
    sequencer: Sequencer
    catalogue: Catalogue
    public_url: str
    hands: Hands
    players: dict[str, Player]
    random: Random
    lots: dict[str, str] = field(default_factory=dict)
    trades: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def door(self) -> Door:
        return Door(self.database, self.sequencer, self.hands)

    def lot(self, name: str) -> str:
        """The identity of a lot of the plan; made on first use, from the seed."""
        if name not in self.lots:
            token = "".join(self.random.choice(ALPHABET) for _ in range(LENGTH))
            self.lots[name] = lot_uri(self.public_url, token)
        return self.lots[name]

    def at(self, who: str) -> At:
        """Now, at this player's facility."""
        player = self.players[who]
        return At(self.hands.moment, player.facility, player.zone)


async def play_day(stage: Stage, day: date, acts: list[Act], told: Callable[[int], None]) -> None:
    """Everything that happens on one day, from eight in the morning in each place, a few minutes apart."""
    for number, act in enumerate(acts):
        zone = stage.players[_who(act)].zone
        begins = datetime.combine(day, time(8), tzinfo=zone).astimezone(UTC)
        stage.hands.moment = max(stage.hands.moment + timedelta(seconds=7), begins + timedelta(minutes=6 * number))
        await _perform(stage, act)
        told(1)


def _who(act: Act) -> str:
    match act:
        case Move():
            return act.receiver if act.weighed else act.sender
        case Sale():
            return act.seller
        case Test():
            return "jp-laboratory"
        case _:
            return act.who


async def _perform(stage: Stage, act: Act) -> None:
    match act:
        case Collect() | Process():
            await _capture(stage, act.who, _event(stage, act))
        case Move():
            await _move(stage, act)
        case Test():
            await _test(stage, act)
        case Sale():
            await _sell(stage, act)
        case Take():
            await _take(stage, act)
        case Declare():
            player = stage.players[act.who]
            stated = Declaration(act.country, act.year, act.material, "household", act.grams)
            async with stage.database.begin(player.actor.organisation_id) as session:
                await declare(session, stage.sequencer, player.actor, stated, stage.hands.moment)
        case _:
            assert_never(act)


def _event(stage: Stage, act: Collect | Process) -> Composed:
    if isinstance(act, Collect):
        made = Making(stage.lot(act.lot), act.grams, PET, "loose", "post", custody=SEGREGATED)
        return arrived(stage.at(act.who), made)
    inputs = {stage.lot(lot): grams for lot, grams in act.inputs}
    outputs = [
        Making(stage.lot(each.lot), each.grams, each.material, each.form, custody=each.custody,
               credited={"post": each.booked})
        for each in act.outputs
    ]  # fmt: skip
    return transformed(stage.at(act.who), STEPS[act.step], inputs, outputs, dict(act.sinks), act.scheme)


async def _capture(stage: Stage, who: str, event: Composed) -> None:
    captured = await capture(stage.door, stage.players[who].actor, document([event], stage.hands.moment))
    for each in captured.events:
        if isinstance(each, Exception):
            raise PlayFailed(f"{who} on {stage.hands.moment:%Y-%m-%d}: {each}") from each


async def _move(stage: Stage, act: Move) -> None:
    sender, receiver = (stage.players[who].actor.organisation_uri for who in (act.sender, act.receiver))
    if act.weighed:
        weighed = {stage.lot(lot): (sent, own) for lot, sent, own in act.weighed}
        await _capture(stage, act.receiver, received(stage.at(act.receiver), sender, receiver, weighed))
    else:
        lots = {stage.lot(lot): grams for lot, grams in act.lots}
        await _capture(stage, act.sender, shipped(stage.at(act.sender), sender, receiver, lots))


async def _test(stage: Stage, act: Test) -> None:
    player = stage.players["jp-laboratory"]
    for name, value, unit, method in act.results:
        result = Measurement(
            stage.lot(act.lot), name, Decimal(value), unit, stage.hands.moment.date(), evidence="E3", method=method,
            laboratory=player.actor.organisation_name,
        )  # fmt: skip
        async with stage.database.begin(player.actor.organisation_id) as session:
            await measure(session, stage.sequencer, player.actor, stage.catalogue, result, stage.hands.moment)
        stage.hands.moment += timedelta(seconds=1)


async def _sell(stage: Stage, act: Sale) -> None:
    """List, buy at the listed price, ship the same day."""
    seller, buyer = stage.players[act.seller], stage.players[act.buyer]
    lot = stage.lot(act.lot)
    async with stage.database.begin(seller.actor.organisation_id) as session:
        terms = Terms(act.price, act.currency, min(1_000_000, act.grams), "FCA")
        moment = stage.hands.moment
        listing = await publish(session, seller.actor, stage.catalogue, lot, terms, (), moment.date(), moment)
    stage.hands.moment += timedelta(minutes=40)
    async with stage.database.begin(buyer.actor.organisation_id) as session:
        reference = await buy(
            session, stage.sequencer, buyer.actor, listing.id, act.grams, stage.public_url, stage.hands.moment
        )
    stage.hands.moment += timedelta(minutes=2)
    sent = {lot: act.grams}
    parties = seller.actor.organisation_uri, buyer.actor.organisation_uri
    await _capture(stage, act.seller, shipped(stage.at(act.seller), *parties, sent, (reference,)))
    stage.trades[act.buyer, act.lot] = reference
    async with stage.database.begin(seller.actor.organisation_id) as session:
        await withdraw(session, seller.actor, listing.id)


async def _take(stage: Stage, act: Take) -> None:
    player, seller = stage.players[act.who], stage.players[act.seller]
    lot = stage.lot(act.lot)
    parties = seller.actor.organisation_uri, player.actor.organisation_uri
    papers = (stage.trades[act.who, act.lot],)
    await _capture(stage, act.who, received(stage.at(act.who), *parties, {lot: (act.sent, act.weighed)}, papers))
    if not act.claimed:
        return
    stage.hands.moment += timedelta(minutes=3)
    claiming = Claiming(lot, "content", act.claimed, player.actor.country, "Recycled content of bottle preforms")
    async with stage.database.begin(player.actor.organisation_id) as session:
        await claim(session, stage.sequencer, player.actor, claiming, stage.hands.moment)
