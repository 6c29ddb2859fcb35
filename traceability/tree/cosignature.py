"""Cosignatures: a witness's word that it saw one history of a log, and when (C2SP tlog-cosignature, Ed25519)."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from foundation.keys import PublicKey, SigningKey
from traceability.tree.checkpoint import BadNote, check_name, format_vkey, key_id, read_vkey, split_note

COSIGNATURE: Final = 0x04
"""The signature type of an Ed25519 cosignature."""

_STAMP: Final = 8
_LATEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Witness:
    """Who cosigns: a name and a public key of the cosignature type."""

    name: str
    key: PublicKey

    @property
    def key_id(self) -> bytes:
        return key_id(self.name, self.key, COSIGNATURE)

    @property
    def vkey(self) -> str:
        return format_vkey(self.name, self.key, COSIGNATURE)


@dataclass(frozen=True, slots=True)
class Cosigned:
    """That a witness vouched for a checkpoint at a moment (whole seconds, UTC)."""

    witness: Witness
    at: datetime


def parse_witness(vkey: str) -> Witness:
    """Read a verifier key of the cosignature type. Raises BadNote."""
    return Witness(*read_vkey(vkey, COSIGNATURE))


def cosign(text: str, key: SigningKey, name: str, at: datetime) -> str:
    """The signature line over a checkpoint's text (its note without signatures), ending in a line break."""
    check_name(name)
    seconds = int(at.timestamp())
    signature = key.sign(_message(text, seconds))
    raw = key_id(name, key.public, COSIGNATURE) + seconds.to_bytes(_STAMP, "big") + signature
    return f"\u2014 {name} {base64.b64encode(raw).decode('ascii')}\n"


def cosigned_by(note: str, witnesses: Iterable[Witness]) -> tuple[Cosigned, ...]:
    """Which of the known witnesses vouched for this note, each once; unknown signers are passed over.

    Raises BadNote where the signature of a known witness is wrong.
    """
    text, lines = split_note(note)
    known = {(each.name, each.key_id): each for each in witnesses}
    found: dict[Witness, Cosigned] = {}
    for line in lines:
        witness = known.get((line.name, line.key_id))
        if witness is None:
            continue
        stamp, signature = line.signature[:_STAMP], line.signature[_STAMP:]
        seconds = int.from_bytes(stamp, "big")
        if seconds > _LATEST or not witness.key.verifies(signature, _message(text, seconds)):
            raise BadNote(f"the cosignature of {line.name} does not belong to this text")
        found[witness] = Cosigned(witness, _moment(seconds))
    return tuple(found.values())


def _moment(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError) as fault:
        raise BadNote(f"{seconds} is no time of a cosignature") from fault


def _message(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()
