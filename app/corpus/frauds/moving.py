"""Moving: goods that never moved, went to nobody, or crossed a border as something else."""

from app.corpus.frauds.scene import Scene
from app.corpus.honest import TONNE
from app.corpus.stating import Certified
from traceability.composing import departed, shipped
from traceability.ledger.interpretation import EXPORTING


def no_movement(scene: Scene) -> None:
    """F8 India 2020: cotton that is said to have moved 800 km, and never did; a shipper that does not exist."""
    one = scene.party("recycler", "IN")
    other = scene.near(one, "recycler", south=7)
    lot, grams = scene.stock(one, 200 * TONNE), scene.tonnes(5, 25)
    scene.sends(one, other, lot, grams)
    scene.forward(minutes=scene.random.randint(5, 420))
    fast = scene.caught("800 km in no time", "C13", "MOVE_IMPOSSIBLE")
    scene.takes(other, one, lot, (grams, grams), fast)
    nobody = scene.caught("a company that does not exist", "C26", "unknown_destination")
    event = shipped(scene.at(one), one.uri, scene.pen.identity(), {lot: grams})
    scene.tell(one, event, nobody)
    body, mass = scene.party("certifier", "IN"), 200 * TONNE
    number = scene.pen.identity()[-12:]
    forged = scene.caught("one certificate's number twice", "C23", "CONFLICT")
    for admitted, truth in ((mass, None), (0, forged)):
        paper = Certified(one.uri, one.facility, lot, other.uri, admitted, grams, number)
        scene.does(body, paper, truth, lot, one.uri)


def misdeclared(scene: Scene) -> None:
    """F12 Malaysia 2019: bales of waste declared as film."""
    one, other = scene.party("recycler", "JP"), scene.party("recycler", "MY")
    lot = scene.stock(one, 500 * TONNE)
    heading = scene.random.choice(["3920", "3920.10", "3921.90", "3907.61"])
    film = scene.caught("waste declared as film", "C19", "HS_MISMATCH")
    scene.sends(one, other, lot, 20 * TONNE, film, hs=heading)
    gone = departed(scene.at(one), EXPORTING, {lot: 20 * TONNE}) | {"junkan:hs": heading}
    scene.tell(one, gone, scene.caught("exported as film", "C19", "HS_MISMATCH"))
