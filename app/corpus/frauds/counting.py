"""Counting: masses that the two sides of a shipment, the customs or a race of notes count differently."""

from app.corpus.frauds.scene import MINUTE, Scene
from app.corpus.honest import TONNE
from app.corpus.shipping import container
from app.corpus.stating import AtOnce, Ranked
from traceability.composing import document, shipped


def unvisited(scene: Scene) -> None:
    """F6 United Kingdom 2018: those of high risk were visited least; here they are who is to be visited first."""
    firm = scene.party("recycler", "GB")
    other = scene.near(firm, "recycler")
    lot = scene.stock(firm, 1_000 * TONNE)
    for _ in range(3):
        scene.sends(firm, other, lot, 25 * TONNE)
        scene.forward(hours=3)
        short = scene.share(25 * TONNE, 300_000, 900_000)
        light = scene.caught("lighter than sent", "C24", "RECEIPT_MISMATCH")
        scene.takes(other, firm, lot, (25 * TONNE, short), light)
    scene.forward(hours=1)
    first = scene.caught("high risk, never visited", "C38", "VISIT_FIRST")
    scene.does(scene.party("regulator", "GB"), Ranked("GB", other.uri), first, other.uri)


def contaminated(scene: Scene) -> None:
    """F7 United Kingdom: waste bales at the back and good bales in front, exported and noted as all good."""
    firm, buyer = scene.party("recycler", "GB"), scene.party("recycler", "MY")
    scene.permits(firm, 100 * TONNE, "reprocessing")
    lot, sent = scene.stock(firm, 200 * TONNE), 25 * TONNE
    whole = scene.caught("non-target waste noted with the rest", "C08", "CALC_MISMATCH")
    scene.claims(firm, lot, "epr", sent, "GB", whole)
    scene.sends(firm, buyer, lot, sent, mode="sea", container=container(scene.pen))
    scene.forward(days=scene.random.randint(25, 40))
    scene.takes(buyer, firm, lot, (sent, sent))
    scene.tomorrow(buyer)
    clean = scene.share(sent, 150_000, 440_000)
    scene.washes(buyer, lot, sent, clean, scene.caught("waste behind good bales", "C02", "YIELD_IMPLAUSIBLE"))
    light = scene.near(firm, "recycler")
    scene.sends(firm, light, lot, sent)
    scene.forward(hours=6)
    got = scene.share(sent, 300_000, 945_000)
    scene.takes(light, firm, lot, (sent, got), scene.caught("lighter than noted", "C24", "RECEIPT_MISMATCH"))


def customs_differ(scene: Scene) -> None:
    """F13 United Kingdom 2018: tonnages at the border and on the notes that have nothing to do with each other."""
    one = scene.party("recycler", "JP")
    third, other = scene.near(one, "recycler"), scene.near(one, "recycler")
    lots = [scene.stock(each, 500 * TONNE) for each in (one, third)]
    sent, box = scene.tonnes(10, 25), container(scene.pen)
    scene.sends(one, other, lots[0], sent, container=box)
    scene.forward(hours=scene.random.randint(1, 60))
    both = scene.caught("one container at two places", "C18", "TRANSPORT_ID")
    scene.sends(third, other, lots[1], sent, both, container=box)
    got = scene.share(sent, 1_060_000, 1_900_000)
    scene.takes(other, one, lots[0], (sent, got), scene.caught("heavier than sent", "C24", "RECEIPT_MISMATCH"))
    partly, counted = scene.stock(one, 500 * TONNE), scene.stock(one, 500 * TONNE)
    scene.sends(one, other, partly, sent)
    scene.forward(hours=5)
    less = scene.share(sent, 300_000, 800_000)
    restated = scene.caught("the receiver restates what was sent", "C24", "RECEIPT_MISMATCH")
    scene.takes(other, one, partly, (less, less), restated)
    declared = scene.caught("customs counted less", "C24", "CUSTOMS_MISMATCH")
    scene.sends(one, other, counted, sent, declared, customs=sent // 3)


def raced(scene: Scene) -> None:
    """F14 United Kingdom 2026: many notes at the same instant on one balance; all but one are to fail."""
    firm, buyer = scene.party("recycler", "GB"), scene.party("manufacturer", "GB")
    lot = scene.stock(firm, 100 * TONNE)
    grams = [51 * TONNE + n for n in range(scene.random.randint(3, 12))]
    events = [shipped(scene.at(firm), firm.uri, buyer.uri, {lot: each}) for each in grams]
    raws = tuple(document([each], scene.moment + MINUTE) for each in events)
    race = scene.caught("notes at the same instant", "C06", "INSUFFICIENT_BALANCE")
    scene.does(firm, AtOnce(raws), race, lot)
