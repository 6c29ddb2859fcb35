"""Surrounding: what is known turned into the facts of one event, and what a counted event adds to what is known."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from standards.plausibility import Claim, Facts, Goods, Leg, Load, Meter, Site, Thresholds, metres_apart
from traceability.checking.gathering import process_of
from traceability.checking.known import Cited, Known, Origin, Premises, Sent
from traceability.checking.work import Done, Work, months_before
from traceability.ledger.book import Book
from traceability.ledger.lots import PURPOSES
from traceability.ledger.movements import Arrival, Departure, Movement, Receipt, Shipment, Transformation, parts_of
from traceability.sequencing.commands import Claiming, Prepared

COLLECTING: Final = "collecting"
WHOLE_DAYS: Final = frozenset({time(0), time(12)})  # what a day alone is written as: its midnight, or its noon
DAY: Final = timedelta(days=1)
THIRTY: Final = 30


def work_of(fact: Prepared, book: Book) -> tuple[Done, ...]:
    """What an event puts through its facility, by material; nothing where no facility is named."""
    facility, movement, process = fact.speaker.facility, fact.movement, process_of(fact.biz_step)
    if facility is None or process is None:
        return ()
    sums: dict[str, tuple[int, int]] = {}
    if isinstance(movement, Transformation):
        for part in movement.inputs:
            if (lot := book.lots.get(part.lot)) is not None:
                drawn, made = sums.get(lot.material, (0, 0))
                sums[lot.material] = (drawn + part.grams, made)
        inputs = next(iter(sums), "")
        for new in movement.outputs:
            drawn, made = sums.get(new.material or inputs, (0, 0))
            sums[new.material or inputs] = (drawn, made + new.grams)
    elif isinstance(movement, Arrival) and process == COLLECTING:
        for new in movement.lots:
            drawn, made = sums.get(new.material or "", (0, 0))
            sums[new.material or ""] = (drawn + new.grams, made)
    return tuple(
        Done(facility, fact.speaker.organisation, fact.event_day, process, material, drawn, made)
        for material, (drawn, made) in sums.items()
    )


def facts_of(fact: Prepared, known: Known, book: Book, limits: Thresholds, recorded: date) -> Facts | None:
    """The facts of one event; None where nothing is known that any control asks for."""
    movement, papers = fact.movement, fact.papers
    premises = known.premises.get(fact.speaker.facility or 0)
    site = _site(fact, known, book, limits) if premises is not None else None
    legs = _legs(fact, known, premises) if isinstance(movement, Receipt) and premises is not None else ()
    goods = _goods(fact, book) if papers.heading else ()
    related = _related(fact, known) if isinstance(movement, Receipt) else ()
    held = _held_before(fact, movement, known, book) if isinstance(movement, Shipment) else 0
    invoices = documents = 0
    elsewhere = False
    if papers.names or papers.invoices:
        invoices, documents = _foreign(fact, known)
        elsewhere = _elsewhere(fact, known, limits, recorded)
    if not (site or legs or goods or related or held or invoices or documents or elsewhere):
        return None
    zone = premises.zone if premises is not None else ZoneInfo("UTC")
    local = fact.event_time.astimezone(zone)
    return Facts(
        local, local.timetz().replace(tzinfo=None) not in WHOLE_DAYS, recorded, site, papers.mode, legs, elsewhere,
        goods, invoices, documents, related, held,
    )  # fmt: skip


def _site(fact: Prepared, known: Known, book: Book, limits: Thresholds) -> Site | None:
    facility = fact.speaker.facility or 0
    premises = known.premises[facility]
    if not (premises.permits or premises.hours) or not isinstance(fact.movement, Transformation | Arrival):
        return None
    day, process = fact.event_day, process_of(fact.biz_step) or ""
    hours = next((hours for since, hours in reversed(premises.hours) if since <= day), None)
    done = [each for each in work_of(fact, book) if each.drawn]
    if not premises.permits or not done:
        return Site(process, hours=hours)
    held = [
        frozenset(n for n, each in enumerate(premises.permits) if each.covers(process, one.material, day))
        for one in done
    ]  # fmt: skip
    work = known.work.get(facility) or Work()
    loads = tuple(
        _load(premises, permits, [one for one, under in zip(done, held, strict=True) if under == permits], work)
        for permits in dict.fromkeys(held) if permits
    )  # fmt: skip
    processes = limits.words("C05", "processes", day)
    return Site(process, all(held), loads, _meter(premises, work, processes, day), work.since, hours)


def _load(premises: Premises, permits: frozenset[int], done: list[Done], work: Work) -> Load:
    """The work under these permits; several permits add up where each states a mass."""
    chosen = [premises.permits[n] for n in sorted(permits)]
    day = done[0].day
    kinds = [kind for kind in work.days if any(each.covers(*kind, day) for each in chosen)]
    more = sum(each.drawn for each in done)
    per_day, per_year = [each.per_day for each in chosen], [each.per_year for each in chosen]
    weekdays = next((hours.weekdays for since, hours in reversed(premises.hours) if since <= day), frozenset(range(7)))
    months = months_before(day)
    return Load(
        _sum(per_day), _sum(per_year), work.drawn(kinds, day, 1) + more, work.drawn(kinds, day, THIRTY) + more,
        work.in_year(kinds, day.year) + more, work.in_month(kinds, day.year, day.month) + more,
        (work.in_month(kinds, *months[0]), work.in_month(kinds, *months[1]), work.in_month(kinds, *months[2])),
        sum((day - n * DAY).weekday() in weekdays for n in range(THIRTY)), work.since or day,
        visited=any(visit <= day for visit in premises.visits),
    )  # fmt: skip


def _sum(masses: list[int | None]) -> int | None:
    """All together; None where one of them is not stated."""
    stated = [each for each in masses if each is not None]
    return sum(stated) if stated and len(stated) == len(masses) else None


def _meter(premises: Premises, work: Work, processes: tuple[str, ...], day: date) -> Meter | None:
    last = next((each for each in reversed(premises.meters) if each.last <= day), None)
    return Meter(last.last, last.watt_hours, work.made(processes, last.first, last.last)) if last else None


def _legs(fact: Prepared, known: Known, here: Premises) -> tuple[Leg, ...]:
    """From where each lot was sent last: at least how far, at most how long."""
    found = []
    for part in parts_of(fact.movement):
        sent = known.ways.get((part.lot, fact.speaker.organisation))
        there = known.premises.get(sent.facility or 0) if sent else None
        if sent is None or there is None or there.position is None or here.position is None:
            continue
        longest = _span(fact.event_time, here.zone)[1] - _span(sent.moment, there.zone)[0]
        found.append(Leg(metres_apart(there.position, here.position), longest // timedelta(seconds=1)))
    return tuple(dict.fromkeys(found))


def _span(moment: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Between which moments it was: the whole local day where only that was stated."""
    local = moment.astimezone(zone)
    if local.timetz().replace(tzinfo=None) not in WHOLE_DAYS:
        return moment, moment
    begins = datetime.combine(local.date(), time(0), tzinfo=zone)
    return begins.astimezone(UTC), (begins + DAY).astimezone(UTC)


