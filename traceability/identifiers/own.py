"""Identifiers of our own, for firms without GS1 keys: an address with a random token, and a code to read aloud."""

import hashlib
import hmac
import re
import secrets
from typing import Final

NAMESPACE: Final = "https://w3id.org/junkan/epcis/"
"""The namespace of our EPCIS extension fields. Labels, events and leaves keep it for ever."""

PREFIX: Final = "junkan"
"""The prefix that we bind to it; others may bind another."""

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U."""

LENGTH: Final = 26
"""Characters of a token: 130 random bits."""

SHOWN: Final = 11
"""Characters of the token that the human code shows, before its check character."""

_ADDRESS: Final = re.compile(rf"https?://[^/?#\s]+(?:/[^?#\s]*)?/id/([{ALPHABET}]{{{LENGTH}}})")
_VALUE: Final = {character: value for value, character in enumerate(ALPHABET)}
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def new_token() -> str:
    """26 characters from 130 bits of the system's randomness."""
    bits = secrets.randbits(5 * LENGTH)
    return "".join(ALPHABET[bits >> 5 * place & 31] for place in range(LENGTH))


def named_token(key: bytes, *names: str) -> str:
    """The token of what somebody names: the same for the same names, and for nobody without the key to be told."""
    told = b"".join(len(each.encode()).to_bytes(4) + each.encode() for each in ("token", *names))
    bits = int.from_bytes(hmac.digest(key, told, hashlib.sha256))
    return "".join(ALPHABET[bits >> 5 * place & 31] for place in range(LENGTH))


def lot_uri(public_url: str, token: str) -> str:
    """The address of what the token names: `https://<host>/id/<token>`. Raises ValueError for what is no token."""
    if len(token) != LENGTH or not set(token) <= _VALUE.keys():
        raise ValueError(f"not a token of {LENGTH} base-32 characters: {token}")
    return f"{public_url.rstrip('/')}/id/{token}"


def token_of(uri: str) -> str | None:
    """The token of one of our addresses, whatever the host; None for any other URI."""
    found = _ADDRESS.fullmatch(uri)
    return found[1] if found else None


def human_code(token: str) -> str:
    """Three groups of four characters: the token's first eleven and one that checks them. Raises ValueError."""
    shown = token[:SHOWN]
    if len(shown) != SHOWN or not set(shown) <= _VALUE.keys():
        raise ValueError(f"not a token of {LENGTH} base-32 characters: {token}")
    code = shown + _check_character(shown)
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def read_human_code(text: str) -> str | None:
    """The token's first eleven characters from a code as someone typed it; None where a character is wrong.

    Case, spaces and hyphens do not matter; O is read as 0, I and L as 1.
    """
    code = text.upper().translate(_MISREAD)
    if len(code) != SHOWN + 1 or not set(code) <= _VALUE.keys():
        return None
    return code[:SHOWN] if _check_character(code[:SHOWN]) == code[SHOWN] else None


def _check_character(shown: str) -> str:
    """A polynomial over GF(32) (x^5 + x^2 + 1): finds every single wrong character and every swap of two."""
    remainder = 0
    for character in shown:
        remainder = _doubled(remainder ^ _VALUE[character])
    return ALPHABET[remainder]


def _doubled(value: int) -> int:
    value <<= 1
    return value ^ 0b100101 if value & 32 else value
