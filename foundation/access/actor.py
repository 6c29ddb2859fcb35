"""Actors and rules: who acts, and what a route asks of them; what carries no rule is refused."""

from dataclasses import dataclass
from typing import Final, assert_never

from foundation import registry
from foundation.errors import Forbidden, Unauthenticated

ROLES: Final = frozenset({"read", "capture", "trade", "claim", "declare", "clear", "signatory", "admin"})


def _known(roles: tuple[str, ...], known: frozenset[str]) -> None:
    """A rule that names nothing, or what nobody can be, is our own fault: it must not come to stand on a route."""
    if not roles or not known.issuperset(roles):
        raise AssertionError(f"no rule can ask for {roles}: an empty one would allow everybody")


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or a machine, acting for one organisation.

    `roles` is what this person or key may do; `organisation_roles` what the organisation is (recycler, regulator).
    `issuer_id` is the person who made this key.
    """

    organisation_id: int
    organisation_uri: str
    organisation_name: str
    organisation_roles: frozenset[str]
    country: str
    roles: frozenset[str]
    language: str
    person_id: int | None = None
    key_id: int | None = None
    person_name: str = ""
    issuer_id: int | None = None

    @property
    def name(self) -> str:
        """As the record names who acted: no personal data, which must never enter what is hashed."""
        return f"person:{self.person_id}" if self.person_id is not None else f"key:{self.key_id}"

    @property
    def answers(self) -> int | None:
        """The person who answers for what is done: who is signed in, or who made the key (None: nobody known)."""
        return self.person_id if self.person_id is not None else self.issuer_id

    def must(self, *roles: str) -> None:
        """Raises Forbidden without every one of these roles; asking for none is our own fault."""
        _known(roles, ROLES)
        missing = [role for role in roles if role not in self.roles]
        if missing:
            raise Forbidden(
                "You may not do this.", field="role", value=missing[0],
                fix=f"Ask your organisation's administrator for the role {missing[0]}.",
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unasked:
    """Anyone, and nobody looks who it is: files and probes, which must not cost a look into the database."""


@dataclass(frozen=True, slots=True)
class Public:
    """Anyone, signed in or not."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Anyone who is signed in, or a valid key."""


@dataclass(frozen=True, slots=True)
class May:
    """A person or key with this role."""

    role: str

    def __post_init__(self) -> None:
        _known((self.role,), ROLES)


@dataclass(frozen=True, slots=True)
class Organisation:
    """Somebody of an organisation that is one of these."""

    roles: tuple[str, ...]

    def __init__(self, *roles: str) -> None:
        _known(roles, registry.ROLES)
        object.__setattr__(self, "roles", roles)


Access = Unasked | Public | SignedIn | May | Organisation
UNASKED: Final = Unasked()
PUBLIC: Final = Public()
SIGNED_IN: Final = SignedIn()


def allowed(rule: Access, actor: Actor | None) -> None:
    """Hold an actor against a route's rule. Raises Unauthenticated or Forbidden."""
    if isinstance(rule, Unasked | Public):
        return
    if actor is None:
        raise Unauthenticated("Sign in first, or send an API key.", fix="Authorization: Bearer <API key>")
    match rule:
        case SignedIn():
            return
        case May(role):
            actor.must(role)
        case Organisation():
            if actor.organisation_roles.isdisjoint(rule.roles):
                raise Forbidden(
                    "This is not for your kind of organisation.", field="organisation", value=" ".join(rule.roles)
                )
        case _:
            assert_never(rule)
