"""Inventing: material that never was, by plants that cannot have made it and firms that hardly exist."""

from app.corpus.frauds.scene import Scene
from app.corpus.honest import PET, TONNE
from app.corpus.stating import Certified, Marked, Stated
from traceability.composing import Making, arrived
from traceability.ledger.interpretation import RECYCLING
from traceability.sites.registering import Meter


def no_machines(scene: Scene) -> None:
    """F1 India 2023: certificates of plants with neither the capacity, nor the input, nor a power line."""
    firm, capacity = scene.party("recycler", "IN"), scene.tonnes(5, 50)
    scene.permits(firm, capacity, "reprocessing")
    lot = scene.stock(firm, 10_000 * capacity)
    scene.claims(
        firm, lot, "epr", capacity, "IN", scene.caught("evidence without a process", "C04", "NO_BACKING_INPUT")
    )
    grams = scene.share(capacity, 1_060_000, 8_000_000)
    scene.tomorrow(firm)
    scene.washes(firm, lot, grams, grams * 7 // 10, scene.caught("above the permit", "C03", "CAPACITY_EXCEEDED"))
    grams = capacity // 4
    more = scene.share(grams, 1_010_000, 4_000_000)
    scene.washes(firm, lot, grams, more, scene.caught("out of nothing", "C01", "MASS_CREATED"))
    much = scene.share(grams, 955_000, 1_000_000)
    scene.washes(firm, lot, grams, much, scene.caught("yield of no plant", "C02", "YIELD_IMPLAUSIBLE"))
    _unpowered(scene)
    _unread(scene)


def _unpowered(scene: Scene) -> None:
    """The machines have no electricity."""
    firm, capacity = scene.party("recycler", "IN"), scene.tonnes(5, 50)
    scene.permits(firm, capacity, "reprocessing")
    lot, drawn = scene.stock(firm, 100 * capacity), capacity // 2
    scene.washes(firm, lot, drawn, drawn * 7 // 10)
    day = scene.moment.astimezone(firm.zone).date()
    scene.tomorrow(firm)
    used = scene.share(drawn * 7 // 10 * 150 // 1_000, 0, 950_000)
    scene.does(firm, Stated(Meter(firm.facility, day, day, used)))
    scene.washes(firm, lot, drawn, drawn * 7 // 10, scene.caught("no power", "C05", "ENERGY_IMPLAUSIBLE"))


def _unread(scene: Scene) -> None:
    """Nobody ever reads the meter."""
    firm, capacity = scene.party("recycler", "IN"), scene.tonnes(5, 50)
    scene.permits(firm, capacity, "reprocessing")
    lot, drawn = scene.stock(firm, 100 * capacity), capacity // 8
    scene.washes(firm, lot, drawn, drawn * 7 // 10)
    scene.forward(days=scene.random.randint(62, 90))
    scene.washes(firm, lot, drawn, drawn * 7 // 10, scene.caught("meter never read", "C05", "ENERGY_IMPLAUSIBLE"))


def tampered_papers(scene: Scene) -> None:
    """F2 India: one invoice and one photograph under the goods of several; machines other than those registered."""
    one, other, buyer = (scene.party("recycler", "IN") for _ in range(3))
    lots = [scene.stock(each, 100 * TONNE) for each in (one, other)]
    invoice, ticket = scene.pen.identity(), f"{scene.random.getrandbits(256):064x}"
    scene.sends(one, buyer, lots[0], TONNE, invoice=invoice, documents=[ticket])
    grams = scene.tonnes(1, 20)
    photo = scene.caught("another's weighing ticket", "C21", "DOC_REUSED")
    scene.sends(other, buyer, lots[1], grams, photo, documents=[ticket])
    paper = scene.caught("another's invoice", "C20", "INVOICE_REUSED")
    scene.sends(other, buyer, lots[1], grams, paper, invoice=invoice)
    scene.permits(one, 50 * TONNE, "reprocessing")
    machines = scene.caught("machines of another kind", "C22", "PERMIT_SCOPE")
    scene.washes(one, lots[0], TONNE, TONNE * 97 // 100, machines, step=RECYCLING)
    small = scene.caught("invoice of less than what is sent", "C20", "INVOICE_SHORT")
    scene.sends(one, buyer, lots[0], grams, small, invoice=scene.pen.identity(), invoiced=grams // 10)


def shells(scene: Scene) -> None:
    """F3 United Kingdom 2023: firms set up for the fraud alone, whose waste never existed."""
    shell, sister = scene.party("recycler", "GB"), scene.party("recycler", "GB")
    lot = scene.stock(shell, 10_000 * TONNE)
    unknown = scene.caught("evidence of no accredited site", "C31", "PERMIT_MISSING")
    scene.claims(shell, lot, "epr", scene.tonnes(1, 900), "GB", unknown)
    for firm in (shell, sister):
        scene.does(firm, Marked("owner", f"Director {scene.random.getrandbits(40)} of {scene.case}"))
    director = f"Director {scene.random.getrandbits(60)}"
    for firm in (shell, sister):
        scene.does(firm, Marked("owner", director))
    scene.sends(shell, sister, lot, 20 * TONNE)
    scene.forward(days=1)
    scene.takes(
        sister, shell, lot, (20 * TONNE, 20 * TONNE), scene.caught("one owner on both sides", "C27", "RELATED_PARTY")
    )
    _full_at_once(scene)
    _more_certified(scene)
    ghost = scene.party("collector", "GB")
    making = Making(scene.pen.identity(), scene.tonnes(500, 900), PET, "loose", "post")
    never = scene.caught("waste that never was, collected without a permit", "C31", "PERMIT_MISSING", "PERMIT_SCOPE")
    scene.tell(ghost, arrived(scene.at(ghost), making), never)


def _full_at_once(scene: Scene) -> None:
    """A new plant that nobody visited runs full from its first day: within a quarter of a month it is too much."""
    firm, capacity = scene.party("recycler", "GB"), scene.tonnes(10, 80)
    scene.permits(firm, capacity, "reprocessing")
    lot = scene.stock(firm, 10_000 * TONNE)
    for day in range(8):
        scene.tomorrow(firm)
        grams = scene.share(capacity, 950_000, 1_000_000)
        ramp = scene.caught("full from the first day", "C30", "RAMP") if day == 7 else None
        scene.washes(firm, lot, grams, grams * 7 // 10, ramp)


def _more_certified(scene: Scene) -> None:
    """Transaction certificates for more than the lot."""
    body, firm, buyer = scene.party("certifier", "GB"), scene.party("recycler", "GB"), scene.party("manufacturer", "GB")
    lot, mass = scene.stock(firm, 50 * TONNE), 50 * TONNE
    asked = [
        (mass * 3 // 4, mass, None),
        (mass // 2, 0, scene.caught("certified beyond the lot", "C23", "NOT_CERTIFIABLE")),
    ]
    for grams, admitted, truth in asked:
        number = scene.pen.identity()[-12:]
        paper = Certified(firm.uri, firm.facility, lot, buyer.uri, admitted, grams, number)
        scene.does(body, paper, truth, lot, firm.uri)


def points_of_origin(scene: Scene) -> None:
    """F9 used cooking oil: points of origin that give more than they can have, claimed more than once."""
    firm, most = scene.party("collector", "MY"), scene.tonnes(1, 5)
    scene.permits(firm, most, "collecting")
    making = Making(scene.pen.identity(), scene.share(most, 1_060_000, 10_000_000), PET, "loose", "post")
    over = scene.caught("a point of origin above its permit", "C03", "CAPACITY_EXCEEDED")
    scene.tell(firm, arrived(scene.at(firm), making), over)
    lot, mass = scene.stock(firm, 100 * TONNE), 100 * TONNE
    scene.claims(firm, lot, "credit", scene.share(mass, 500_000, 1_000_000), "NL")
    again = scene.caught("one mass balance, several claims", "C07", "DOUBLE_CLAIM")
    scene.claims(firm, lot, "credit", scene.share(mass, 510_000, 1_000_000), "DE", again)
    uncapped = scene.party("collector", "MY")
    scene.permits(uncapped, None, "collecting")
    cap = scene.caught("a point of origin without a limit", "C02", "YIELD_IMPLAUSIBLE", "CAPACITY_EXCEEDED")
    for _ in range(3):
        scene.forward(hours=1)
        making = Making(scene.pen.identity(), scene.tonnes(300, 900), PET, "loose", "post")
        scene.tell(uncapped, arrived(scene.at(uncapped), making), cap)
