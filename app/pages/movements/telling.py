"""Telling: a movement in words, as its two sides and their authorities read it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from app.pages.passports import name_of
from app.pages.recording.history import lot_page
from app.words import Speech
from standards.plausibility import PPM
from traceability.movements.tables import FigureRow, RequestRow
from traceability.movements.telling import Goods, Movement, Proposal, Said

HERE: Final = "/movements"
NONE: Final = "–"
TONES: Final = {
    "on_way": "info", "agreed": "good", "differing": "warn", "proposed": "warn", "final": "off", "returned": "off",
}  # fmt: skip
STANDING: Final = {"open": "warn", "accepted": "good", "declined": "off", "withdrawn": "off", "lapsed": "off"}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: their language, clock and moment, and the organisation whose side they are on, if any."""

    t: Speech
    zone: str
    moment: datetime
    organisation: int

    def day(self, moment: datetime) -> str:
        """The day that it was on this reader's clock."""
        return self.t.day(moment.astimezone(ZoneInfo(self.zone)).date())


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of a movement: its goods with both sides' net, and what lies between them."""

    name: str
    code: str
    href: str
    sent: str
    received: str
    difference: str
    notes: tuple[str, ...]


def state_of(told: Movement, moment: datetime) -> str:
    """One word: proposed, on_way, returned, final, agreed or differing."""
    if told.open_proposal(moment) is not None:
        return "proposed"
    if told.status in {"sent", "rejected"}:
        return "on_way" if told.status == "sent" else "returned"
    if told.final(moment):
        return "final"
    newest = told.proposals[0].row.answer if told.proposals else None
    same = all(not each.difference for each in told.goods)
    return "agreed" if (same or newest == "accepted") and not any(each.held for each in told.goods) else "differing"


def title_of(reader: Reader, told: Movement) -> str:
    """'5 May 2026: sender to receiver'."""
    day = reader.t.day(told.shipped.day)
    return reader.t("movement.named", day=day, sender=told.sender.name, receiver=told.receiver.name)


def difference(t: Speech, each: Goods) -> str:
    """What came less what was sent, with its sign, in mass and per cent; a dash where nothing came yet."""
    gap, ppm = each.difference, each.ppm
    if gap is None or ppm is None:
        return NONE
    sign = "" if not gap else "+" if gap > 0 else "\N{MINUS SIGN}"
    share = t.percent(Decimal(abs(ppm)) / PPM, 2)
    return f"{sign}{t.mass(abs(gap), 'kg')} ({sign}{share})"


def goods(t: Speech, each: Goods) -> Shown:
    """A lot of a movement."""
    notes = [
        (each.underway, "movement.underway"), (each.returned, "movement.went_back"), (each.held, "movement.on_hold"),
    ]  # fmt: skip
    return Shown(
        name_of(t, each.material, each.form), f"…{each.lot[-6:]}", lot_page(each.lot), t.mass(each.sent),
        t.mass(each.received) if each.came else NONE, difference(t, each),
        tuple(t(key, mass=t.mass(grams)) for grams, key in notes if grams and (each.came or key != notes[0][1])),
    )  # fmt: skip


def statements(reader: Reader, told: Movement) -> list[tuple[str, ...]]:
    """What each side stated: index, side, step, day, basis, gross, tare, pallets and net."""
    return [(str(each.index), *_stated(reader.t, each, told)) for each in told.said]


def _stated(t: Speech, each: Said, told: Movement) -> tuple[str, ...]:
    side = told.sender if each.organisation_id == told.sender.id else told.receiver
    scale = each.weighing
    masses = (scale.gross, scale.tare, scale.pallet, each.grams) if scale else (None, None, None, each.grams)
    return (
        side.name, t.name("biz_step", each.biz_step), t.day(each.day), t(f"weighing.{scale.basis}") if scale else NONE,
        *(NONE if grams is None else t.mass(grams) for grams in masses),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Offered:
    """A proposal in words: who, why, what it changes, what became of it, and until when it waits."""

    number: int
    by: str
    mine: bool
    reason: str
    state: str
    tone: str
    when: str
    until: str
    statement: str
    changes: tuple[tuple[str, str, str], ...]


def offered(reader: Reader, told: Movement, each: Proposal) -> Offered:
    """A proposal; its reader is one of the sides, or neither."""
    row, standing = each.row, each.standing(reader.moment)
    by = told.sender if row.proposer_id == told.sender.id else told.receiver
    names = {one.lot_id: name_of(reader.t, one.material, one.form) + f" …{one.lot[-6:]}" for one in told.goods}
    return Offered(
        row.fact_index, by.name, row.proposer_id == reader.organisation, row.reason,
        reader.t(f"movement.standing_{standing}"), STANDING[standing],
        reader.day(row.proposed_at), reader.t.moment(row.lapses_at, reader.zone), row.statement or "",
        tuple((names.get(one.lot_id, ""), *_changed(reader.t, one)) for one in each.figures),
    )  # fmt: skip


def _changed(t: Speech, figure: FigureRow) -> tuple[str, str]:
    def said(was: int | None, now: int | None) -> str:
        if was is None or now is None:
            return NONE
        return t.mass(now) if was == now else t("movement.was_is", was=t.mass(was), now=t.mass(now))

    return said(figure.sent_was, figure.sent), said(figure.received_was, figure.received)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to open a final movement again, in words."""

    number: int
    by: str
    country: str
    code: str
    reason: str
    when: str
    state: str
    tone: str
    statement: str


def asked(reader: Reader, told: Movement, row: RequestRow) -> Asked:
    """A request and what the authority decided."""
    t, country = reader.t, reader.t.country(row.country)
    by = told.sender if row.organisation_id == told.sender.id else told.receiver
    state = t("movement.request_waits", country=country)
    if row.open_until is not None:
        state = t("movement.opened_until", day=reader.day(row.open_until))
    elif row.decision is not None:
        state = t("movement.left_final")
    tone = "warn" if row.decision is None else "good" if row.decision == "granted" else "off"
    return Asked(
        row.fact_index, by.name, country, row.country if row.decision is None else "", row.reason,
        reader.day(row.asked_at), state, tone, row.statement or "",
    )  # fmt: skip
