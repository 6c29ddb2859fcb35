"""Scope certificates: the holder or the body records one, the body confirms, suspends, lifts and withdraws it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, get_args

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Conflict, Forbidden, Invalid, NotFound
from foundation.registry import Facility, Organisation
from standards.catalogue import Catalogue
from standards.materials import taxonomy
from standards.trade.certifying import ScopeCertificate, reasons_against
from traceability.certificates.tables import ScopeActRow, ScopeRow
from traceability.preparing import fact, id_of
from traceability.refusals import DuplicateEvent
from traceability.sequencing.commands import Accepted, Command, IndexOf, Write
from traceability.sequencing.sequencer import Sequencer

Act = Literal["confirmed", "suspended", "lifted", "withdrawn"]
ACTS: Final[tuple[Act, ...]] = get_args(Act)
Evidence = Literal["holder", "certifier"]
CERTIFIER: Final = "certifier"
SCHEME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
LONGEST: Final = 1_000
SHOWN: Final = 200
INSERT: Final = """
INSERT INTO scope_certificate (fact_index, holder_id, body_id, body, recorded_by, scheme, editions, number, sites,
    materials, processes, document_sha256, valid_from, valid_to, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING
"""
ACT: Final = """
INSERT INTO scope_act (fact_index, scope, act, day, statement, organisation_id, acted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope certificate as somebody states it: organisations and sites by URI, `body` also by name alone."""

    holder: str
    body: str
    scheme: str
    number: str
    sites: tuple[str, ...]
    materials: tuple[str, ...]
    valid_from: date
    valid_to: date
    processes: tuple[str, ...] = ()
    editions: tuple[str, ...] | None = None
    document_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A scope certificate with everything that happened to it, in order."""

    row: ScopeRow
    acts: tuple[ScopeActRow, ...]

    @property
    def evidence(self) -> Evidence:
        """The body's own account where it recorded or confirmed it; else the holder's word."""
        own = self.row.recorded_by == self.row.body_id or any(each.act == "confirmed" for each in self.acts)
        return "certifier" if own else "holder"

    @property
    def rule(self) -> ScopeCertificate:
        """As the rules judge it; a suspension that nobody lifted has no last day."""
        spans: list[tuple[date, date]] = []
        for each in self.acts:
            if each.act == "suspended":
                spans.append((each.day, date.max))
            elif each.act == "lifted":
                spans[-1] = (spans[-1][0], each.day - timedelta(days=1))
        row = self.row
        return ScopeCertificate(
            row.valid_from, row.valid_to, frozenset(row.materials), frozenset(row.sites), tuple(spans),
            next((each.day for each in self.acts if each.act == "withdrawn"), None),
            None if row.editions is None else frozenset(row.editions),
        )  # fmt: skip

    def against(
        self, catalogue: Catalogue, on: date, material: str, site: str, edition: str | None = None
    ) -> tuple[str, ...]:
        """Why it does not stand for this material, site and edition on that day; empty where it does."""
        return reasons_against(self.rule, taxonomy(catalogue), on, material, site, edition)


async def record_scope(
    record: AsyncSession, sequencer: Sequencer, actor: Actor, catalogue: Catalogue, scope: Scope, moment: datetime
) -> Accepted:
    """Record a scope certificate, as its holder or as its body. `record` reads with the record scope.

    Raises Invalid, Forbidden, NotFound, or DuplicateEvent where the body's number is known.
    """
    actor.must("capture")
    _check(scope, catalogue)
    holder, body = await _parties(record, actor, scope)
    stated = {key: _plain(value) for key, value in asdict(scope).items()}
    document = {"type": "ScopeCertificate", **stated, "recordedBy": actor.organisation_uri}
    told = fact("certificate", document, id_of("certificate", document), actor, moment, sequencer.controls.version)
    values = (
        IndexOf(), holder.id, body.id if body else None, scope.body, actor.organisation_id, scope.scheme,
        None if scope.editions is None else list(scope.editions), scope.number, list(scope.sites),
        list(scope.materials), list(scope.processes),
        bytes.fromhex(scope.document_sha256) if scope.document_sha256 else None,
        scope.valid_from, scope.valid_to, moment,
    )  # fmt: skip
    known = DuplicateEvent("A certificate of this body with this number is recorded.", field="number")
    return (await sequencer.submit(Command((told,), (Write(INSERT, values, known),)))).accepted[0]


async def _parties(record: AsyncSession, actor: Actor, scope: Scope) -> tuple[Organisation, Organisation | None]:
    """The holder, and the body where it takes part; the actor is one of them. Raises NotFound, Invalid, Forbidden."""
    parties = {each.uri: each for each in await _organisations(record, (scope.holder, scope.body))}
    holder, body = parties.get(scope.holder), parties.get(scope.body)
    if holder is None:
        raise NotFound("No such organisation takes part.", field="holder", value=scope.holder)
    if body is not None and (CERTIFIER not in body.roles or body.id == holder.id):
        raise Invalid(
            "This organisation cannot certify that one.", field="body", value=scope.body,
            fix="Name the certification body; nobody certifies itself.",
        )  # fmt: skip
    if actor.organisation_id not in (holder.id, body.id if body else None):
        raise Forbidden("Only the holder or its certification body records a certificate.", field="holder")
    owned = set(await record.scalars(select(Facility.uri).where(Facility.organisation_id == holder.id)))
    if missing := set(scope.sites) - owned:
        raise NotFound("The holder has no such site.", field="sites", value=min(missing))
    return holder, body


def _plain(value: object) -> Any:
    match value:
        case date():
            return str(value)
        case tuple():
            return list(value)
        case _:
            return value


def _check(scope: Scope, catalogue: Catalogue) -> None:
    if scope.valid_to < scope.valid_from:
        raise Invalid(
            "The certificate ends before it begins.", field="valid_to", value=str(scope.valid_to),
            fix="State the last day on which it is valid.",
        )  # fmt: skip
    if not SCHEME.fullmatch(scope.scheme):
        raise Invalid(
            "A scheme is named by its code.", field="scheme", value=scope.scheme,
            fix="Write small letters, digits and hyphens: grs, rcs, iscc-plus.",
        )  # fmt: skip
    known = taxonomy(catalogue)
    if unknown := set(scope.materials) - known.materials.keys() - known.families.keys():
        raise Invalid(
            "The taxonomy knows no such material.", field="materials", value=min(unknown),
            fix="Use codes of the taxonomy.",
        )  # fmt: skip
    if not scope.sites or not scope.materials:
        field = "materials" if scope.sites else "sites"
        raise Invalid("Name at least one.", field=field, fix="A certificate covers sites and materials by name.")


async def _organisations(record: AsyncSession, uris: Iterable[str]) -> Sequence[Organisation]:
    return list(await record.scalars(select(Organisation).where(Organisation.uri.in_(list(uris)))))


async def act_on_scope(
    record: AsyncSession, sequencer: Sequencer, actor: Actor, number: int, act: Act, day: date, statement: str,
    moment: datetime,
) -> Accepted:  # fmt: skip
    """Confirm, suspend, lift or withdraw from that day on; only the certificate's own body may.

    Raises NotFound for another's certificate, Invalid without a statement, or Conflict where the act does not follow
    from what came before (a suspension of a suspended one, an earlier day, anything after a withdrawal).
    """
    actor.must("capture")
    said = statement.strip()
    if not 0 < len(said) <= LONGEST or "\x00" in said:
        raise Invalid("Say why.", field="statement", value=said[:80], fix=f"Write 1 to {LONGEST} characters.")
    row = await record.get(ScopeRow, number)
    if row is None or row.body_id != actor.organisation_id or CERTIFIER not in actor.organisation_roles:
        raise NotFound("You have no such certificate to act on.", field="scope", value=number)
    document = {
        "type": "ScopeAct", "scope": number, "act": act, "day": str(day), "statement": said,
        "by": actor.organisation_uri, "time": moment.isoformat(),
    }  # fmt: skip
    told = fact("certificate", document, id_of("certificate", document), actor, moment, sequencer.controls.version)
    values = (IndexOf(), number, act, day, said, actor.organisation_id, moment)
    wrong = Conflict(
        "This does not follow from what was done with the certificate before.", field="act", value=act,
        fix="Lift only what is suspended, on a later day; nothing follows a withdrawal.",
    )  # fmt: skip
    return (await sequencer.submit(Command((told,), (Write(ACT, values, wrong),)))).accepted[0]


async def standings(session: AsyncSession, *where: Any, most: int | None = SHOWN) -> list[Standing]:
    """Scope certificates, newest first, at most so many, as far as the reader of this session may see them."""
    rows = list(await session.scalars(select(ScopeRow).where(*where).order_by(ScopeRow.fact_index.desc()).limit(most)))
    if not rows:
        return []
    wanted = select(ScopeActRow).where(ScopeActRow.scope.in_([each.fact_index for each in rows]))
    acts = list(await session.scalars(wanted.order_by(ScopeActRow.fact_index)))
    return [Standing(row, tuple(each for each in acts if each.scope == row.fact_index)) for row in rows]


async def standing_scope(session: AsyncSession, number: int) -> Standing:
    """One scope certificate. Raises NotFound where the reader may not see it, as where there is none."""
    found = await standings(session, ScopeRow.fact_index == number)
    if not found:
        raise NotFound("You have no such certificate.", field="scope", value=number)
    return found[0]
