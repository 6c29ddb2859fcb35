"""Picking: lots of the stock ticked in a form, each with the mass that is taken of it."""

from collections.abc import Sequence
from typing import Any, Final

from app.formats import mass_input
from app.pages.forms.filling import Filled
from app.pages.passports import name_of
from traceability.holdings import Holding

MOST_LOTS: Final = 60


def ticked(lots: Sequence[Holding], lot: str, lang: str) -> dict[str, str]:
    """The fields of a form in which one lot is ticked with all that is free of it."""
    found = [each for each in lots if each.lot == lot]
    fields: dict[str, str] = {}
    for each in found:
        fields |= {f"use_{each.lot_id}": "yes", f"draw_{each.lot_id}": mass_input(each.free, "kg", lang)}
    return fields


def picks(form: Filled, lots: Sequence[Holding]) -> list[dict[str, Any]]:
    """The lots to pick from, those that are picked already first; the newest of the others."""
    t = form.t
    chosen = {each.lot_id for each in lots if form.get(f"use_{each.lot_id}") or form.get(f"draw_{each.lot_id}")}
    first = sorted(lots, key=lambda each: each.lot_id not in chosen)[: max(MOST_LOTS, len(chosen))]
    return [
        {"id": each.lot_id, "name": name_of(t, each.material, each.form), "day": t.day(each.made_on),
         "free": t.mass(each.free), "code": each.lot[-6:], "ticked": bool(form.get(f"use_{each.lot_id}")),
         "chosen": each.lot_id in chosen}
        for each in first
    ]  # fmt: skip


def drawn_of(form: Filled, lots: Sequence[Holding]) -> dict[str, int]:
    """Grams by lot of what is ticked or has a mass; a ticked lot without a mass is taken whole."""
    t, drawn = form.t, {}
    for each in lots:
        name, field = name_of(t, each.material, each.form), f"draw_{each.lot_id}"
        if not (form.get(f"use_{each.lot_id}") or form.get(field)):
            continue
        grams = form.grams(field, name) if form.get(field) else each.free
        if grams > each.free:
            form.say(field, t("record.more_than_free", name=name, mass=t.mass(each.free)))
        drawn[each.lot] = grams
    if not drawn:
        form.say("inputs", t("record.no_input"))
    return drawn
