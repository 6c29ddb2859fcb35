"""Certifying: whether a scope certificate stands for a shipment, and how much of it may still be certified."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal, get_args

from standards.materials import Taxonomy
from standards.quantities import exact

Status = Literal["applied", "issued", "rejected", "withdrawn", "superseded"]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
"""Of a transaction certificate; the catalogue's code list `transaction-certificate-statuses`."""


@dataclass(frozen=True)
class ScopeCertificate:
    """That a firm may: materials, sites and standard editions it covers, and when; both ends of every span inclusive.

    `editions` None: whichever. `withdrawn_on` is the first day on which it no longer stands.
    """

    valid_from: date
    valid_to: date
    materials: frozenset[str]
    sites: frozenset[str]
    suspensions: tuple[tuple[date, date], ...] = ()
    withdrawn_on: date | None = None
    editions: frozenset[str] | None = None

    def __post_init__(self) -> None:
        # a span whose ends are swapped would never apply, and a suspension that never applies lets shipments through
        for first, last in ((self.valid_from, self.valid_to), *self.suspensions):
            if last < first:
                raise ValueError(f"a span that begins on {first} does not end on {last}")


def reasons_against(
    certificate: ScopeCertificate, taxonomy: Taxonomy, on: date, material: str, site: str, edition: str | None = None
) -> tuple[str, ...]:
    """Why the certificate does not stand for this material, site and edition on that day; empty where it does.

    A material stands in scope when it or one of its parents is listed; one that the taxonomy does not know has no
    parents.
    """
    found = {
        "SHIPMENT_OUTSIDE_SCOPE_VALIDITY": not certificate.valid_from <= on <= certificate.valid_to,
        "SCOPE_SUSPENDED_ON_SHIPMENT_DATE": any(first <= on <= last for first, last in certificate.suspensions),
        "SCOPE_WITHDRAWN": certificate.withdrawn_on is not None and on >= certificate.withdrawn_on,
        "MATERIAL_NOT_IN_SCOPE": certificate.materials.isdisjoint(_with_parents(taxonomy, material)),
        "SITE_NOT_IN_SCOPE": site not in certificate.sites,
        "EDITION_NOT_IN_SCOPE": certificate.editions is not None and edition not in certificate.editions,
    }
    return tuple(reason for reason, holds in found.items() if holds)


def holds_edition(editions: Collection[str] | None, edition: str) -> bool | None:
    """Whether a certificate that lists these editions is one for this edition; None where it lists none.

    The catalogue's `4.x` is every edition 4: `4`, `4.0` and `4.1` are of it, `5.0` is not. Nothing else is alike.
    """
    if not editions:
        return None
    family = edition.removesuffix(".x")
    of_it = (edition,) if family == edition else (edition, family)
    return any(each in of_it or (family != edition and each.startswith(f"{family}.")) for each in editions)


def _with_parents(taxonomy: Taxonomy, material: str) -> tuple[str, ...]:
    return (material, *(taxonomy.ancestors(material) if material in taxonomy.materials else ()))


@dataclass(frozen=True)
class InputCertificate:
    """A transaction certificate received: only an issued one carries mass on."""

    grams: int
    status: Status

    def __post_init__(self) -> None:
        if self.grams < 0:
            raise ValueError(f"{self.grams} g: a certificate carries no mass below zero")


@dataclass(frozen=True)
class Shipment:
    """What a transaction certificate is asked for."""

    on: date
    material: str
    site: str
    grams: int

    def __post_init__(self) -> None:
        if self.grams <= 0:
            raise ValueError(f"{self.grams} g: a shipment has a mass above zero")


@dataclass(frozen=True)
class Decision:
    """Whether the certificate may be issued; `available_grams` is what could still be, cut to the gram."""

    issue: bool
    available_grams: int
    reasons: tuple[str, ...]


def decide(
    certificate: ScopeCertificate, taxonomy: Taxonomy, shipment: Shipment, inputs: Sequence[InputCertificate],
    certified_grams: Sequence[int], yield_share: Decimal, edition: str | None = None,
) -> Decision:  # fmt: skip
    """Issue only inside the scope, and never above issued inputs x yield - output already certified.

    `yield_share` lies above 0 and not above 1: a process makes no material. ValueError otherwise, or for a mass below
    zero. What was certified beyond the inputs leaves nothing available, never less.
    """
    share = exact(yield_share)
    if not 0 < share <= 1:
        raise ValueError(f"{yield_share}: a yield lies above 0 and not above 1")
    if min(certified_grams, default=0) < 0:
        raise ValueError("what was certified has no mass below zero: it would free mass for another certificate")
    carried = sum(each.grams for each in inputs if each.status == "issued") * share
    available = max(int(carried) - sum(certified_grams), 0)
    reasons = reasons_against(certificate, taxonomy, shipment.on, shipment.material, shipment.site, edition)
    if shipment.grams > available:
        reasons = (*reasons, "VOLUME_EXCEEDS_AVAILABLE")
    return Decision(not reasons, available, reasons)
