"""Hashing: the prehash of an event as a URI of RFC 6920."""

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

from traceability.eventhash.prehash import prehash


def event_hash(event: Mapping[str, Any], context: Any = None, ignored: Collection[str] = ()) -> str:
    """`ni:///sha-256;<64 hex digits>?ver=CBV2.0` of a valid event, given as parsed JSON.

    `context` is the document's @context; `ignored` are keys that take no part. No proof of authenticity: eventID,
    recordTime and errorDeclaration take no part either.
    """
    return hash_uri(hashlib.sha256(prehash(event, context, ignored).encode()).digest())


def hash_uri(digest: bytes) -> str:
    """The event hash of a SHA-256 digest, as the URI that also names an event without an eventID (CBV 2.0, 8.9.2)."""
    return f"ni:///sha-256;{digest.hex()}?ver=CBV2.0"
