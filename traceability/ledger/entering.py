"""Entering: a movement becomes entries in the book, or is refused before anything changed."""

from standards.plausibility import Finding
from traceability.controls import Controls
from traceability.ledger.amending import amend
from traceability.ledger.book import STOCK, TRANSIT, Book, Entry, check_sum
from traceability.ledger.counting import deviations
from traceability.ledger.making import Mix, arrived_lot, carried
from traceability.ledger.movements import (
    Amendment,
    Arrival,
    Departure,
    ErrorDeclared,
    Movement,
    Part,
    Receipt,
    Rejection,
    Shipment,
    StockTake,
    Transformation,
    Unmoved,
)
from traceability.ledger.outcomes import COUNTED, HELD, RECORDED, Contents, Entered, Speaker, Surroundings
from traceability.ledger.refusals import NotTheSender
from traceability.refusals import MassCreated, UnknownLot


def enter(book: Book, movement: Movement, speaker: Speaker, around: Surroundings, limits: Controls) -> Entered:
    """Enter one movement. Raises a Refusal and leaves the book as it was where the ledger would be falsified.

    What does not count leaves the book as it was, too: of several lots, the first may have been drawn already.
    """
    mark = book.mark()
    with book.attempt():
        match movement:
            case Unmoved(reason):
                return Entered(RECORDED, reasons=(reason,))
            case Arrival():
                entered = _arrive(book, movement, speaker)
            case Departure():
                entered = _depart(book, movement, speaker)
            case Shipment():
                entered = _ship(book, movement, speaker, around)
            case Receipt():
                entered = _receive(book, movement, speaker, around, limits)
            case Rejection():
                entered = _reject(book, movement, speaker, around)
            case Transformation():
                entered = _transform(book, movement, speaker, around, limits)
            case StockTake():
                entered = _count(book, movement, speaker, around, limits)
            case ErrorDeclared():
                entered = _reverse(book, around)
            case Amendment():
                entered = amend(book, movement)
        check_sum(entered.entries)
        if entered.outcome != COUNTED:
            book.take_back(mark)
        return entered


def _arrive(book: Book, movement: Arrival, speaker: Speaker) -> Entered:
    entries = []
    for new in movement.lots:
        book.make(arrived_lot(new, speaker))
        book.add(new.lot, speaker.organisation, STOCK, new.grams)
        entries.append(Entry(new.lot, speaker.organisation, STOCK, new.grams))
    total = sum(new.grams for new in movement.lots)
    return Entered(COUNTED, (*entries, Entry(None, speaker.organisation, movement.account, -total)))


def _depart(book: Book, movement: Departure, speaker: Speaker) -> Entered:
    known = _known_or_none(book, movement.parts)
    if known is not None:
        return known
    for part in movement.parts:
        book.draw(part.lot, speaker.organisation, STOCK, part.grams)
    total = sum(part.grams for part in movement.parts)
    drawn = tuple(Entry(part.lot, speaker.organisation, STOCK, -part.grams) for part in movement.parts)
    return Entered(COUNTED, (*drawn, Entry(None, speaker.organisation, movement.account, total)))


def _known_or_none(book: Book, parts: tuple[Part, ...]) -> Entered | None:
    """Items that the record knows nothing of are recorded without entries; a mixture of both is refused."""
    unknown = [part.lot for part in parts if part.lot not in book.lots]
    if not unknown:
        return None
    if len(unknown) == len(parts):
        return Entered(RECORDED, reasons=("unknown_items",))
    raise UnknownLot(
        f"The record knows no lot {unknown[0]}, though it knows others of this event.",
        field="epcClass", value=unknown[0], fix="State them in events of their own, or correct the identity.",
    )  # fmt: skip


def _ship(book: Book, movement: Shipment, speaker: Speaker, around: Surroundings) -> Entered:
    known = _known_or_none(book, movement.parts)
    if known is not None:
        return known
    receiver = around.parties.get(movement.to or "")
    if receiver is None:
        return Entered(RECORDED, reasons=("unknown_destination",))
    if receiver == speaker.organisation:
        return Entered(RECORDED, reasons=("within_organisation",))
    entries, consumed = [], []
    for part in movement.parts:
        reserved = min(part.grams, around.reserved.get(part.lot, 0))
        claims = book.draw(part.lot, speaker.organisation, STOCK, part.grams, reserved)
        book.add(part.lot, receiver, TRANSIT, part.grams, claims)
        entries.append(Entry(part.lot, speaker.organisation, STOCK, -part.grams))
        entries.append(Entry(part.lot, receiver, TRANSIT, part.grams))
        consumed += [Part(part.lot, reserved)] if reserved else []
    return Entered(COUNTED, tuple(entries), consumed=tuple(consumed))


def _receive(book: Book, movement: Receipt, speaker: Speaker, around: Surroundings, limits: Controls) -> Entered:
    """The receiver's own weight counts; the gap to the sender's goes to transit:difference (control C24)."""
    known = _known_or_none(book, movement.parts)
    if known is not None:
        return known
    entries: list[Entry] = []
    flags, findings = set[str](), list[Finding]()
    difference = 0
    for part in movement.parts:
        sent = movement.dispatched.get(part.lot) or book.position(part.lot, speaker.organisation, TRANSIT).free
        if sent == 0:
            return Entered(RECORDED, reasons=("nothing_in_transit",))
        found = limits.receipt(sent, part.grams, around.day)
        if found is not None and found.response == "HOLD" and not around.cleared:
            return Entered(HELD, reasons=(found.code,), findings=(found,))
        if found is not None:
            flags.add(found.code)
            findings.append(found)
        claims = book.draw(part.lot, speaker.organisation, TRANSIT, sent)
        kept = tuple(min(claim, part.grams) for claim in claims)
        book.add(part.lot, speaker.organisation, STOCK, part.grams, (kept[0], kept[1], kept[2]))
        entries.append(Entry(part.lot, speaker.organisation, TRANSIT, -sent))
        entries.append(Entry(part.lot, speaker.organisation, STOCK, part.grams))
        difference += sent - part.grams
    if difference:
        entries.append(Entry(None, speaker.organisation, "transit:difference", difference))
    return Entered(COUNTED, tuple(entries), flags=tuple(sorted(flags)), findings=tuple(findings))


