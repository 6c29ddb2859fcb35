"""Papers: what an event says of its transport and its documents beside the mass: mode, container, heading, digests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from standards.plausibility import container_finding
from traceability.events import Event
from traceability.refusals import TransportId

MOST: Final = 20
INVOICES: Final = ("inv", "https://ref.gs1.org/cbv/BTT-inv", "urn:epcglobal:cbv:btt:inv")
CONTAINER: Final = "urn:iso:6346:"
DOCUMENT: Final = "ni:///sha-256;"
FIX: Final = {
    "container_form": "State the owner's four letters and seven digits, such as CSQU3054383.",
    "container_digit": "The last digit does not fit the others: read the number from the box again.",
}


@dataclass(frozen=True, slots=True)
class Papers:
    """What an event states of its transport: invoices and documents are names that others may not use for theirs."""

    invoices: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    container: str | None = None
    heading: str | None = None
    mode: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Under what the record finds the events that name the same document or box."""
        return (*self.documents, *((CONTAINER + self.container,) if self.container else ()))


NOTHING: Final = Papers()


def papers_of(event: Event, prefix: str) -> Papers:
    """Read `container` (ISO 6346), `hs`, `mode` and `documents` (sha256 in hex) of our namespace, and the invoices.

    Raises TransportId for a container's number that is none.
    """
    told: Mapping[str, Any] = event.extensions
    invoices = tuple(each.biz_transaction for each in event.biz_transaction_list or () if each.type in INVOICES)
    if not told and not invoices:
        return NOTHING
    container, heading, mode = (_text(told.get(f"{prefix}:{name}")) for name in ("container", "hs", "mode"))
    documents = _digests(told.get(f"{prefix}:documents"))
    if container is not None:
        container = container.replace(" ", "").replace("-", "").upper()
        _check(container, f"/{prefix}:container")
    if not (invoices or documents or container or heading or mode):
        return NOTHING
    return Papers(invoices, documents, container, heading, mode)


def _check(container: str, pointer: str) -> None:
    finding = container_finding(container)
    if finding is not None:
        raise TransportId(
            f"{container[:40]} is no container's number.", field=pointer, value=container[:40],
            fix=FIX[finding.hint or "container_form"],
        )  # fmt: skip


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _digests(value: object) -> tuple[str, ...]:
    """Digests of documents; what is none is left as it was stated, and controls nothing."""
    listed = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    found = [each.lower() for each in listed if isinstance(each, str) and len(each) == 64]
    known = [each for each in found if set(each) <= set("0123456789abcdef")]
    return tuple(DOCUMENT + each for each in dict.fromkeys(known[:MOST]))
