"""Paging: where a page ended, as an opaque text that only we read; what comes in meanwhile moves nothing."""

import base64
import binascii
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Final, Protocol, TypeVar

import msgspec

from foundation.errors import Invalid

MOST: Final = 100
LARGEST_ID: Final = 2**63 - 1


class _Numbered(Protocol):
    """A row that has an id."""

    @property
    def id(self) -> int: ...


R = TypeVar("R", bound=_Numbered)


def opaque(*values: str) -> str:
    """A cursor that holds these values."""
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


def values_of(cursor: str, count: int) -> tuple[str, ...]:
    """The values of a cursor of ours. Raises Invalid for anything else."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=tuple[str, ...])
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        values = ()
    if len(values) != count:
        raise foreign(cursor)
    return values


def foreign(cursor: str) -> Invalid:
    """The refusal of a cursor that is not ours."""
    return Invalid("This is no page of ours.", field="cursor", value=cursor, fix="Use the cursor as it was given.")


def id_of(value: str, cursor: str) -> int:
    """A row's id from a cursor. Raises Invalid."""
    if not (value.isascii() and value.isdigit() and int(value[:20]) <= LARGEST_ID):
        raise foreign(cursor)
    return int(value)


def price_of(value: str, cursor: str) -> Decimal:
    """A price from a cursor. Raises Invalid."""
    try:
        price = Decimal(value)
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or len(value) > 30:
        raise foreign(cursor)
    return price


def before(cursor: str) -> int:
    """Lists that go by id downwards: the id below which the next page begins. Raises Invalid."""
    return id_of(values_of(cursor, 1)[0], cursor) if cursor else LARGEST_ID


def cut(rows: Sequence[R], size: int) -> tuple[list[R], str | None]:
    """The page's rows and the next cursor, from one row more than the page holds."""
    page = list(rows[:size])
    return page, opaque(str(page[-1].id)) if len(rows) > size else None
