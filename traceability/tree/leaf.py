"""A leaf: what the public log says of a fact, and how single fields of it are shown without the rest.

A fact (an event, a certificate, a claim...) is a mapping of field names to JSON values, with a secret salt of 32 random
bytes. Each field is committed to on its own:

    field salt  = SHA-256(salt || utf8(name))
    commitment  = SHA-256(field salt || utf8(name) || 0x00 || JCS(value))

JCS never contains the byte 0x00, so the last one ends the name. The fact's commitment root is the RFC 6962 root over
its commitments as leaf data, in the order of the names' code points. A field salt gives neither the salt nor another
field's salt away, so a field can be shown alone; when the salt and the text are erased, nothing can be guessed from
the leaf, which stays.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from json.encoder import encode_basestring
from typing import Any, Final

from traceability.tree.canonical import canonical, canonical_parsed, utf8
from traceability.tree.merkle import inclusion_proof, leaf_hash, node_hash, root_of_hashes, verify_inclusion

VERSION: Final = 1
SALT_SIZE: Final = 32
RECEIVED: Final = "junkan:received"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_sha256: Final = hashlib.sha256


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One field shown with all that ties it to a commitment root, and nothing of the other fields.

    `position` and `count`: the field's place among the fact's fields in name order, and how many there are.
    """

    name: str
    value: Any
    field_salt: bytes
    position: int
    count: int
    proof: tuple[bytes, ...]


def commitments(
    fields: Mapping[str, Any], salt: bytes, *, parsed: bool = False
) -> tuple[tuple[str, bytes], ...]:  # fmt: skip
    """(name, commitment) of each field, in the mapping's order. Raises NotCanonical, ValueError for a short salt.

    `parsed`: the values are as `canonical_parsed` takes them.
    """
    if len(salt) != SALT_SIZE:
        raise ValueError(f"a salt is {SALT_SIZE} bytes long, not {len(salt)}")
    result, written = list[tuple[str, bytes]](), canonical_parsed if parsed else canonical
    for name, value in fields.items():
        named = utf8(name)
        field_salt = _sha256(salt + named).digest()
        result.append((name, _sha256(field_salt + named + b"\x00" + written(value)).digest()))
    return tuple(result)


def received_field(body: str, context: Any) -> dict[str, Any]:
    """The field that ties a fact to the very text received and its JSON-LD context, to be committed to like any other.

    Values alone would let the spelling of a number, white space and unused context lines be changed unseen.
    """
    text, around = _sha256(utf8(body)).hexdigest(), _sha256(canonical(context)).hexdigest()
    return {RECEIVED: {"body": text, "context": around}}


def commitment_root(commitments: Iterable[tuple[str, bytes]]) -> bytes:
    """The RFC 6962 root over the commitments in name order. Raises ValueError where a name stands twice."""
    return root_of_hashes(_hashes(sorted(commitments)))


def _hashes(ordered: Sequence[tuple[str, bytes]]) -> list[bytes]:
    if len({name for name, _ in ordered}) != len(ordered):
        raise ValueError("a field is committed to twice")
    return [leaf_hash(commitment) for _, commitment in ordered]


def leaf_data(kind: str, event_hash: bytes, root: bytes, record_time_us: int) -> bytes:
    """The JCS form of {hash, kind, root, time, version}: hashes in hex, microseconds since 1970 as RFC 3339 in UTC."""
    return (
        f'{{"hash":"{event_hash.hex()}","kind":{encode_basestring(kind)},"root":"{root.hex()}",'
        f'"time":"{rfc3339(record_time_us)}","version":{VERSION}}}'
    ).encode()


def rfc3339(time_us: int) -> str:
    """Microseconds since 1970 as `2026-03-01T03:00:00.000000Z`."""
    return (_EPOCH + timedelta(microseconds=time_us)).isoformat(timespec="microseconds")[:-6] + "Z"


def microseconds(time: str) -> int:
    """The inverse of `rfc3339`. Raises ValueError for any other spelling."""
    result = (datetime.fromisoformat(time) - _EPOCH) // timedelta(microseconds=1)
    if rfc3339(result) != time:
        raise ValueError(f"{time} is not a time in UTC with microseconds")
    return result


def disclose(fields: Mapping[str, Any], salt: bytes, name: str) -> Disclosure:
    """Show one field. Raises KeyError where the fact has no such field."""
    value = fields[name]
    ordered = sorted(commitments(fields, salt))
    row = _hashes(ordered)
    position = [each for each, _ in ordered].index(name)

    def node(level: int, index: int) -> bytes:
        if not level:
            return row[index]
        return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))

    proof = inclusion_proof(position, len(row), node)
    return Disclosure(name, value, _sha256(salt + utf8(name)).digest(), position, len(row), proof)


def verify_disclosure(shown: Disclosure, root: bytes) -> bool:
    """Was this value committed to under this name in the fact with this commitment root? Raises NotCanonical."""
    data = shown.field_salt + utf8(shown.name) + b"\x00" + canonical(shown.value)
    commitment = leaf_hash(_sha256(data).digest())
    return len(shown.field_salt) == SALT_SIZE and verify_inclusion(
        shown.position, shown.count, commitment, shown.proof, root
    )
