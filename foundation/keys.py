"""Keys: the Ed25519 keys that sign the log, and the retired ones, which must stay verifiable as long as the record."""

import base64
import binascii
import hashlib
import json
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FILE: Final = "signing-keys.json"
SIZE: Final = 32


class BadKey(ValueError):
    """A key cannot be read, or its file may be read by others; the sentence says which and what to do."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What verifies: 32 bytes (RFC 8032 section 5.1.5), named by the first 8 bytes of their SHA-256 in hex."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != SIZE:
            raise BadKey(f"an Ed25519 public key is {SIZE} bytes long, not {len(self.raw)}")

    @property
    def id(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()[:16]

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Did this key sign the message?"""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What signs; the seed is never shown."""

    seed: bytes = field(repr=False)
    public: PublicKey

    @property
    def id(self) -> str:
        return self.public.id

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of an Ed25519 signature (RFC 8032)."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The key that signs now, and those that signed before, the newest first."""

    active: SigningKey
    retired: tuple[PublicKey, ...] = ()

    @property
    def public(self) -> tuple[PublicKey, ...]:
        """Every key that may have signed a part of the record, the active one first."""
        return (self.active.public, *self.retired)


def signing_key(seed: bytes) -> SigningKey:
    """The key of a seed of 32 bytes (RFC 8032's private key). Raises BadKey."""
    if len(seed) != SIZE:
        raise BadKey(f"the seed of a signing key is {SIZE} bytes long, not {len(seed)}")
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return SigningKey(seed, PublicKey(public))


def derived(key: SigningKey, purpose: str) -> SigningKey:
    """A key for another purpose, from the same seed: two purposes never share one key (HKDF, RFC 5869)."""
    made = HKDF(hashes.SHA256(), SIZE, salt=None, info=f"junkan {purpose}".encode()).derive(key.seed)
    return signing_key(made)


def load_keys(setting: str | None, directory: Path) -> KeyRing:
    """The keys of `JUNKAN_SIGNING_KEY`, else those in the data directory, where a first one is made if there is none.

    The setting is the seed in base64; older public keys may follow, each behind a comma. Raises BadKey.
    """
    if setting is not None and setting.strip():
        first, *older = [part.strip() for part in setting.split(",")]
        return KeyRing(signing_key(_decode(first)), tuple(PublicKey(_decode(part)) for part in older))
    file = directory / FILE
    if not file.exists():
        directory.mkdir(parents=True, exist_ok=True)
        _create(file, KeyRing(signing_key(secrets.token_bytes(SIZE))))
    return _read(file)


def rotate(directory: Path) -> KeyRing:
    """A new key signs from now on; the seed of the old one is forgotten, its public half stays. Raises BadKey."""
    old = _read(directory / FILE)
    new = KeyRing(signing_key(secrets.token_bytes(SIZE)), old.public)
    draft = _draft(directory / FILE, new)
    draft.replace(directory / FILE)
    return new


def encode(raw: bytes) -> str:
    """Base64 as the setting and the file hold it."""
    return base64.b64encode(raw).decode("ascii")


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise BadKey("a signing key is not base64; make one with: openssl rand -base64 32") from fault


def _create(file: Path, ring: KeyRing) -> None:
    """Write the first key ring; where two processes start together the first one's stays."""
    draft = _draft(file, ring)
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _draft(file: Path, ring: KeyRing) -> Path:
    """A complete file beside the real one that only its owner may read, safely on disk."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    content = {"seed": encode(ring.active.seed), "retired": [encode(key.raw) for key in ring.retired]}
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(content, out)
        out.flush()
        os.fsync(out.fileno())
    return draft


def _read(file: Path) -> KeyRing:
    try:
        mode = file.stat().st_mode
        content = json.loads(file.read_text("utf-8"))
        retired = tuple(PublicKey(_decode(each)) for each in content["retired"])
        ring = KeyRing(signing_key(_decode(content["seed"])), retired)
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise BadKey(f"{file} cannot be read as signing keys: {fault}") from fault
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise BadKey(f"{file} may be read by others: make it yours alone (chmod 600) or replace the key")
    return ring