def _reject(book: Book, movement: Rejection, speaker: Speaker, around: Surroundings) -> Entered:
    known = _known_or_none(book, movement.parts)
    if known is not None:
        return known
    sender = around.parties.get(movement.sender or "")
    if sender is None:
        return Entered(RECORDED, reasons=("unknown_source",))
    entries = []
    for part in movement.parts:
        if part.grams > (sent := around.sent.get(part.lot, 0)):
            raise NotTheSender(
                f"{movement.sender} sent you {sent} g of lot {part.lot} that it did not get back, not {part.grams} g.",
                field="sourceList/source", value=movement.sender, lot=part.lot, sent_grams=sent,
                fix="Name who sent it, and at most what came from there.",
            )  # fmt: skip
        claims = book.draw(part.lot, speaker.organisation, TRANSIT, part.grams)
        book.add(part.lot, sender, STOCK, part.grams, claims)
        entries.append(Entry(part.lot, speaker.organisation, TRANSIT, -part.grams))
        entries.append(Entry(part.lot, sender, STOCK, part.grams))
    return Entered(COUNTED, tuple(entries))


def _transform(
    book: Book, movement: Transformation, speaker: Speaker, around: Surroundings, limits: Controls
) -> Entered:
    drawn = sum(part.grams for part in movement.inputs)
    made = sum(new.grams for new in movement.outputs) + sum(grams for _, grams in movement.sinks)
    if made - drawn > limits.surplus(drawn, around.day):
        raise MassCreated(
            f"{made} g come out of {drawn} g.", field="outputQuantityList", value=made, surplus_grams=made - drawn,
            fix="Record additives as inputs, or correct the weights.",
        )  # fmt: skip
    mix = Mix.of(book, movement, speaker, around, limits.schemes)
    default = mix.sources[0] if len({lot.material for lot in mix.sources}) == 1 else None
    drawn_claims = [book.draw(part.lot, speaker.organisation, STOCK, part.grams) for part in movement.inputs]
    epr, content, credit = (sum(claims) for claims in zip(*drawn_claims, strict=True))
    entries = [Entry(part.lot, speaker.organisation, STOCK, -part.grams) for part in movement.inputs]
    lots = [(mix.output(new, default), new.grams) for new in movement.outputs]
    for (lot, _), new, claims in zip(lots, movement.outputs, carried((epr, content, credit), lots), strict=True):
        book.make(lot)
        book.add(new.lot, speaker.organisation, STOCK, new.grams, claims)
        entries.append(Entry(new.lot, speaker.organisation, STOCK, new.grams))
    entries += [Entry(None, speaker.organisation, account, grams) for account, grams in movement.sinks]
    if made < drawn:
        entries.append(Entry(None, speaker.organisation, "loss:unstated", drawn - made))
    elif made > drawn:
        entries.append(Entry(None, speaker.organisation, "adjustment", drawn - made))
    return Entered(COUNTED, tuple(entries), contents=mix.contents(movement.outputs, content))


def _count(book: Book, movement: StockTake, speaker: Speaker, around: Surroundings, limits: Controls) -> Entered:
    """A count asserts, it moves nothing: a difference is flagged, and corrected by an event that says why."""
    known = _known_or_none(book, movement.parts)
    if known is not None:
        return known
    off = any(book.position(part.lot, speaker.organisation).total != part.grams for part in movement.parts)
    found = deviations(book, movement.parts, speaker, around, limits.schemes)
    flags = (*(["STOCK_DIFFERS"] if off else []), *dict.fromkeys(each.code for each in found))
    return Entered(RECORDED, reasons=("count_only",), flags=flags, findings=found)


def _reverse(book: Book, around: Surroundings) -> Entered:
    """Take back an event's entries; where that would take a consumed lot or an account below zero, it is held."""
    if around.reversal is None:
        return Entered(RECORDED, reasons=("unknown_event",))
    if not around.reversal:
        return Entered(RECORDED, reasons=("nothing_entered",))
    entries = tuple(entry._replace(grams=-entry.grams) for entry in around.reversal)
    for entry in entries:
        if entry.lot is None or entry.grams > 0:
            continue
        had = book.position(entry.lot, entry.holder, entry.account)
        rest = had.total + entry.grams
        if had.free < -entry.grams or book.known(entry.lot).bears(had.claimed, rest) != had.claimed:
            return Entered(HELD, reasons=("ALREADY_CONSUMED",))
        book.draw(entry.lot, entry.holder, entry.account, -entry.grams)
    undone = book.accounts.reverse(around.undone.bookings, around.undone.moment or around.moment, around.day)
    if undone is None:
        return Entered(HELD, reasons=("ALREADY_CLAIMED",))
    draws = [book.drawn.give_back(each) for each in around.undone.draws]
    for undo in (*undone, *(undo for _, undo in draws)):
        book.undo(undo)
    for entry in entries:
        if entry.lot is not None and entry.grams > 0:
            book.add(entry.lot, entry.holder, entry.account, entry.grams)
    back = Contents(tuple(draw for draw, _ in draws), tuple(each.reversed() for each in around.undone.bookings))
    return Entered(COUNTED, entries, contents=back)
