"""Refusals: a rule said no, in a sentence with facts; the class owns its status and its stable code."""

from typing import Any, ClassVar


class Refusal(Exception):
    """A rule said no.

    A subclass names the rule and owns `status` (HTTP) and `code` (stable, UPPER_SNAKE).
    `field` says where (a JSON pointer or a form field), `value` what stood there, `fix` what to do;
    further keyword facts (grams, ids) are shown to the caller, so they may hold no secret.
    """

    status: ClassVar[int] = 409
    code: ClassVar[str] = "REFUSED"

    def __init__(
        self,
        sentence: str,
        *,
        field: str | None = None,
        value: object = None,
        fix: str | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field
        self.value = value
        self.fix = fix
        self.facts = facts


class NotFound(Refusal):
    """What was asked for is not there, or is not this reader's to know of: one answer for both."""

    status = 404
    code = "NOT_FOUND"


class Forbidden(Refusal):
    """The reader is known, and may not do this."""

    status = 403
    code = "FORBIDDEN"


class Unauthenticated(Refusal):
    """Nobody is signed in, or the key is unknown, expired or revoked."""

    status = 401
    code = "UNAUTHENTICATED"


class Malformed(Refusal):
    """The payload cannot be read as what it claims to be (422 is for this only)."""

    status = 422
    code = "MALFORMED"


class Invalid(Refusal):
    """One field holds a value that a rule of form refuses (a date, a unit, a range)."""

    status = 400
    code = "INVALID"


class Conflict(Refusal):
    """The state of things does not allow this any more."""

    status = 409
    code = "CONFLICT"


class Unavailable(Refusal):
    """A part we need is not there now; the caller may try again."""

    status = 503
    code = "UNAVAILABLE"
