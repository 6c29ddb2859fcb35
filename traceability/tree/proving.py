"""A proof file: one leaf, its path and the signed checkpoint in one text that convinces offline (C2SP tlog-proof)."""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from traceability.tree.checkpoint import BadNote, Checkpoint, Verifier, decode_line, open_checkpoint
from traceability.tree.cosignature import Cosigned, Witness, cosigned_by
from traceability.tree.merkle import leaf_hash, verify_inclusion
from traceability.tree.submission import hash_lines

HEAD: Final = "c2sp.org/tlog-proof@v1"
SUFFIX: Final = ".tlog-proof"

_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class ProofFile:
    """What the file holds; `leaf` is the leaf's data, carried as the extra line, from which its hash is made."""

    index: int
    path: tuple[bytes, ...]
    note: str
    leaf: bytes | None = None


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof file proves: this leaf is in that checkpoint's tree, and these witnesses saw the checkpoint."""

    index: int
    leaf: bytes
    checkpoint: Checkpoint
    cosigned: tuple[Cosigned, ...]


def proof_text(proof: ProofFile) -> str:
    """The file's text."""
    extra = [] if proof.leaf is None else [f"extra {base64.b64encode(proof.leaf).decode('ascii')}"]
    path = [base64.b64encode(each).decode("ascii") for each in proof.path]
    return "\n".join([HEAD, *extra, f"index {proof.index}", *path, "", proof.note])


def parse_proof(text: str) -> ProofFile:
    """Read a proof file; nothing is verified. Raises BadNote."""
    above, blank, note = text.partition("\n\n")
    head, *lines = above.split("\n")
    if head != HEAD or not blank:
        raise BadNote(f"a proof file begins with {HEAD}, and a blank line stands before its checkpoint")
    leaf = decode_line(lines.pop(0).removeprefix("extra ")) if lines and lines[0].startswith("extra ") else None
    index = _INDEX.fullmatch(lines[0]) if lines else None
    if index is None:
        raise BadNote("a proof file names the index of its leaf")
    return ProofFile(int(index[1]), hash_lines(lines[1:]), note, leaf)


def check_proof(
    proof: ProofFile, verifiers: Iterable[Verifier], witnesses: Iterable[Witness] = (), leaf: bytes | None = None
) -> Proven:
    """Prove the leaf given, else the one that the file carries, under a checkpoint that a known key signed.

    Raises BadNote and says what does not hold. Whether the witnesses are enough is the reader's own policy.
    """
    data = proof.leaf if leaf is None else leaf
    if data is None:
        raise BadNote("the file carries no leaf: give the leaf that it shall prove")
    checkpoint = open_checkpoint(proof.note, verifiers)
    if not verify_inclusion(proof.index, checkpoint.size, leaf_hash(data), proof.path, checkpoint.root):
        raise BadNote(f"leaf {proof.index} is not in the tree of {checkpoint.size} that was signed")
    return Proven(proof.index, data, checkpoint, cosigned_by(proof.note, witnesses))