def _goods(fact: Prepared, book: Book) -> tuple[Goods, ...]:
    if not isinstance(fact.movement, Shipment | Departure):
        return ()
    lots = [book.lots.get(part.lot) for part in fact.movement.parts]
    return tuple(Goods(lot.material, lot.form, fact.papers.heading or "") for lot in lots if lot is not None)


def _related(fact: Prepared, known: Known) -> tuple[str, ...]:
    """Marks that the receiver shares with whoever sent it."""
    mine = fact.speaker.organisation
    senders = {sent.organisation for part in parts_of(fact.movement) if (sent := known.ways.get((part.lot, mine)))}
    return tuple(mark for sender in sorted(senders) for mark in known.marks.get(frozenset((mine, sender)), ()))


def _held_before(fact: Prepared, movement: Shipment, known: Known, book: Book) -> int:
    """How many of these lots go back to somebody who made them, or over whom they came to their sender."""
    sender, receiver = fact.speaker.organisation, fact.parties.get(movement.to or "")
    if receiver is None or receiver == sender:
        return 0
    return sum(
        ((lot := book.lots.get(part.lot)) is not None and lot.maker == receiver)
        or known.came_through(part.lot, receiver, sender)
        for part in movement.parts
    )


def _foreign(fact: Prepared, known: Known) -> tuple[int, int]:
    """Of this event's papers: invoices under which somebody else sent, documents that show none of these lots."""
    mine, lots = fact.speaker.organisation, _lots(fact.movement)
    sends = isinstance(fact.movement, Shipment)
    invoices = sum(
        sends and any(each.sends and each.organisation != mine for each in known.cited.get(name, ()))
        for name in fact.papers.invoices
    )
    documents = sum(
        any(each.lots and each.lots.isdisjoint(lots) for each in known.cited.get(name, ()))
        for name in fact.papers.documents
    )
    return invoices, documents


