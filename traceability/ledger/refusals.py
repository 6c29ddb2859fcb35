"""Refusals of what two sides share: a shipment, what came of it, and what they agree to change."""

from typing import ClassVar

from foundation.errors import Refusal


class GoodsUsed(Refusal):
    """What an amendment would take back was used, sold, reserved or claimed since."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "GOODS_USED"


class MovementFinal(Refusal):
    """Both sides stated this movement so long ago that it only changes where the authority grants it."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "MOVEMENT_FINAL"


class MovementChanged(Refusal):
    """What an amendment rests on does not stand any more."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "MOVEMENT_CHANGED"


class AgreedByBoth(Refusal):
    """Both sides agreed on these figures: neither takes its event back alone."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "AGREED_BY_BOTH"


class GapTooLarge(Refusal):
    """Both sides' figures would lie as far apart as a receipt is held for."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "RECEIPT_MISMATCH"


class NotTheSender(Refusal):
    """A rejection gives goods back to somebody who did not send them."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "NOT_THE_SENDER"
