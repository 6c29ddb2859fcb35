"""Submissions: a checkpoint on its way to a witness, with the proof that it extends the last one seen there."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from traceability.tree.checkpoint import BadNote, decode_line

MOST_HASHES: Final = 63
LARGEST: Final = 64_000
"""Bytes that a submission may have: 63 hashes and a note of 100 signatures fit."""

_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Submission:
    """What a log sends (C2SP tlog-witness): the size last cosigned, the consistency proof from it, the signed note."""

    old: int
    hashes: tuple[bytes, ...]
    note: str


def submission_text(old: int, hashes: Sequence[bytes], note: str) -> str:
    """The body of `add-checkpoint`."""
    return "".join([f"old {old}\n", *(f"{base64.b64encode(each).decode('ascii')}\n" for each in hashes), "\n", note])


def parse_submission(body: bytes) -> Submission:
    """Read the body of `add-checkpoint`. Raises BadNote."""
    if len(body) > LARGEST:
        raise BadNote(f"a submission has at most {LARGEST} bytes")
    try:
        head, blank, note = body.decode("utf-8").partition("\n\n")
    except UnicodeDecodeError as fault:
        raise BadNote("a submission is text in UTF-8") from fault
    first, *hashes = head.split("\n")
    old = _OLD.fullmatch(first)
    if old is None or not blank:
        raise BadNote("a submission begins with the line `old <size>`, and a blank line stands before the checkpoint")
    return Submission(int(old[1]), hash_lines(hashes), note)


def hash_lines(lines: Sequence[str]) -> tuple[bytes, ...]:
    """One SHA-256 hash in base64 a line, at most 63. Raises BadNote."""
    if len(lines) > MOST_HASHES:
        raise BadNote(f"a proof has at most {MOST_HASHES} hashes")
    hashes = tuple(decode_line(line) for line in lines)
    if any(len(each) != 32 for each in hashes):
        raise BadNote("a hash of a proof is 32 bytes long")
    return hashes
