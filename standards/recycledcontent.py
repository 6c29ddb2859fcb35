"""Recycled content by ISO 14021: which components count, which do not and why, and the share they make."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import assert_never

from standards.quantities import Rounding, exact, rounded


class ContentClass(StrEnum):
    """What a component is; the catalogue's code list `content-classes`."""

    POST_CONSUMER = "post_consumer"
    PRE_CONSUMER = "pre_consumer"
    RECYCLATE_BLEND = "recyclate_blend"
    SAME_PROCESS_REWORK = "same_process_rework"
    BY_PRODUCT = "by_product"
    ADDITIVE = "additive"
    VIRGIN = "virgin"
    UNKNOWN = "unknown"


class ContentError(ValueError):
    """A component cannot be what it says: shares beyond the whole, no mass; the sentence names it."""


@dataclass(frozen=True)
class Component:
    """One component of a product in grams.

    `proven`: somebody signed for its origin (evidence E1 or more); without it, material counts zero.
    `recycled_pct` and `post_consumer_pct` are the stated shares of a bought compound.
    """

    name: str
    content: ContentClass
    grams: int
    proven: bool = False
    recycled_pct: Decimal = Decimal(0)
    post_consumer_pct: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        if self.grams < 0 or not 0 <= self.post_consumer_pct <= self.recycled_pct <= 100:
            raise ContentError(f"{self.name}: mass and shares must satisfy 0 <= post-consumer <= recycled <= 100 %")


@dataclass(frozen=True)
class RecycledContent:
    """The shares in percent, cut (never rounded up) to two places; what was left out and why; flags."""

    recycled_pct: Decimal
    post_consumer_pct: Decimal
    pre_consumer_pct: Decimal
    excluded: tuple[tuple[str, str], ...]
    flags: tuple[str, ...]


def recycled_content(components: Sequence[Component], declared_pct: Decimal | None = None) -> RecycledContent:
    """Recycled mass over total mass (ISO 14021): additives stay in the total, rework and by-products count zero.

    Flags DECLARED_ABOVE_COMPUTED where a declared share exceeds the exact one. ContentError for no mass at all.
    """
    total = sum(component.grams for component in components)
    if total == 0:
        raise ContentError("a product without mass has no recycled content")
    post = pre = Fraction(0)
    excluded: list[tuple[str, str]] = []
    for component in components:
        post_part, pre_part, reason = _counted(component)
        post, pre = post + post_part, pre + pre_part
        if reason is not None:
            excluded.append((component.name, reason))
    shares = [100 * mass / total for mass in (post + pre, post, pre)]
    cut = [rounded(share, 2, Rounding.DOWN) for share in shares]
    above = declared_pct is not None and exact(declared_pct) > shares[0]
    return RecycledContent(cut[0], cut[1], cut[2], tuple(excluded), ("DECLARED_ABOVE_COMPUTED",) if above else ())


def _counted(component: Component) -> tuple[Fraction, Fraction, str | None]:
    """(post-consumer grams, pre-consumer grams, why it is left out if it is)."""
    nothing, whole = Fraction(0), Fraction(component.grams)
    match component.content:
        case ContentClass.POST_CONSUMER:
            answer = (whole, nothing, None) if component.proven else (nothing, nothing, "NO_ORIGIN_EVIDENCE")
        case ContentClass.PRE_CONSUMER:
            answer = (nothing, whole, None) if component.proven else (nothing, nothing, "NO_ORIGIN_EVIDENCE")
        case ContentClass.RECYCLATE_BLEND:
            post, recycled = exact(component.post_consumer_pct), exact(component.recycled_pct)
            answer = (whole * post / 100, whole * (recycled - post) / 100, None)
        case ContentClass.SAME_PROCESS_REWORK:
            answer = (nothing, nothing, "SAME_PROCESS")
        case ContentClass.BY_PRODUCT:
            answer = (nothing, nothing, "BY_PRODUCT")
        case ContentClass.UNKNOWN:
            answer = (nothing, nothing, "NO_ORIGIN_EVIDENCE")
        case ContentClass.ADDITIVE | ContentClass.VIRGIN:
            answer = (nothing, nothing, None)
        case _:
            assert_never(component.content)
    return answer
