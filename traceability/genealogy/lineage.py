"""Lineage: one lot's sources and everything made of it, to the gram, as far as a reader may be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import NotFound
from foundation.registry import Facility, Organisation
from traceability.genealogy.attributing import attributed, in_grams
from traceability.genealogy.walking import Ancestor, moves, trace
from traceability.tables import BalanceRow, LotRow
from traceability.visibility import Field, Reader, sees


@dataclass(frozen=True, slots=True)
class Related:
    """A lot up or down the chain; who made it and which one it is are None where this reader may not be told.

    `grams`: up the chain, how much of the asked lot came from it; down the chain, how much of the asked lot is in it.
    """

    lot: str | None
    token: str | None
    material: str
    form: str
    country: str | None
    organisation: str | None
    made_on: date | None
    depth: int
    grams: int
    leaf_index: int | None


@dataclass(frozen=True, slots=True)
class Held:
    """How much of the asked lot somebody holds now, inside which lot; all who may not be named as one."""

    organisation: str | None
    lot: str | None
    grams: int


@dataclass(frozen=True, slots=True)
class Lineage:
    """`sources` add up to `grams`; `made` names only what may be told; `complete`: False where the way is too long."""

    grams: int
    sources: tuple[Related, ...]
    made: tuple[Related, ...]
    held: tuple[Held, ...]
    complete: bool


async def lineage(record: AsyncSession, lot: LotRow, actor: Actor, reader: Reader) -> Lineage:
    """Where a lot came from and where it went; `record` has the record scope, fields are withheld here.

    Raises NotFound for a reader who is neither a party nor a regulator of a country of its chain.
    """
    if not sees(reader, Field.EVENTS):
        raise NotFound("There is nothing of this lot for you to see.", field="lot", value=lot.uri)
    back, forward = await trace(record, lot.id, "back"), await trace(record, lot.id, "forward")
    up, down = [each.lot_id for each in back.lots], [each.lot_id for each in forward.lots[1:]]
    parts = attributed(await moves(record, up), frozenset(up)).get(lot.id, {})
    within = attributed(await moves(record, down), frozenset(down)) if down else {}
    told = await _teller(record, [*back.lots, *forward.lots], actor, reader)
    grams = int(sum(parts.values()))
    from_each = in_grams(parts, grams)
    sources = [told.related(each, from_each[each.lot_id]) for each in back.lots if from_each.get(each.lot_id)]
    contained = {each: within.get(each, {}).get(lot.id, Fraction()) for each in down}
    made = [told.related(each, int(contained[each.lot_id])) for each in forward.lots[1:]]
    shares = {each: part / sum(within[each].values()) for each, part in contained.items() if part}
    held = await _held(record, {lot.id: Fraction(1), **shares}, told)
    known = [each for each in made if each.lot is not None]
    return Lineage(grams, _merged(sources), tuple(known), held, back.complete and forward.complete)


def _merged(sources: Sequence[Related]) -> tuple[Related, ...]:
    """The largest first; sources that are not to be told apart (same material, form and country) as one."""
    found: dict[tuple[str | None, ...], Related] = {}
    for each in sources:
        key = (each.lot, each.material, each.form, each.country)
        before = found.get(key)
        found[key] = each if before is None else replace(
            before, grams=before.grams + each.grams, depth=min(before.depth, each.depth)
        )  # fmt: skip
    return tuple(sorted(found.values(), key=lambda each: -each.grams))


async def _held(record: AsyncSession, shares: Mapping[int, Fraction], told: "_Teller") -> tuple[Held, ...]:
    """Who holds lots that contain the asked one, by its share in each."""
    rows = await record.execute(
        select(BalanceRow.holder, BalanceRow.lot_id, BalanceRow.free + BalanceRow.reserved, Organisation.name)
        .join(Organisation, Organisation.id == BalanceRow.holder)
        .where(BalanceRow.lot_id.in_(list(shares)), BalanceRow.free + BalanceRow.reserved > 0)
        .order_by(BalanceRow.lot_id, BalanceRow.holder)
    )
    own, others = [], Fraction()
    for holder, lot, grams, name in rows:
        if told.knows(holder):
            own.append(Held(name, told.uris[lot], int(shares[lot] * grams)))
        else:
            others += shares[lot] * grams
    return (*own, *([Held(None, None, int(others))] if others else []))


@dataclass(frozen=True, slots=True)
class _Teller:
    """What this reader may be told of each lot: all of it, or only what is the reader's own."""

    actor: Actor
    reader: Reader
    uris: Mapping[int, str]
    makers: Mapping[int, str]
    countries: Mapping[int, str]

    def knows(self, organisation: int) -> bool:
        return sees(self.reader, Field.UPSTREAM) or organisation == self.actor.organisation_id

    def related(self, each: Ancestor, grams: int) -> Related:
        open_ = self.knows(each.maker)
        return Related(
            each.lot if open_ else None, each.token if open_ else None, each.material, each.form,
            self.countries.get(each.facility_id or 0), self.makers[each.maker] if open_ else None,
            each.made_on if open_ else None, each.depth, grams, each.created_index if open_ else None,
        )  # fmt: skip


async def _teller(record: AsyncSession, lots: Sequence[Ancestor], actor: Actor, reader: Reader) -> _Teller:
    makers = await record.execute(
        select(Organisation.id, Organisation.name).where(Organisation.id.in_({each.maker for each in lots}))
    )
    places = await record.execute(
        select(Facility.id, Facility.country).where(
            Facility.id.in_({each.facility_id for each in lots if each.facility_id is not None})
        )
    )
    uris = {each.lot_id: each.lot for each in lots}
    return _Teller(actor, reader, uris, {row.id: row.name for row in makers}, {row.id: row.country for row in places})
