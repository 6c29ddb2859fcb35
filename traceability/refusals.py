"""Refusals of the record: what would falsify the ledger, each with its status and stable code."""

from typing import ClassVar

from foundation.errors import Refusal


class BalanceExceeded(Refusal):
    """More was to leave than is free."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "INSUFFICIENT_BALANCE"


class UnknownLot(Refusal):
    """An event would draw mass from a lot that the record does not know (or not at this holder)."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "UNKNOWN_LOT"


class LotTaken(Refusal):
    """The identity is in use for something else."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "LOT_TAKEN"


class MassCreated(Refusal):
    """More would come out than went in."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "MASS_CREATED"


class MaterialChanged(Refusal):
    """Material changes only in a transformation."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "MATERIAL_CHANGED"


class DoubleClaim(Refusal):
    """The grams are claimed for this purpose already."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "DOUBLE_CLAIM"


class CorrectionHeld(Refusal):
    """An event corrects another one whose declaration of error is on hold: the same mass would count twice."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "CORRECTION_HELD"


class AlreadyCleared(Refusal):
    """A held event is released or rejected once."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "ALREADY_CLEARED"


class StillHeld(Refusal):
    """Released now, the event would make no entries: what it moves or takes back is not there."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "STILL_HELD"


class SecondPersonNeeded(Refusal):
    """A hold is cleared by another person than the one who recorded the event, by hand or by a key of theirs."""

    status: ClassVar[int] = 403
    code: ClassVar[str] = "SECOND_PERSON_NEEDED"


class DuplicateEvent(Refusal):
    """The event id (or the same content under it) is in the record with other content."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "DUPLICATE_EVENT"


class WrongTenant(Refusal):
    """The key or person speaks for another organisation than the facility, lot or paper belongs to."""

    status: ClassVar[int] = 403
    code: ClassVar[str] = "WRONG_TENANT"


class LotRecalled(Refusal):
    """The lot is called back, or made of one that is: it cannot be promised, claimed or offered until that is over."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "LOT_RECALLED"


class DateInvalid(Refusal):
    """A date that cannot be: in the future, before the year 2000, or in the Buddhist calendar."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "DATE_INVALID"


class UnitRefused(Refusal):
    """A quantity in a unit that is not a mass, or not exact to the gram."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "UNIT_INVALID"


class Incomplete(Refusal):
    """A mass movement lacks a fact that the ledger needs (a mass, a material, a form)."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "INCOMPLETE"


class NotCaptured(Refusal):
    """The event itself is fine; it fell with the rest of its document."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "EVENT_NOT_CAPTURED"


class EventRefused(Refusal):
    """An event that EPCIS 2.0 itself does not allow."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "EVENT_INVALID"


class LoadSize(Refusal):
    """One load that no vehicle carries."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "LOAD_SIZE"


class CapacityExceeded(Refusal):
    """More would go through a facility than its permits allow by far."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "CAPACITY_EXCEEDED"


class MoveImpossible(Refusal):
    """A lot would arrive sooner than anything travels."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "MOVE_IMPOSSIBLE"


class WeightsDisagree(Refusal):
    """Gross less tare and pallets is not the net mass."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "WEIGHTS_DISAGREE"


class TransportId(Refusal):
    """A container's number that is none."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "TRANSPORT_ID"


class TariffMismatch(Refusal):
    """Goods in this form are not declared under that heading."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "HS_MISMATCH"


class NoBackingInput(Refusal):
    """Evidence of recycling for a lot that no process made."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "NO_BACKING_INPUT"


class OriginUnbacked(Refusal):
    """Evidence for more than was collected in the country that it is for."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "ORIGIN_UNBACKED"


class PermitMissing(Refusal):
    """Evidence for a lot of a facility that held no permit."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "PERMIT_MISSING"


class ContentMismatch(Refusal):
    """More recycled content is claimed than went in."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "CONTENT_MISMATCH"


class UnknownWord(Refusal):
    """A material or form that the taxonomy does not know."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "UNKNOWN_WORD"


class SplitDiffers(Refusal):
    """The kinds that a lot is split into do not add up to its mass."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "SPLIT_DIFFERS"


class CustodyOverstated(Refusal):
    """A custody model is stated that is stronger than what a lot's inputs, or the lot itself, allow."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "CUSTODY_OVERSTATED"


class AccountOverdrawn(Refusal):
    """More would be claimed of a mass-balance account than it holds."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "NEGATIVE_BALANCE"


class AccountClosed(Refusal):
    """A later period of the mass-balance account has begun with what this one left."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "ACCOUNT_CLOSED"


class AboveAverage(Refusal):
    """A lot would have a larger share than the rolling average of its account."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "ABOVE_AVERAGE"
