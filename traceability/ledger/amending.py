"""Amending: what both sides agree on goes into the book as the difference to what they stated first (pure rules)."""

from typing import Final

from traceability.ledger.book import STOCK, TRANSIT, Book, Entry
from traceability.ledger.movements import Amendment, Change
from traceability.ledger.outcomes import COUNTED, Entered
from traceability.ledger.refusals import GoodsUsed

FIELDS: Final = {"sender": "sent_grams", "receiver": "received_grams"}


def amend(book: Book, movement: Amendment) -> Entered:
    """The entries of one side. Raises GoodsUsed where a side has not got what it would have to give back.

    The sender's: more or less of its stock is in transit to the receiver. The receiver's: more or less of what is in
    transit is in its stock, and what lies between both sides' weights is `transit:difference`, as with a receipt.
    """
    entries: list[Entry] = []
    gap = 0
    for change in movement.changes:
        for holder, account, grams in sorted(_moves(movement, change), key=lambda each: each[2]):
            if grams < 0:
                _take(book, movement, change.lot, holder, account, -grams)
            elif grams > 0:
                book.add(change.lot, holder, account, grams)
            if grams:
                entries.append(Entry(change.lot, holder, account, grams))
        gap += change.sent - change.received if movement.side == "receiver" else 0
    if gap:
        entries.append(Entry(None, movement.receiver, "transit:difference", gap))
    return Entered(COUNTED, tuple(entries))


def _moves(movement: Amendment, change: Change) -> tuple[tuple[int, str, int], ...]:
    if movement.side == "sender":
        return (movement.sender, STOCK, -change.sent), (movement.receiver, TRANSIT, change.sent)
    return (movement.receiver, TRANSIT, -change.sent), (movement.receiver, STOCK, change.received)


def _take(book: Book, movement: Amendment, lot: str, holder: int, account: str, grams: int) -> None:
    """Claims stay where they were made: what is claimed is as little there to give back as what is used."""
    had = book.position(lot, holder, account)
    rest = had.total - grams
    if grams > had.free or book.known(lot).bears(had.claimed, rest) != had.claimed:
        short = max(grams - had.free, max(had.claimed) - rest, 1)
        side = "sender" if holder == movement.sender else "receiver"
        raise GoodsUsed(
            f"At least {short} g of lot {lot} are not there any more at the {side}: used, reserved or claimed.",
            field=FIELDS[side], value=grams, lot=lot, side=side, short_grams=short,
            fix="Agree on a change that the goods still there can bear, or correct the later steps first.",
        )  # fmt: skip
    book.draw(lot, holder, account, grams)
