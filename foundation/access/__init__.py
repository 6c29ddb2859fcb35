"""Access: who may act for whom; people, sessions, API keys, and the rules that a route carries."""

from foundation.access.actor import PUBLIC, SIGNED_IN, UNASKED, Access, Actor, May, Organisation, Unasked, allowed
from foundation.access.keys import actor_of_key, answers_for, issue_key, keys_of, revoke_key
from foundation.access.sessions import (
    actor_of_session,
    csrf_token,
    disable_person,
    register_person,
    sign_in,
    sign_out,
)
from foundation.access.tables import ApiKeyRow, PersonRow, SessionRow

__all__ = [
    "PUBLIC", "SIGNED_IN", "UNASKED", "Access", "Actor", "ApiKeyRow", "May", "Organisation", "PersonRow",
    "SessionRow", "Unasked", "actor_of_key", "actor_of_session", "allowed", "answers_for", "csrf_token",
    "disable_person", "issue_key", "keys_of", "register_person", "revoke_key", "sign_in", "sign_out",
]  # fmt: skip
