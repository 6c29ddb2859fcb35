"""Counting: a stock-take against the book, by what the schemes of a facility's accounts let them differ."""

from collections.abc import Iterable, Mapping
from typing import Final

from standards.plausibility import Finding
from standards.trade.massbalance import Scheme
from traceability.ledger.book import Book
from traceability.ledger.movements import Part
from traceability.ledger.outcomes import Speaker, Surroundings

OFF: Final = "BOOK_STOCK_DEVIATION"


def subject_of(material: str, scheme: str) -> str:
    """How a finding names the account that it speaks of."""
    return f"{material}~{scheme}"


def deviations(
    book: Book, parts: Iterable[Part], speaker: Speaker, around: Surroundings, schemes: Mapping[str, Scheme]
) -> tuple[Finding, ...]:
    """C44: of each material counted, the schemes that it has an account of there and that its books lie too far from.

    The book is what the ledger has of the lots that were counted; a scheme without a known tolerance decides nothing.
    """
    sums: dict[str, tuple[int, int]] = {}
    for part in parts:
        material, held = book.known(part.lot).material, book.position(part.lot, speaker.organisation).total
        had, counted = sums.get(material, (0, 0))
        sums[material] = had + held, counted + part.grams
    return tuple(
        Finding("C44", OFF, "FLAG", None, counted, had, "g", subject_of(key.material, key.scheme))
        for key, periods in sorted(book.accounts.periods.items())
        if key.facility == speaker.facility and key.material in sums and min(periods) <= around.on
        for had, counted in (sums[key.material],)
        if key.scheme in schemes and schemes[key.scheme].beyond(had, counted, around.on)
    )
