"""Stages: the lots of a chain that are alike, told as one to each reader, from collection to the lot itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from foundation.registry import Organisation
from traceability.genealogy.walking import Ancestor
from traceability.tables import EventRow
from traceability.visibility import Field, Reader, sees

STAGES: Final = 40


@dataclass(frozen=True, slots=True)
class Stage:
    """Lots of the chain that are alike: same step, form and country, the same number of transformations away."""

    depth: int
    biz_step: str
    material: str
    form: str
    country: str | None
    lots: int
    first_day: date
    last_day: date
    organisation: str | None
    grams: int | None
    event_index: int | None
    token: str | None


def stages_of(
    lots: Sequence[Ancestor], events: dict[int, EventRow], places: dict[int, str], makers: dict[int, Organisation],
    grams: dict[int, int], reader: Reader,
) -> tuple[Stage, ...]:  # fmt: skip
    """Lots that are alike told as one, from collection to the lot itself."""
    groups: dict[tuple[int, str, str, str, str | None], list[Ancestor]] = {}
    for each in lots:
        event = events.get(each.created_index)
        step = (event.biz_step or "") if event is not None else ""
        groups.setdefault((each.depth, step, each.material, each.form, places.get(each.lot_id)), []).append(each)
    return tuple(
        _stage(key, members, makers, grams, reader)
        for key, members in sorted(groups.items(), key=lambda group: (-group[0][0], str(group[0])))
    )[-STAGES:]


def _stage(
    key: tuple[int, str, str, str, str | None], members: list[Ancestor], makers: dict[int, Organisation],
    grams: dict[int, int], reader: Reader,
) -> Stage:  # fmt: skip
    depth, step, material, form, country = key
    names = {makers[each.maker].name for each in members if _named(makers[each.maker], depth, reader)}
    open_here = sees(reader, Field.EVENTS) and (depth == 0 or sees(reader, Field.UPSTREAM))
    alone = members[0] if len(members) == 1 and open_here else None
    return Stage(
        depth=depth, biz_step=step, material=material, form=form, country=country, lots=len(members),
        first_day=min(each.made_on for each in members), last_day=max(each.made_on for each in members),
        organisation=names.pop() if len(names) == 1 else None,
        grams=sum(grams.get(each.lot_id, 0) for each in members) if sees(reader, Field.MASS_OF_STEP) else None,
        event_index=alone.created_index if alone else None, token=alone.token if alone else None,
    )  # fmt: skip


def _named(maker: Organisation, depth: int, reader: Reader) -> bool:
    if depth == 0:
        return maker.name_public or sees(reader, Field.MAKER)
    return maker.name_public or sees(reader, Field.UPSTREAM)
