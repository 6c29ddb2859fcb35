"""Claiming: what may be said of a lot when grams of it are claimed or certified: no stronger model, no more content."""

from standards.custody import LotModel
from traceability.ledger.backing import overstated
from traceability.ledger.book import Book
from traceability.ledger.lots import CONTENT, Purpose
from traceability.refusals import ContentMismatch, UnknownWord


def model_of(text: str | None) -> LotModel | None:
    """The model that a claim or certificate states. Raises UnknownWord."""
    if text is None:
        return None
    found = next((each for each in LotModel if each == text), None)
    if found is None:
        raise UnknownWord(
            f"{text[:40]} is no custody model of a lot.", field="custody", value=text[:40],
            fix=f"Use {', '.join(LotModel)}.",
        )  # fmt: skip
    return found


def check_model(stated: LotModel | None, has: LotModel | None, lot: str) -> None:
    """Of a lot at most its own model is stated, and of mass balance its own method. Raises CustodyOverstated."""
    if stated is None:
        return
    if has is None:
        raise overstated(stated, None, "NOT_STATED", lot)
    if stated.model.rank < has.model.rank:
        raise overstated(stated, has, "CUSTODY_STRENGTHENED", lot)
    if stated.booked and has.booked and stated is not has:
        raise overstated(stated, has, "OTHER_METHOD", lot)


def check_claim(book: Book, uri: str, holder: int, purpose: Purpose, stated: LotModel | None) -> None:
    """What the book has just let through says no more than the lot's own custody. Raises CustodyOverstated.

    Where a model is stated, only what is known to be recycled, here or by an account, is claimed as recycled content.
    Raises ContentMismatch.
    """
    lot, held = book.known(uri), book.position(uri, holder)
    check_model(stated, lot.custody, lot.uri)
    if purpose != "content" or lot.custody is None:
        return
    most = lot.claimable(held.total)
    if held.claimed[CONTENT] > most:
        raise not_recycled(lot.uri, held.claimed[CONTENT], most)


def not_recycled(lot: str, claimed: int, most: int) -> ContentMismatch:
    """The refusal of a claim on more content than a lot has."""
    return ContentMismatch(
        f"{claimed} g would be claimed as recycled, the lot holds {most} g.", field="grams", value=claimed, lot=lot,
        most_grams=most, fix="Claim at most what is recycled in it.",
    )  # fmt: skip
