"""Checkpoints: the log's size and root as a text of three lines, signed as a note (C2SP)."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from foundation.keys import PublicKey, SigningKey

ED25519: Final = 0x01
"""The signature type of a plain Ed25519 key; other types (cosignatures) are read and passed over."""

MOST_SIGNATURES: Final = 100
_SIGNATURE: Final = re.compile(r"\u2014 ([^ ]+) ([A-Za-z0-9+/=]+)")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


class BadNote(ValueError):
    """This is no checkpoint, no signed note or no verifier key, or a signature is wrong; the sentence says which."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The statement that the log named `origin` has `size` leaves under this root."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who (name and the first four bytes of the key's hash), and the signature itself."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key under the name it signs as."""

    name: str
    key: PublicKey

    def __post_init__(self) -> None:
        check_name(self.name)

    @property
    def key_id(self) -> bytes:
        return key_id(self.name, self.key)


def key_id(name: str, key: PublicKey, kind: int = ED25519) -> bytes:
    """SHA-256(name || 0x0A || signature type || public key), its first four bytes."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key.raw).digest()[:4]


def check_name(name: str) -> None:
    """A key's name is not empty and holds neither white space nor a plus. Raises BadNote."""
    if not name or "+" in name or any(each.isspace() for each in name) or _CONTROL.search(name):
        raise BadNote(f"{name!r} cannot name a key")


def checkpoint_text(origin: str, size: int, root: bytes, extensions: Iterable[str] = ()) -> str:
    """`origin`, `size` and the root in base64, a line each. Raises BadNote where that could not be read back."""
    lines = [origin, str(size), base64.b64encode(root).decode("ascii"), *extensions]
    text = "".join(f"{line}\n" for line in lines)
    if parse_checkpoint(text) != Checkpoint(origin, size, root, tuple(lines[3:])):
        raise BadNote("a line of a checkpoint holds a line break")
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint's text (the signed part of its note). Raises BadNote."""
    origin, *lines = text.split("\n")
    if not origin or len(lines) < 3:
        raise BadNote("a checkpoint has an origin, a size and a root, each on a line that ends")
    size, root, *rest = lines
    if not _SIZE.fullmatch(size):
        raise BadNote(f"{size!r} is not the size of a log")
    return Checkpoint(origin, int(size), decode_line(root), tuple(rest[:-1]))


def sign_note(text: str, key: SigningKey, name: str) -> str:
    """The text as a note with one signature. Raises BadNote where the text does not end its last line."""
    if not text.endswith("\n"):
        raise BadNote("the last line of a note's text ends with a line break")
    return add_signature(text + "\n", key, name)


def add_signature(note: str, key: SigningKey, name: str) -> str:
    """The note with one more signature, under those it has. Raises BadNote."""
    check_name(name)
    text, _, _ = note.rpartition("\n\n")
    signature = key_id(name, key.public) + key.sign(f"{text}\n".encode())
    signed = f"{note}\u2014 {name} {base64.b64encode(signature).decode('ascii')}\n"
    split_note(signed)
    return signed


def split_note(note: str) -> tuple[str, tuple[Signature, ...]]:
    """The text and the signature lines of a note; nothing is verified. Raises BadNote."""
    text, blank, below = note.rpartition("\n\n")
    if not blank or not below.endswith("\n"):
        raise BadNote("a signed note has a blank line and signature lines below its text")
    if _CONTROL.search(note):
        raise BadNote("a signed note holds no control characters")
    lines = below[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise BadNote(f"a note with more than {MOST_SIGNATURES} signatures is not read")
    return f"{text}\n", tuple(_signature(line) for line in lines)


def _signature(line: str) -> Signature:
    found = _SIGNATURE.fullmatch(line)
    if found is None:
        raise BadNote(f"{line!r} is not a signature line")
    check_name(found[1])
    raw = decode_line(found[2])
    if len(raw) < 5:
        raise BadNote(f"the signature of {found[1]} is too short")
    return Signature(found[1], raw[:4], raw[4:])


def open_note(note: str, verifiers: Iterable[Verifier]) -> tuple[str, tuple[Verifier, ...]]:
    """The note's text, and who of the known signed it; unknown signers are passed over.

    Raises BadNote where a known key's signature is wrong, or where no known key has signed.
    """
    text, signatures = split_note(note)
    known = {(each.name, each.key_id): each for each in verifiers}
    signed: dict[Verifier, None] = {}
    for line in signatures:
        verifier = known.get((line.name, line.key_id))
        if verifier is None:
            continue
        if not verifier.key.verifies(line.signature, text.encode()):
            raise BadNote(f"the signature of {line.name} does not belong to this text")
        signed[verifier] = None
    if not signed:
        raise BadNote("none of the known keys has signed this note")
    return text, tuple(signed)


def open_checkpoint(note: str, verifiers: Iterable[Verifier]) -> Checkpoint:
    """The checkpoint of a signed note, which a known key under the log's own name must have signed. Raises BadNote."""
    text, signed = open_note(note, verifiers)
    checkpoint = parse_checkpoint(text)
    if len(checkpoint.root) != hashlib.sha256().digest_size:
        raise BadNote("the root of a log is 32 bytes long")
    if checkpoint.origin not in {each.name for each in signed}:
        raise BadNote(f"the log {checkpoint.origin} has not signed its own checkpoint")
    return checkpoint


def format_vkey(name: str, key: PublicKey, kind: int = ED25519) -> str:
    """`name+hex(key id)+base64(type || public key)`. Raises BadNote."""
    check_name(name)
    material = base64.b64encode(bytes([kind]) + key.raw).decode("ascii")
    return f"{name}+{key_id(name, key, kind).hex()}+{material}"


def parse_vkey(text: str) -> Verifier:
    """Read a verifier key of the Ed25519 type. Raises BadNote."""
    return Verifier(*read_vkey(text, ED25519))


def read_vkey(text: str, kind: int) -> tuple[str, PublicKey]:
    """Name and key of a verifier key of this signature type. Raises BadNote."""
    name, _, rest = text.strip().partition("+")
    stated, _, material = rest.partition("+")
    raw = decode_line(material)
    check_name(name)
    if len(raw) != 33 or raw[0] != kind:
        raise BadNote(f"this verifier key is not Ed25519 of signature type {kind}")
    key = PublicKey(raw[1:])
    if key_id(name, key, kind).hex() != stated:
        raise BadNote(f"the key id {stated} does not belong to the key of {name}")
    return name, key


def decode_line(text: str) -> bytes:
    """The bytes of one base64 text in its one proper spelling. Raises BadNote."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise BadNote(f"{text!r} is not base64") from fault
    if not raw or base64.b64encode(raw).decode("ascii") != text:
        raise BadNote(f"{text!r} is not base64 in its one proper spelling")
    return raw
