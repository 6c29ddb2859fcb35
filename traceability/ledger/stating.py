"""Stating: what an event says in our own words, of lots by their one key: material, custody, kinds, losses, weights."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from standards.quantities import QuantityError, grams_of
from traceability.events import Event, QuantityElement
from traceability.identifiers import canonical_key
from traceability.ledger.accounts import Grams
from traceability.ledger.book import OUTSIDE
from traceability.ledger.movements import NewLot, Part
from traceability.ledger.origins import Consumer, Split, consumer_of
from traceability.refusals import Incomplete, SplitDiffers, UnitRefused

SINKS: Final = frozenset(a for a in OUTSIDE if a.split(":")[0] in {"loss", "residue", "energy", "landfill"})


class Own:
    """Our extension of one event: facts that EPCIS has no field for, under the document's prefix for our namespace."""

    def __init__(self, prefix: str, event: Event) -> None:
        self.prefix = prefix
        self.extensions: Mapping[str, Any] = event.extensions
        self.ilmd: Mapping[str, Any] = getattr(event, "ilmd", None) or {}
        rows = _rows(self.extensions.get(f"{prefix}:lots"))
        self.lots = {canonical_key(str(row.get(f"{prefix}:lot"))): row for row in rows}
        # Whether this event means to enter our ledger: it states a material or a form.
        keys = {f"{prefix}:material", f"{prefix}:form", f"{prefix}:lots"}
        self.speaks = not keys.isdisjoint(self.ilmd) or not keys.isdisjoint(self.extensions)

    def _stated(self, lot: str) -> tuple[Mapping[str, Any], ...]:
        """What is stated of this lot, then what is stated of all that the event brings."""
        return self.lots.get(lot, {}), self.ilmd, self.extensions

    def text(self, name: str, lot: str = "") -> str | None:
        """A word stated for this lot, else for the whole event."""
        key = f"{self.prefix}:{name}"
        for facts in self._stated(lot):
            value = facts.get(key)
            if isinstance(value, str) and value:
                return value
        return None

    def grams(self, element: QuantityElement, pointer: str) -> int | None:
        if element.quantity is None or element.uom is None:
            return None
        return _grams(element.quantity, element.uom, pointer, refuse=self.speaks)

    def parts(self, elements: Sequence[QuantityElement], pointer: str, least: int = 1) -> tuple[Part, ...] | None:
        """All quantities in grams, summed per lot; None where one of them is no mass of at least so much."""
        sums: dict[str, int] = {}
        for at, element in enumerate(elements):
            grams = self.grams(element, f"{pointer}/{at}")
            if grams is None or grams < least:
                return None
            lot = canonical_key(element.epc_class)
            sums[lot] = sums.get(lot, 0) + grams
        return tuple(Part(lot, grams) for lot, grams in sums.items())

    def new_lots(self, elements: Sequence[QuantityElement], pointer: str) -> tuple[NewLot, ...]:
        lots = []
        for at, element in enumerate(elements):
            lot = canonical_key(element.epc_class)
            grams = self.grams(element, f"{pointer}/{at}")
            if not grams or grams < 0:
                raise Incomplete(
                    "A lot comes into being without a mass.", field=f"{pointer}/{at}/quantity",
                    value=element.quantity, fix="State its mass, for example quantity 1250 with uom KGM.",
                )  # fmt: skip
            consumer, split = self.kinds(lot, grams)
            material, form, custody = (self.text(name, lot) for name in ("material", "form", "custody"))
            country, scheme, credited = self.text("country", lot), self.text("scheme", lot), self.credited(lot)
            lots.append(NewLot(lot, grams, material, form, custody, consumer, country, credited, scheme, split))
        return tuple(lots)

    def kinds(self, lot: str, grams: int) -> tuple[Consumer, Split]:
        """The kind of waste of a lot, or the grams of each: whichever stands nearest to it. Raises Incomplete."""
        consumer, split = f"{self.prefix}:consumer", f"{self.prefix}:split"
        facts = next((each for each in self._stated(lot) if not {consumer, split}.isdisjoint(each)), {})
        if split not in facts:
            return self._kind(self.text("consumer", lot) or "unknown", consumer), ()
        if consumer in facts:
            raise Incomplete(
                "A lot is of one kind or split into several, not both.", field=consumer, lot=lot,
                value=str(facts[consumer])[:40], fix="State the kind or the split, and leave the other out.",
            )  # fmt: skip
        sums: dict[Consumer, int] = {}
        for at, row in enumerate(_rows(facts[split])):
            kind = self._kind(row.get(consumer), f"{split}/{at}/consumer")
            sums[kind] = sums.get(kind, 0) + self.mass(row, f"{split}/{at}")
        if (total := sum(sums.values())) != grams:
            raise SplitDiffers(
                f"The kinds of lot {lot} add up to {total} g, it has {grams} g.", field=split, value=total, lot=lot,
                total=total, grams=grams, fix="State grams of each kind that add up to the mass of the lot.",
            )  # fmt: skip
        return "unknown", tuple((kind, part) for kind, part in sums.items() if part)

    def _kind(self, word: object, field: str) -> Consumer:
        try:
            return consumer_of(word)
        except ValueError as error:
            fix = "Use post, pre, virgin or unknown."
            raise Incomplete(f"{error}.", field=field, value=str(word)[:40], fix=fix) from error

    def credited(self, lot: str) -> Grams:
        """What a lot claims of its account: `<prefix>:credited` = [{consumer, quantity, uom}], post or pre."""
        sums = {"pre": 0, "post": 0}
        for at, row in enumerate(_rows(self.lots.get(lot, {}).get(f"{self.prefix}:credited"))):
            kind = str(row.get(f"{self.prefix}:consumer"))
            if kind not in sums:
                sentence = "A claim on an account is of one kind."
                raise Incomplete(sentence, field="credited", lot=lot, value=kind, fix="Use post or pre.")
            sums[kind] += self.mass(row, f"credited/{at}")
        return Grams(**sums)

    def sinks(self) -> tuple[tuple[str, int], ...]:
        """Stated losses and residues: `<prefix>:sinks` = [{account, quantity, uom}]."""
        sums: dict[str, int] = {}
        for at, row in enumerate(_rows(self.extensions.get(f"{self.prefix}:sinks"))):
            pointer, account = f"/{self.prefix}:sinks/{at}", row.get(f"{self.prefix}:account")
            if account not in SINKS:
                raise Incomplete(
                    "A loss or residue needs an account.", field=pointer, value=str(account),
                    fix=f"Use one of {', '.join(sorted(SINKS))}.",
                )  # fmt: skip
            sums[account] = sums.get(account, 0) + self.mass(row, pointer)
        return tuple((account, grams) for account, grams in sums.items() if grams)

    def dispatched(self) -> Mapping[str, int]:
        """The sender's weights that a receipt answers: `<prefix>:dispatched` = [{lot, quantity, uom}]."""
        sums: dict[str, int] = {}
        for at, row in enumerate(_rows(self.extensions.get(f"{self.prefix}:dispatched"))):
            lot = canonical_key(str(row.get(f"{self.prefix}:lot")))
            sums[lot] = sums.get(lot, 0) + self.mass(row, f"/{self.prefix}:dispatched/{at}")
        return sums

    def mass(self, row: Mapping[str, Any], pointer: str) -> int:
        """The grams that a row of ours states; below zero they would make mass of nothing."""
        value = row.get(f"{self.prefix}:quantity")
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0:
            fix = "State a quantity, not below zero."
            raise Incomplete("A mass is missing.", field=pointer, value=str(value)[:40], fix=fix)
        return _grams(Decimal(value), str(row.get(f"{self.prefix}:uom", "KGM")), pointer, refuse=True) or 0


def _rows(listed: object) -> Sequence[Mapping[str, Any]]:
    """The rows of a list of ours; one alone is a list of one, and what is no row states nothing."""
    rows = listed if isinstance(listed, Sequence) and not isinstance(listed, str) else (listed,)
    return [row if isinstance(row, Mapping) else {} for row in rows if row is not None]


def _grams(value: Decimal, uom: str, pointer: str, *, refuse: bool) -> int | None:
    try:
        return grams_of(value, uom)
    except QuantityError as error:
        if not refuse:
            return None
        raise UnitRefused(
            f"{value} {uom} is no mass exact to the gram.", field=f"{pointer}/uom", value=uom,
            fix="State the mass in KGM (kilograms), TNE (tonnes) or GRM (grams).",
        ) from error  # fmt: skip
