"""Making: lots come into being, by what their maker states of them and what went in: material, custody, content."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from standards.custody import LotModel
from standards.dated import NotInForce
from standards.trade.massbalance import Scheme
from traceability.ledger.accounts import NOTHING, AccountKey, Booking, Grams, Period, check_average
from traceability.ledger.backing import must_be_backed, must_hold
from traceability.ledger.book import Book
from traceability.ledger.drawing import Draw
from traceability.ledger.lots import CONTENT, Claims, Lot
from traceability.ledger.movements import NewLot, Transformation
from traceability.ledger.origins import UNKNOWN_COUNTRY, Kind, Origin, Origins, Parts, Pool
from traceability.ledger.outcomes import Contents, Speaker, Surroundings
from traceability.refusals import Incomplete, UnknownWord


def new_lot(
    new: NewLot, speaker: Speaker, origins: Origins, default: Lot | None, source: str | None, scheme: str | None
) -> Lot:
    """The lot that a maker states. Raises Incomplete without a material or a form."""
    material = new.material or (default.material if default else None)
    form = new.form or (default.form if default else None)
    for name, value in (("material", material), ("form", form)):
        if not value:
            raise Incomplete(
                f"Lot {new.lot} has no {name}.", field=f"ilmd/{name}", value=None, lot=new.lot,
                fix=f"State the {name} of every lot that comes into being.",
            )  # fmt: skip
    source = source if new.model is LotModel.IDENTITY_PRESERVED else None
    scheme = scheme if new.model is not None and new.model.booked else None
    return Lot(
        new.lot, speaker.organisation, material or "", form or "", new.model, origins, speaker.facility, source, scheme
    )  # fmt: skip


def arrived_lot(new: NewLot, speaker: Speaker) -> Lot:
    """A lot from outside: what its maker states of it, which no input bears out.

    Raises Incomplete, or CustodyOverstated where its own kinds deny the model.
    """
    if any(new.credited):
        raise Incomplete(
            "A lot from outside claims of no account here.", field="credited", lot=new.lot, value=sum(new.credited),
            fix="State the mass-balance model, the scheme and the kind that its papers say.",
        )  # fmt: skip
    booked = new.model is not None and new.model.booked
    origins = Origins.of_kinds(new.kinds, new.country or speaker.country, booked=booked)
    if new.model is not None:
        must_hold(new.model, origins.kinds, new.lot)
    return new_lot(new, speaker, origins, None, new.lot, new.scheme)


@dataclass
class Mix:
    """What goes into one transformation; its outputs are taken of the `pool` in order.

    The sums are by material: what the accounts take over, what lots claim of them, what went through.
    """

    book: Book
    speaker: Speaker
    around: Surroundings
    scheme: Scheme | None
    sources: Sequence[Lot]
    pool: Pool
    draws: tuple[Draw, ...]
    credited: dict[str, Grams] = field(default_factory=dict)
    claimed: dict[str, Grams] = field(default_factory=dict)
    through: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls, book: Book, movement: Transformation, speaker: Speaker, around: Surroundings, schemes: Mapping[str, Scheme]
    ) -> "Mix":
        """What a transformation draws, by origin. Raises UnknownWord or Incomplete for an account that cannot be."""
        scheme, sources = _scheme(movement, speaker, schemes), [book.known(part.lot) for part in movement.inputs]
        parts, draws = list[tuple[Kind, int]](), list[Draw]()
        for lot, part in zip(sources, movement.inputs, strict=True):
            if len(lot.origins.grams) == 1:  # most lots
                origin = lot.origins.grams[0][0]
                parts.append((Kind(origin, _followed(lot, origin, movement.scheme)), part.grams))
                continue
            found, draw, undo = book.drawn.draw(lot.uri, lot.origins, part.grams)
            book.undo(undo)
            draws.append(draw)
            parts += [(Kind(origin, _followed(lot, origin, movement.scheme)), grams) for origin, grams in found]
        return cls(book, speaker, around, scheme, sources, Pool(parts), tuple(draws))

    def output(self, new: NewLot, default: Lot | None) -> Lot:
        """The next output. Raises CustodyOverstated or Incomplete."""
        model = new.model
        booked = model is not None and model.booked
        if model is not None and not booked:
            must_be_backed(model, self.sources, new.lot)
        if (booked and self.scheme is None) or (any(new.credited) and not booked):
            raise Incomplete(
                "Content is claimed of an account by a mass-balance lot under a scheme.", field="scheme", lot=new.lot,
                value=new.custody, fix="State the scheme of the event and a mass-balance model of the lot, or neither.",
            )  # fmt: skip
        if new.split:
            raise Incomplete(
                "What a lot is made of follows from what went in.", field="split", lot=new.lot, value=new.grams,
                fix="Leave the split out: state the kinds where the material comes in.",
            )  # fmt: skip
        taken = self.pool.take(new.grams)
        parts = [(self._told(kind, model), grams) for kind, grams in taken]
        surplus = new.grams - sum(grams for _, grams in taken)
        if surplus:  # what scales allow beyond the inputs: nobody knows what it is
            parts.append((Origin(UNKNOWN_COUNTRY, "unknown"), surplus))
        origins = Origins.sum(_with_claims(parts, new) if any(new.credited) else parts)
        roots = {lot.source for lot in self.sources}
        source, scheme = roots.pop() if len(roots) == 1 else None, self.scheme.id if self.scheme else None
        lot = new_lot(new, self.speaker, origins, default, source, scheme)
        if self.scheme is not None and (model is None or booked):
            self._count(lot.material, new, taken)
        return lot

    def _told(self, kind: Kind, model: LotModel | None) -> Origin:
        """What these grams still are in an output.

        Under a stated model only what came under one counts; an account takes over what it credits; and what only
        books said ends where nothing is stated.
        """
        if model is not None and not model.booked:
            return kind.origin if kind.followed else kind.origin.as_unknown()
        if self.scheme is not None and kind.followed:
            return kind.origin.as_virgin()
        return kind.origin.as_unknown() if model is not None or kind.origin.booked else kind.origin

    def _count(self, material: str, new: NewLot, taken: Sequence[tuple[Kind, int]]) -> None:
        sums = {"pre": 0, "post": 0}
        for kind, grams in taken:
            if kind.followed and kind.origin.recycled:
                sums[kind.origin.consumer] += grams
        for counted, more in ((self.credited, Grams(**sums)), (self.claimed, new.credited)):
            counted[material] = counted.get(material, NOTHING).plus(more)
        self.through[material] = self.through.get(material, 0) + new.grams

    def contents(self, outputs: Sequence[NewLot], claimed: int) -> Contents:
        """What the event drew and books. Raises what a refused booking is.

        `claimed`: grams of the inputs that somebody claimed as recycled content: no account takes those over again.
        """
        if self.scheme is None:
            return Contents(self.draws)
        bookings, accounts = list[Booking](), self.book.accounts
        period = _period(self.scheme, self.around, self.speaker)
        for material, through in self.through.items():
            key = AccountKey(self.speaker.facility or 0, material, self.scheme.id)
            credited, claimed = self.credited[material].spent(claimed)
            booking = Booking(key, period.first, credited, self.claimed[material], through)
            self.book.undo(accounts.book(booking, period, self.around.moment, self.around.day, self.scheme))
            bookings.append(booking)
            for new in outputs:
                if new.model is LotModel.MASS_BALANCE_ROLLING and self.book.known(new.lot).material == material:
                    check_average(accounts.periods[key][period.first], new.lot, new.grams, new.credited)
        return Contents(self.draws, tuple(bookings), self.around.moment)


def carried(claimed: Claims, made: Sequence[tuple[Lot, int]]) -> list[Claims]:
    """The claims on what went in stay on what comes out, up to its mass: the same grams are not claimed twice.

    One on recycled content lies on recycled grams first, in whichever output they are.
    """
    told, left = list[Claims](), claimed
    for lot, grams in made:
        told.append(lot.bears(left, grams))
        left = _less(left, told[-1])
    for place, (_, grams) in enumerate(made):
        epr, content, credit = told[place]
        more = min(left[CONTENT], grams - content)
        told[place] = (epr, content + more, credit)
        left = _less(left, (0, more, 0))
    return told


def _less(claimed: Claims, gone: Claims) -> Claims:
    return claimed[0] - gone[0], claimed[1] - gone[1], claimed[2] - gone[2]


def _followed(lot: Lot, origin: Origin, scheme: str | None) -> bool:
    """Whether grams of a lot count under what is stated: those of an account only in accounts of the same scheme."""
    return lot.custody is not None and (not origin.booked or lot.scheme == scheme)


def _with_claims(parts: Parts, new: NewLot) -> Parts:
    """The parts of an output after what it claims of its account: of grams that are nothing recycled themselves."""
    wanted, told = new.credited._asdict(), Parts()
    for origin, grams in sorted(parts, key=lambda part: part[0].consumer != "virgin"):
        left = grams
        for consumer in ("post", "pre") if not origin.recycled else ():
            taken = min(left, wanted[consumer])
            wanted[consumer], left = wanted[consumer] - taken, left - taken
            told.append((Origin(origin.country, consumer, booked=True), taken))
        told.append((origin, left))
    if any(wanted.values()):
        raise Incomplete(
            "More content is claimed than the lot has mass for.", field="credited", lot=new.lot,
            value=sum(new.credited), fix="Claim at most the mass of the lot.",
        )  # fmt: skip
    return told


def _scheme(movement: Transformation, speaker: Speaker, schemes: Mapping[str, Scheme]) -> Scheme | None:
    if movement.scheme is None:
        return None
    scheme = schemes.get(movement.scheme)
    if scheme is None:
        raise UnknownWord(
            f"{movement.scheme} is no mass-balance scheme.", field="scheme", value=movement.scheme,
            fix=f"Use {' or '.join(sorted(schemes))}.",
        )  # fmt: skip
    if speaker.facility is None:
        raise Incomplete("An account is a facility's.", field="readPoint", fix="State the facility of the event.")
    return scheme


def _period(scheme: Scheme, around: Surroundings, speaker: Speaker) -> Period:
    """How the period of this day begins. Raises Incomplete where the scheme has no rule then."""
    try:
        first, last = scheme.period(around.on)
        return Period(first, last, speaker.organisation, scheme.strict(around.on))
    except NotInForce as refused:
        raise Incomplete(
            f"{scheme.id} has no rules for {around.on}.", field="scheme", value=scheme.id,
            fix="Leave the scheme out of events before it began.",
        ) from refused  # fmt: skip
