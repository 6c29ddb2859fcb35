"""The book: entries in grams, and positions that refuse before anything changes."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple

from traceability.identifiers import token_of
from traceability.ledger.accounts import Accounts
from traceability.ledger.drawing import Drawn
from traceability.ledger.lots import PURPOSES, UNCLAIMED, Claims, Lot, Purpose
from traceability.refusals import BalanceExceeded, DoubleClaim, LotTaken, UnknownLot

STOCK: Final = "stock"
TRANSIT: Final = "transit"
# The closed set of accounts outside the book: mass comes from them and goes to them; they have no balance.
OUTSIDE: Final = frozenset(
    {
        "opening", "collected", "imported", "placed", "exported", "energy", "landfill", "adjustment",
        "transit:difference",
        "loss:process", "loss:moisture", "loss:unstated",
        "residue:process", "residue:sorting",
    }
)  # fmt: skip


class Entry(NamedTuple):
    """One signed line: `lot` is its URI in the accounts stock and transit, None in an outside account."""

    lot: str | None
    holder: int
    account: str
    grams: int


class Position(NamedTuple):
    """What a holder has of a lot, in grams; `claimed` by purpose never exceeds free + reserved."""

    free: int = 0
    reserved: int = 0
    claimed: Claims = UNCLAIMED

    @property
    def total(self) -> int:
        return self.free + self.reserved


class Key(NamedTuple):
    lot: str
    holder: int
    account: str


class Unbalanced(AssertionError):
    """Our own fault: entries that do not sum to zero were about to be written."""


_NOTHING = Position()


@dataclass
class Book:
    """Lots and positions as the sequencer sees them inside one batch; first come, first served.

    Every change remembers how it is undone, so that one command that is refused half way leaves nothing behind
    (`attempt`).
    """

    lots: dict[str, Lot] = field(default_factory=dict)
    positions: dict[Key, Position] = field(default_factory=dict)
    changed: set[Key] = field(default_factory=set)
    made: dict[str, Lot] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    drawn: Drawn = field(default_factory=Drawn)
    accounts: Accounts = field(default_factory=Accounts)
    _journal: list[tuple[Key, Position | None] | Callable[[], object]] = field(default_factory=list)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """All or nothing: whatever is raised inside takes back what was changed inside."""
        mark = len(self._journal)
        try:
            yield
        except BaseException:
            self.take_back(mark)
            raise

    def mark(self) -> int:
        """Where we are now, for `take_back`."""
        return len(self._journal)

    def take_back(self, mark: int) -> None:
        """Undo every change since `mark`."""
        while len(self._journal) > mark:
            match self._journal.pop():
                case (key, None):
                    del self.positions[key]
                case (key, Position() as had):
                    self.positions[key] = had
                case undo:
                    undo()

    def undo(self, undo: Callable[[], object]) -> None:
        """How something that was just changed is changed back."""
        self._journal.append(undo)

    def _set(self, key: Key, after: Position) -> None:
        self._journal.append((key, self.positions.get(key)))
        self.positions[key] = after
        self.changed.add(key)

    def _unmake(self, uri: str) -> None:
        del self.lots[uri], self.made[uri]
        self.tokens.pop(token_of(uri) or "", None)

    def position(self, lot: str, holder: int, account: str = STOCK) -> Position:
        return self.positions.get(Key(lot, holder, account), _NOTHING)

    def name(self, uri: str) -> None:
        """A lot of this identity is there: a token of ours names one lot, whatever host stands before it."""
        if (token := token_of(uri)) is not None:
            self.tokens[token] = uri

    def make(self, lot: Lot) -> None:
        """Enter a new lot; the same lot again is fine for its maker, anything else is LotTaken."""
        known = self.lots.get(lot.uri)
        if known is None and self.tokens.get(token_of(lot.uri) or "", lot.uri) != lot.uri:
            raise LotTaken(
                f"The token of {lot.uri} names a lot at another address.",
                field="epcClass", value=lot.uri, fix="Use the address on the label, or a new token.",
            )  # fmt: skip
        if known is None:
            self.name(lot.uri)
            self.lots[lot.uri] = self.made[lot.uri] = lot
            self.undo(partial(self._unmake, lot.uri))
        elif (known.maker, known.material, known.form) != (lot.maker, lot.material, lot.form):
            raise LotTaken(
                f"The identity {lot.uri} belongs to another lot.",
                field="epcClass", value=lot.uri, fix="Give this quantity an identity of its own.",
            )  # fmt: skip
        elif known.told != lot.told:
            raise LotTaken(
                f"Lot {lot.uri} was made from other origins, or under another custody model.",
                field="epcClass", value=lot.uri, fix="Give this quantity an identity of its own.",
            )  # fmt: skip

    def known(self, uri: str) -> Lot:
        """The lot an event draws mass from; unknown ones are refused."""
        lot = self.lots.get(uri)
        if lot is None:
            raise UnknownLot(
                f"The record knows no lot {uri}.",
                field="epcClass", value=uri, fix="Record where this material came from first, or correct the identity.",
            )  # fmt: skip
        return lot

    def add(self, lot: str, holder: int, account: str, grams: int, claimed: Claims = UNCLAIMED) -> None:
        """Put grams into free, with the claims that lie on them."""
        key = Key(lot, holder, account)
        had = self.positions.get(key, _NOTHING)
        both = (had.claimed[0] + claimed[0], had.claimed[1] + claimed[1], had.claimed[2] + claimed[2])
        self._set(key, Position(had.free + grams, had.reserved, both))

    def draw(self, lot: str, holder: int, account: str, grams: int, reserved: int = 0) -> Claims:
        """Take grams out, `reserved` of them from what was set aside for this purpose.

        Unclaimed grams leave first; answers the claims that had to go along, by purpose.
        """
        known = self.known(lot)
        key = Key(lot, holder, account)
        had = self.positions.get(key, _NOTHING)
        free = had.free - (grams - reserved)
        if free < 0 or had.reserved < reserved:
            raise BalanceExceeded(
                f"{grams} g should leave, {had.free} g are free.",
                field="quantity", value=grams, lot=lot, free_grams=had.free, reserved_grams=had.reserved,
                fix="State at most what is free, or record what is missing first.",
            )  # fmt: skip
        if had.claimed == UNCLAIMED:  # most lots, most of the time
            self._set(key, Position(free, had.reserved - reserved))
            return UNCLAIMED
        stays = known.bears(had.claimed, free + had.reserved - reserved)
        self._set(key, Position(free, had.reserved - reserved, stays))
        epr, content, credit = (claim - stay for claim, stay in zip(had.claimed, stays, strict=True))
        return epr, content, credit

    def reserve(self, lot: str, holder: int, grams: int) -> None:
        """Set free grams aside; negative grams give them back."""
        had = self.position(lot, holder)
        if had.free < grams or had.reserved + grams < 0:
            raise BalanceExceeded(
                f"{grams} g should be reserved, {had.free} g are free.",
                field="grams", value=grams, lot=lot, free_grams=had.free, fix="Reserve at most what is free.",
            )  # fmt: skip
        self._set(Key(lot, holder, STOCK), had._replace(free=had.free - grams, reserved=had.reserved + grams))

    def claim(self, lot: str, holder: int, purpose: Purpose, grams: int) -> None:
        """A gram is claimed once per purpose: at most what is held and not yet claimed."""
        self.known(lot)
        had = self.position(lot, holder)
        at = PURPOSES.index(purpose)
        claimable = had.total - had.claimed[at]
        if grams > claimable:
            raise DoubleClaim(
                f"{grams} g should be claimed, {claimable} g are held and not yet claimed for this purpose.",
                field="grams", value=grams, lot=lot, purpose=purpose, claimable_grams=claimable,
                fix="Claim at most what is not claimed yet.",
            )  # fmt: skip
        claimed = list(had.claimed)
        claimed[at] += grams
        self._set(Key(lot, holder, STOCK), had._replace(claimed=(claimed[0], claimed[1], claimed[2])))


def check_sum(entries: Iterable[Entry]) -> None:
    """Entries of one event sum to zero, on known accounts; anything else is our own fault. Raises Unbalanced."""
    total = 0
    for entry in entries:
        if (entry.lot is None) != (entry.account in OUTSIDE) or entry.grams == 0:
            raise Unbalanced(f"no such entry: {entry}")
        total += entry.grams
    if total:
        raise Unbalanced(f"entries sum to {total} g")