def _elsewhere(fact: Prepared, known: Known, limits: Thresholds, recorded: date) -> bool:
    """Whether another facility sent something in the same container too shortly before or after."""
    names = fact.papers.names[len(fact.papers.documents) :]
    if not names or not isinstance(fact.movement, Shipment):
        return False
    near = timedelta(hours=limits.at("C18", "turn_round", recorded))
    return any(
        each.sends and (each.organisation, each.facility) != (fact.speaker.organisation, fact.speaker.facility)
        and abs(each.moment - fact.event_time) < near
        for each in known.cited.get(names[0], ())
    )  # fmt: skip


def _lots(movement: Movement) -> frozenset[str]:
    made = movement.outputs if isinstance(movement, Transformation) else ()
    return frozenset(part.lot for part in (*parts_of(movement), *made))


def learn(fact: Prepared, known: Known, book: Book) -> None:
    """A counted event becomes part of what is known to those after it."""
    movement, mine = fact.movement, fact.speaker.organisation
    key = (mine, fact.event_id)
    if fact.declares_error:
        for each in known.done.get(key, ()):
            known.work_done(each, -1)
        return
    if isinstance(movement, Transformation | Arrival):
        done = work_of(fact, book)
        for each in done:
            known.work_done(each)
        if done:
            known.remember(key, done)
        if known.claimed:
            made = movement.outputs if isinstance(movement, Transformation) else movement.lots
            origin = Origin(fact.speaker.facility, fact.event_day, isinstance(movement, Transformation))
            for new in made:
                known.born(new.lot, origin)
    receiver = fact.parties.get(movement.to or "") if isinstance(movement, Shipment) else None
    if receiver is not None:
        for part in parts_of(movement):
            known.sent(part.lot, receiver, Sent(mine, fact.speaker.facility, fact.event_time))
    names = (*fact.papers.names, *fact.papers.invoices)
    if names:
        sends = isinstance(movement, Shipment)
        cited = Cited(mine, fact.speaker.facility, fact.event_time, sends, _lots(movement))
        for name in names:
            known.cite(name, cited)


def claim_of(claiming: Claiming, holder: int, known: Known, book: Book, recorded: date) -> Claim:
    """The facts of a claim that the book has just let through."""
    lot = book.known(claiming.lot)
    held = book.position(claiming.lot, holder)
    origin = known.origins.get(claiming.lot)
    premises = known.premises.get(origin.facility or 0) if origin else None
    day = origin.day if origin else recorded
    permits = premises.permits if premises else ()
    shared = lot.origins.shared(held.total)
    return Claim(
        claiming.purpose, claiming.jurisdiction, held.claimed[PURPOSES.index(claiming.purpose)], held.total,
        sum(grams for each, grams in shared if each.country == claiming.jurisdiction),
        sum(grams for each, grams in shared if each.consumer == "virgin"), origin is not None and origin.made,
        any(each.holds(lot.material, day) for each in permits), recorded,
    )  # fmt: skip
