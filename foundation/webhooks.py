"""Webhooks: messages signed so that their receiver can tell them from anyone else's (Standard Webhooks 1.0)."""

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PREFIX: Final = "whsec_"
_NONCE: Final = 12


def new_secret() -> str:
    """A secret of our own making, in the standard's form: 24 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def _key(secret: str) -> bytes:
    """The bytes that sign: what `whsec_` encodes, else the text itself as the other side made it up."""
    if secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def signed(secret: str, message_id: str, moment: datetime, body: bytes) -> dict[str, str]:
    """The three headers of a message: its id (the same when it is sent again), the time of sending, the signature."""
    timestamp = str(int(moment.timestamp()))
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    digest = hmac.digest(_key(secret), content, hashlib.sha256)
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": signature}


def sealing_key(installation: bytes) -> bytes:
    """What seals the secrets of others at rest, derived from the installation's own secret."""
    return hmac.digest(installation, b"webhook secrets", hashlib.sha256)


def seal(key: bytes, secret: str, owner: str) -> bytes:
    """A secret as it is kept (AES-256-GCM): of use only together with the key, and only under this owner's id."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, secret.encode(), owner.encode())


def unseal(key: bytes, sealed: bytes, owner: str) -> str | None:
    """The secret again; None where the installation's own secret has changed since."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], owner.encode()).decode()
    except InvalidTag:
        return None
