"""Frauds: the mechanisms of real cases, with amounts that the seed chooses, and the controls that are to stop each."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from app.corpus.attempts import Attempt, attempts, joined, sending, taking, washing
from app.corpus.honest import PET, TONNE
from app.corpus.stage import Heard, Stage, codes, permit_of, share
from foundation.database import Scope
from traceability.checking.outcomes import outcomes
from traceability.composing import Making, arrived, departed
from traceability.ledger.interpretation import EXPORTING
from traceability.sites.registering import Meter


async def no_machines(stage: Stage) -> list[Attempt]:
    """F1 India 2023: certificates of plants with neither the capacity nor a power line."""
    firm, capacity = await joined(stage, "recycler", "IN"), stage.random.randint(5, 50) * TONNE
    await stage.register(firm, permit_of(firm, "IN-1", "reprocessing", capacity))
    lot = await stage.stock(firm, 10_000 * capacity)
    grams = share(stage.random, capacity, 1_060_000, 8_000_000)
    over = await stage.play(firm, washing(stage, firm, lot, grams, grams * 7 // 10))
    out_of_nothing = await stage.play(firm, washing(stage, firm, lot, capacity // 2, capacity))
    assert codes(await stage.play(firm, washing(stage, firm, lot, capacity // 2, capacity * 7 // 20))) == [""]
    stage.forward(days=2)
    today = stage.hands().date() - timedelta(days=1)
    floor = capacity * 7 // 20 * 150 // 1_000
    used = share(stage.random, floor, 0, 950_000)
    await stage.register(firm, Meter(firm.facility, today - timedelta(days=3), today, used))
    unpowered = await stage.play(firm, washing(stage, firm, lot, capacity // 2, capacity * 7 // 20))
    return [
        *attempts("F1", ["CAPACITY_EXCEEDED"], over), *attempts("F1", ["MASS_CREATED"], out_of_nothing),
        *attempts("F1", ["ENERGY_IMPLAUSIBLE"], unpowered),
    ]  # fmt: skip


async def tampered_papers(stage: Stage) -> list[Attempt]:
    """F2 India: one invoice and one photograph under the goods of several."""
    one, other, buyer = [await joined(stage, "recycler", "IN") for _ in range(3)]
    lots = [await stage.stock(each, 100 * TONNE) for each in (one, other)]
    invoice, ticket = stage.new(), f"{stage.random.getrandbits(256):064x}"
    true = sending(stage, one, buyer, lots[0], TONNE, documents=[ticket])
    true["bizTransactionList"] = [{"type": "inv", "bizTransaction": invoice}]
    assert codes(await stage.play(one, true)) == [""]
    copied = sending(stage, other, buyer, lots[1], stage.random.randint(1, 20) * TONNE, documents=[ticket])
    billed = sending(stage, other, buyer, lots[1], stage.random.randint(1, 20) * TONNE)
    billed["bizTransactionList"] = [{"type": "inv", "bizTransaction": invoice}]
    found = await stage.play(other, copied), await stage.play(other, billed)
    return [*attempts("F2", ["DOC_REUSED"], found[0]), *attempts("F2", ["INVOICE_REUSED"], found[1])]


async def shells(stage: Stage) -> list[Attempt]:
    """F3 United Kingdom 2023: firms set up for the fraud alone, whose waste never existed."""
    shell, sister = await joined(stage, "recycler", "GB"), await joined(stage, "recycler", "GB")
    lot = await stage.stock(shell, 10_000 * TONNE)
    claimed = await stage.claimed(shell, lot, "epr", stage.random.randint(1, 900) * TONNE, "GB")
    for firm in (shell, sister):
        await stage.mark(firm, "owner", "Director 4711")
    await stage.play(shell, sending(stage, shell, sister, lot, 20 * TONNE))
    taken = await stage.play(sister, taking(stage, shell, sister, lot, 20 * TONNE, 20 * TONNE))
    capacity = stage.random.randint(10, 80) * TONNE
    await stage.register(shell, permit_of(shell, "GB-1", "reprocessing", capacity))
    full: list[Heard] = []
    for _ in range(12):
        grams = share(stage.random, capacity, 800_000, 1_000_000)
        full = await stage.play(shell, washing(stage, shell, lot, grams, grams * 7 // 10))
        stage.forward(days=1)
    return [
        *attempts("F3", ["PERMIT_MISSING"], [claimed]), *attempts("F3", ["RELATED_PARTY"], taken),
        *attempts("F3", ["RAMP"], full),
    ]  # fmt: skip


async def foreign_and_claimed(stage: Stage) -> list[Attempt]:
    """F4 United Kingdom 2024: waste of elsewhere, waste that was claimed already, waste that goes round."""
    firm, other = await joined(stage, "recycler", "GB"), await joined(stage, "recycler", "GB")
    await stage.register(firm, permit_of(firm, "GB-2", "reprocessing", 100 * TONNE))
    foreign = await stage.stock(firm, 100 * TONNE, country=stage.random.choice(["FR", "NL", "TR"]))
    own = await stage.stock(firm, 100 * TONNE)
    grams = stage.random.randint(1, 100) * TONNE
    elsewhere = await stage.claimed(firm, foreign, "epr", grams, "GB")
    assert (await stage.claimed(firm, own, "epr", 60 * TONNE, "GB")).code == ""
    again = await stage.claimed(firm, own, "epr", stage.random.randint(41, 100) * TONNE, "GB")
    round_trip = await stage.stock(firm, 100 * TONNE)
    await stage.play(firm, sending(stage, firm, other, round_trip, 10 * TONNE))
    await stage.play(other, taking(stage, firm, other, round_trip, 10 * TONNE, 10 * TONNE))
    back = await stage.play(other, sending(stage, other, firm, round_trip, 10 * TONNE))
    return [
        *attempts("F4", ["ORIGIN_UNBACKED"], [elsewhere]), *attempts("F4", ["DOUBLE_CLAIM"], [again]),
        *attempts("F4", ["WASH_CYCLE"], back),
    ]  # fmt: skip


async def oversold(stage: Stage) -> list[Attempt]:
    """F5 United Kingdom 2003: more notes sold than tonnes recycled."""
    firm, buyer = await joined(stage, "recycler", "GB"), await joined(stage, "manufacturer", "GB")
    await stage.register(firm, permit_of(firm, "GB-3", "reprocessing", 100 * TONNE))
    lot = await stage.stock(firm, 50 * TONNE)
    more = share(stage.random, 50 * TONNE, 1_000_001, 5_000_000)
    sent = await stage.play(firm, sending(stage, firm, buyer, lot, more))
    claimed = await stage.claimed(firm, lot, "epr", more, "GB")
    return [*attempts("F5", ["INSUFFICIENT_BALANCE"], sent), *attempts("F5", ["DOUBLE_CLAIM"], [claimed])]


async def unvisited(stage: Stage) -> list[Attempt]:
    """F6 United Kingdom 2018: those of high risk were visited least; here they are who is to be visited first."""
    firm, other = await joined(stage, "recycler"), await joined(stage, "recycler")
    lot = await stage.stock(firm, 1_000 * TONNE)
    await stage.play(firm, sending(stage, firm, other, lot, 100 * TONNE))
    await stage.play(
        other, taking(stage, firm, other, lot, 100 * TONNE, share(stage.random, 100 * TONNE, 500_000, 900_000))
    )
    async with stage.database.begin(None, Scope.RECORD) as record:
        found = await outcomes(record, stage.sequencer.controls.limits, "JP", stage.hands())
    first = [each.uri for each in found.visits[:10]]
    return [Attempt("F6", ("VISIT_FIRST",), "VISIT_FIRST" if other.uri in first else "")]


async def light_containers(stage: Stage) -> list[Attempt]:
    """F7 United Kingdom: non-target waste exported and noted with the rest, good bales in front."""
    one, other = await joined(stage, "recycler", "GB"), await joined(stage, "recycler")
    lot = await stage.stock(one, 100 * TONNE)
    sent = 25 * TONNE
    await stage.play(one, sending(stage, one, other, lot, sent))
    stage.forward(hours=2)
    got = await stage.play(other, taking(stage, one, other, lot, sent, share(stage.random, sent, 300_000, 945_000)))
    return attempts("F7", ["RECEIPT_MISMATCH"], got)


async def no_movement(stage: Stage) -> list[Attempt]:
    """F8 India 2020: cotton that is said to have moved 800 km, and never did."""
    one, other = await joined(stage, "recycler"), await joined(stage, "recycler", north=7)
    lot = await stage.stock(one, 100 * TONNE)
    await stage.play(one, sending(stage, one, other, lot, 20 * TONNE))
    stage.forward(minutes=stage.random.randint(5, 420))
    taken = await stage.play(other, taking(stage, one, other, lot, 20 * TONNE, 20 * TONNE))
    return attempts("F8", ["MOVE_IMPOSSIBLE"], taken)


async def points_of_origin(stage: Stage) -> list[Attempt]:
    """F9 used cooking oil: a point of origin that gives more than it can have."""
    firm, most = await joined(stage, "collector"), stage.random.randint(1, 5) * TONNE
    await stage.register(firm, permit_of(firm, "P-1", "collecting", most))
    grams = share(stage.random, most, 1_060_000, 10_000_000)
    making = Making(stage.new(), grams, PET, "loose", "post")
    return attempts("F9", ["CAPACITY_EXCEEDED"], await stage.play(firm, arrived(firm.at(stage.hands()), making)))


async def two_registers(stage: Stage) -> list[Attempt]:
    """F10 Poland 2016: proofs that were counted there were traded on."""
    firm = await joined(stage, "recycler")
    lot = await stage.stock(firm, 100 * TONNE)
    assert (await stage.claimed(firm, lot, "credit", 100 * TONNE, "PL")).code == ""
    again = await stage.claimed(firm, lot, "credit", stage.random.randint(1, 100) * TONNE, "AT")
    return attempts("F10", ["DOUBLE_CLAIM"], [again])


async def rewritten(stage: Stage) -> list[Attempt]:
    """F11 European Union 2025: records that were made up afterwards."""
    firm = await joined(stage, "recycler")
    at = stage.hands() - timedelta(days=stage.random.randint(31, 300))
    late = await stage.play(firm, arrived(firm.at(at), Making(stage.new(), 30 * TONNE, PET, "bale", "post")))
    event = arrived(firm.at(stage.hands()), Making(stage.new(), 30 * TONNE, PET, "bale", "post"))
    event["eventID"] = f"urn:uuid:{stage.random.getrandbits(32):08x}-0000-4000-8000-{stage.random.getrandbits(48):012x}"
    assert codes(await stage.play(firm, event)) == [""]
    event["quantityList"] = [{**event["quantityList"][0], "quantity": stage.random.randint(31_000, 90_000)}]
    return [
        *attempts("F11", ["LATE_REPORT"], late), *attempts("F11", ["DUPLICATE_EVENT"], await stage.play(firm, event))
    ]  # fmt: skip


async def misdeclared(stage: Stage) -> list[Attempt]:
    """F12 Malaysia 2019: bales of waste declared as film."""
    one, other = await joined(stage, "recycler"), await joined(stage, "recycler")
    lot = await stage.stock(one, 500 * TONNE)
    heading = stage.random.choice(["3920", "3920.10", "3921.90", "3907.61"])
    sent = await stage.play(one, sending(stage, one, other, lot, 20 * TONNE, hs=heading))
    gone = departed(one.at(stage.hands() - timedelta(seconds=2)), EXPORTING, {lot: 20 * TONNE}) | {"junkan:hs": heading}
    return attempts("F12", ["HS_MISMATCH"], [*sent, *await stage.play(one, gone)])


async def customs_differ(stage: Stage) -> list[Attempt]:
    """F13 United Kingdom 2018: tonnages at the border and on the notes that have nothing to do with each other."""
    one, other = await joined(stage, "recycler"), await joined(stage, "recycler")
    third = await joined(stage, "recycler", north=1)
    lots = [await stage.stock(each, 500 * TONNE) for each in (one, third)]
    sent = stage.random.randint(10, 25) * TONNE
    box = "CSQU3054383"
    await stage.play(one, sending(stage, one, other, lots[0], sent, container=box))
    twice = await stage.play(third, sending(stage, third, other, lots[1], sent, container=box))
    got = await stage.play(
        other, taking(stage, one, other, lots[0], sent, share(stage.random, sent, 1_060_000, 1_900_000))
    )
    stage.forward(days=4)  # the box is free again
    return [*attempts("F13", ["TRANSPORT_ID"], twice), *attempts("F13", ["RECEIPT_MISMATCH"], got)]


async def at_once(stage: Stage) -> list[Attempt]:
    """F14 United Kingdom 2026: many notes at the same instant on one balance; all but one are to fail."""
    firm, buyer = await joined(stage, "recycler"), await joined(stage, "manufacturer")
    lot = await stage.stock(firm, 100 * TONNE)
    tries = [sending(stage, firm, buyer, lot, 51 * TONNE + n) for n in range(stage.random.randint(3, 12))]
    answers = [heard for found in await asyncio.gather(*(stage.play(firm, each) for each in tries)) for heard in found]
    passed = [each for each in answers if not each.code]
    refused = attempts("F14", ["INSUFFICIENT_BALANCE"], [each for each in answers if each.code])
    return [*refused, *attempts("F14", ["INSUFFICIENT_BALANCE"], passed[1:])]


CASES: Final[tuple[Callable[[Stage], Awaitable[list[Attempt]]], ...]] = (
    no_machines, tampered_papers, shells, foreign_and_claimed, oversold, unvisited, light_containers, no_movement,
    points_of_origin, two_registers, rewritten, misdeclared, customs_differ, at_once,
)  # fmt: skip
