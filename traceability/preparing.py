"""Preparing: a received event or a fact of our own, made ready for its index outside any lock."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final

import rfc8785

from foundation.access import Actor
from foundation.registry import Directory, Place
from traceability.checking.papers import Papers, papers_of
from traceability.controls import Controls
from traceability.eventhash import event_hash
from traceability.events import Event, ReceivedEvent
from traceability.ledger.interpretation import movement_of, own_prefix
from traceability.ledger.movements import Movement, Unmoved
from traceability.ledger.outcomes import Speaker
from traceability.ledger.weighing import check_weighing
from traceability.refusals import EventRefused, WrongTenant
from traceability.sequencing.commands import Claiming, Kind, Prepared
from traceability.tree.canonical import fields_of
from traceability.tree.leaf import commitments, received_field

SALT: Final = 32


@dataclass(frozen=True, slots=True)
class Setting:
    """What preparing reads around the event: the actor, the directory, the controls, the clock's moment."""

    actor: Actor
    directory: Directory
    controls: Controls
    moment: datetime
    backfill: bool = False


def named_uris(event: Event) -> set[str]:
    """Every party and place that an event names."""
    uris = {each.id for each in (event.biz_location, event.read_point) if each is not None}
    uris |= {each.source for each in event.source_list or ()}
    return uris | {each.destination for each in event.destination_list or ()}


def place_of(event: Event, setting: Setting) -> Place | None:
    """Where it happened, as far as the actor may say so. Raises WrongTenant for a facility of someone else."""
    for field, named in (("bizLocation", event.biz_location), ("readPoint", event.read_point)):
        if named is None:
            continue
        place = setting.directory.places.get(named.id)
        if place is None:
            return None
        if place.organisation_id != setting.actor.organisation_id:
            raise WrongTenant(
                "This facility belongs to another organisation.", field=f"/{field}/id", value=named.id,
                fix="Name one of your own facilities, or use a key of the organisation that runs it.",
            )  # fmt: skip
        return place
    return None


def _day(event: Event, place: Place | None) -> date:
    """The local day: in the facility's zone, else at the offset that the event states."""
    if place is not None:
        return event.event_time.astimezone(place.zone).date()
    sign = -1 if event.event_time_zone_offset.startswith("-") else 1
    hours, minutes = event.event_time_zone_offset[1:].split(":")
    return event.event_time.astimezone(timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))).date()


RESERVED: Final = frozenset({
    "junkan:bookings", "junkan:controls", "junkan:entries", "junkan:outcome", "junkan:stated", "junkan:received",
})  # fmt: skip


def _check_names(data: Mapping[str, Any]) -> None:
    """The record commits to facts of its own beside the event's fields: nobody else may state those."""
    taken = sorted(RESERVED.intersection(data))
    if taken:
        raise EventRefused(
            f"{taken[0]} is stated by the record alone.", field=f"/{taken[0]}", value=None, fix="Leave this field out."
        )


def prepare(received: ReceivedEvent, event: Event, context: Any, setting: Setting) -> Prepared:
    """An EPCIS event, checked and hashed. Raises a Refusal that names field, value and fix."""
    _check_names(received.data)
    setting.controls.check_time(event.event_time, setting.moment)
    place = place_of(event, setting)
    prefix = own_prefix(context)
    movement = movement_of(event, prefix)
    check_weighing(event, prefix, movement)
    backfill = setting.backfill or event.extensions.get(f"{prefix}:backfill") is True
    papers = papers_of(event, prefix)
    verdict = setting.controls.examine(movement, event, setting.moment, papers, backfill=backfill)
    digest = event_hash(received.data, context)
    salt, body = secrets.token_bytes(SALT), received.raw.decode()
    text = received_field(body, context)
    return Prepared(
        kind="epcis",
        speaker=Speaker(setting.actor.organisation_id, place.id if place else None, country_of(place, setting)),
        actor=setting.actor.name,
        event_id=event.event_id or digest,
        event_hash=bytes.fromhex(digest.removeprefix("ni:///sha-256;").partition("?")[0]),
        declares_error=event.error_declaration is not None,
        body=body,
        context=context,
        salt=salt,
        received=text,
        commitments=(*_commitments(received, salt), *commitments(text, salt, parsed=True)),
        movement=movement,
        event_time=event.event_time,
        event_day=_day(event, place),
        rules=setting.controls.version,
        parties=parties_of(event, setting.directory),
        event_type=event.type,
        action=getattr(event, "action", None),
        biz_step=event.biz_step,
        disposition=event.disposition,
        transformation_id=getattr(event, "transformation_id", None),
        references=references_of(event, papers),
        correctives=correctives_of(event),
        flags=verdict.flags, held=verdict.held, findings=verdict.findings, papers=papers, backfill=backfill,
    )  # fmt: skip


def _commitments(received: ReceivedEvent, salt: bytes) -> tuple[tuple[str, bytes], ...]:
    fields = fields_of(received.raw)
    return commitments(received.data, salt) if fields is None else commitments(fields, salt, parsed=True)


def references_of(event: Event, papers: Papers) -> tuple[str, ...]:
    """The papers that an event names, by which it is found: its business transactions, its documents and its box."""
    return (*(each.biz_transaction for each in event.biz_transaction_list or ()), *papers.names)


def correctives_of(event: Event) -> tuple[str, ...]:
    """The events that a declaration of error names as the right ones."""
    declaration = event.error_declaration
    return tuple(dict.fromkeys(declaration.corrective_event_ids or ())) if declaration is not None else ()


def country_of(place: Place | None, setting: Setting) -> str:
    return place.country if place is not None else setting.actor.country


def parties_of(event: Event, directory: Directory) -> Mapping[str, int]:
    """The organisations that the event names as source or destination, as far as they are known."""
    named = [each.source for each in event.source_list or ()]
    named += [each.destination for each in event.destination_list or ()]
    return {uri: directory.parties[uri] for uri in named if uri in directory.parties}


def id_of(kind: Kind, body: Mapping[str, Any]) -> str:
    """The id of a fact of our own that follows from what it states: the same is the same, another one never is."""
    return f"urn:junkan:{kind}:{hashlib.sha256(rfc8785.dumps(dict(body))).hexdigest()}"


def fact(
    kind: Kind, body: Mapping[str, Any], fact_id: str, actor: Actor, moment: datetime, rules: str, *,
    day: date | None = None, movement: Movement | None = None, speaker: Speaker | None = None,
    parties: Mapping[str, int] | None = None, claiming: Claiming | None = None, facility: int | None = None,
) -> Prepared:  # fmt: skip
    """A fact that is no EPCIS event (a certificate, a declaration, a claim...): hashed over its JCS form (RFC 8785)."""
    canonical = rfc8785.dumps(dict(body))
    salt = secrets.token_bytes(SALT)
    text = received_field(canonical.decode(), None)
    return Prepared(
        kind=kind,
        speaker=speaker or Speaker(actor.organisation_id, facility, actor.country),
        actor=actor.name,
        event_id=fact_id,
        event_hash=hashlib.sha256(canonical).digest(),
        declares_error=False,
        body=canonical.decode(),
        context=None,
        salt=salt,
        received=text,
        commitments=(*commitments(body, salt), *commitments(text, salt)),
        movement=movement or Unmoved("fact"),
        event_time=moment,
        event_day=day or moment.date(),
        rules=rules,
        parties=parties or {},
        claiming=claiming,
    )
