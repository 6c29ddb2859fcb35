"""Visibility: what each reader may see of a trace, as one table, applied in one place."""

from enum import StrEnum
from typing import Final


class Reader(StrEnum):
    """How somebody stands to a lot."""

    PUBLIC = "public"
    STRANGER = "stranger"  # another organisation: perhaps a competitor
    PARTY = "party"  # made it, holds it, or trades it
    REGULATOR = "regulator"  # of a country where a step of the chain happened
    REGULATOR_ELSEWHERE = "regulator_elsewhere"


class Field(StrEnum):
    """What can be told."""

    MATERIAL = "material"
    COUNTRY = "country"
    RECYCLED_CONTENT = "recycled_content"
    CERTIFICATE = "certificate"
    MEASUREMENT = "measurement"
    CHAIN = "chain"  # that there are steps, how many, of what kind
    MASS_OF_LOT = "mass_of_lot"
    MASS_OF_STEP = "mass_of_step"
    DAY = "day"  # the exact day (else the month)
    MAKER = "maker"  # who made the lot
    UPSTREAM = "upstream"  # who made the lots it was made of: a party sees one step up at most
    EVENTS = "events"  # the events behind each step


_ALL: Final = frozenset(Field)
_OPEN: Final = frozenset(
    {Field.MATERIAL, Field.COUNTRY, Field.RECYCLED_CONTENT, Field.CERTIFICATE, Field.CHAIN, Field.MASS_OF_LOT}
)
SEES: Final[dict[Reader, frozenset[Field]]] = {
    Reader.PUBLIC: _OPEN,
    Reader.STRANGER: _OPEN,
    Reader.PARTY: _OPEN | {Field.MEASUREMENT, Field.DAY, Field.MAKER, Field.EVENTS},
    Reader.REGULATOR: _ALL,
    Reader.REGULATOR_ELSEWHERE: _OPEN | {Field.DAY},
}


def sees(reader: Reader, field: Field) -> bool:
    """Whether this reader may be told this."""
    return field in SEES[reader]
