"""Rewriting: a record that is made up afterwards, changed, or cleared by who made it."""

from datetime import timedelta

from app.corpus.frauds.scene import Scene
from app.corpus.honest import PET, TONNE
from app.corpus.stating import Overwritten, SelfCleared
from traceability.composing import Making, arrived, wrong


def rewritten(scene: Scene) -> None:
    """F11 European Union 2025: records that cannot be reconstructed, because they were made up afterwards."""
    firm = scene.party("recycler", "JP")
    before = scene.moment - timedelta(days=scene.random.randint(31, 300))
    late = Making(scene.pen.identity(), 30 * TONNE, PET, "bale", "post")
    held = arrived(firm.at(before), late) | {"eventID": scene.pen.event_id()}
    scene.tell(firm, held, scene.caught("made up afterwards", "C14", "LATE_REPORT"))
    alone = scene.caught("cleared by who recorded it", "C33", "SECOND_PERSON_NEEDED")
    scene.does(firm, SelfCleared(held["eventID"]), alone, held["eventID"])
    made = Making(scene.pen.identity(), 30 * TONNE, PET, "bale", "post")
    event = arrived(scene.at(firm), made) | {"eventID": scene.pen.event_id()}
    scene.tell(firm, event)
    grown = dict(event) | {
        "quantityList": [event["quantityList"][0] | {"quantity": scene.random.randint(31_000, 90_000)}]
    }
    scene.tell(firm, grown, scene.caught("the same event with another mass", "C36", "DUPLICATE_EVENT"))
    changed = scene.caught("a row changed in the database", "C35", "CHAIN_BROKEN")
    scene.does(firm, Overwritten(event["eventID"]), changed, event["eventID"])
    scene.washes(firm, made.lot, 20 * TONNE, 14 * TONNE)
    back = wrong(event, event["eventID"], scene.moment)
    scene.tell(firm, back, scene.caught("taken back after it was used", "C36", "ALREADY_CONSUMED", "CORRECTION_HELD"))
