"""Filling: a form read field by field, every refusal gathered, so that its reader sees all of them at once."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from app.formats import decimal_mark, parse_day, parse_mass
from app.pages.rendering import AnyRequest, errors_of
from app.words import Speech
from foundation.errors import Invalid, Refusal

NOON: Final = time(12)
_NUMBER: Final = re.compile(r"[-−]?\d{1,15}(?:[.,]\d{1,9})?")
_THOUSANDS: Final = re.compile(r"[-−]?[1-9]\d{0,2}[.,]\d{3}")


@dataclass
class Filled:
    """What was typed, kept as it was, and what is wrong with it; a field that cannot be read gives a neutral value."""

    request: AnyRequest
    t: Speech
    values: Mapping[str, str]
    errors: list[dict[str, str]] = field(default_factory=list)

    def get(self, name: str, default: str = "") -> str:
        """A field as it was typed."""
        return self.values.get(name, default)

    @property
    def step(self) -> str:
        """What the pressed button asks for: check, change, more or commit."""
        return self.get("step")

    def say(self, name: str, text: str) -> None:
        """Something is wrong at this field."""
        self.errors.append({"field": name, "text": text})

    def refuse(self, refusal: Refusal) -> None:
        """A refusal of a rule, at its field where the form has one of that name."""
        for each in errors_of(self.request, refusal):
            named = each["field"] if each["field"] in self.values else ""
            self.say(named, each["text"])

    def text(self, name: str, label: str, *, needed: bool = True, longest: int = 200) -> str:
        """A line of text."""
        typed = self.get(name)
        if needed and not typed:
            self.say(name, self.t("errors.enter", label=label))
        elif len(typed) > longest:
            self.say(name, self.t("errors.too_long", label=label, limit=self.t.number(longest)))
        return typed

    def choice(self, name: str, label: str, codes: Collection[str], *, needed: bool = True) -> str:
        """One of these codes, or ''."""
        chosen = self.get(name)
        if chosen in codes:
            return chosen
        if needed or chosen:
            self.say(name, self.t("errors.choose", label=label))
        return ""

    def grams(self, name: str, label: str, *, needed: bool = True, least: int = 1) -> int:
        """The mass of the fields `name` and `name_unit`; 0 where nothing is typed or it cannot be read."""
        typed = self.get(name)
        if not typed:
            if needed:
                self.say(name, self.t("errors.enter", label=label))
            return 0
        unit = self.get(f"{name}_unit", "kg")
        try:
            grams = parse_mass(typed, "t" if unit == "t" else "kg", self.t.lang, field=name)
        except Invalid as refusal:
            self.refuse(refusal)
            return 0
        if grams < least:
            self.say(name, self.t("errors.positive", label=label))
        return grams

    def number(self, name: str, label: str, *, needed: bool = True) -> Decimal | None:
        """An exact number with at most one decimal mark; '1,234' is asked about where it could be two numbers."""
        typed = unicodedata.normalize("NFKC", self.get(name)).replace(" ", "")
        if not typed:
            if needed:
                self.say(name, self.t("errors.enter", label=label))
            return None
        if not _NUMBER.fullmatch(typed):
            self.say(name, self.t("errors.number", label=label))
            return None
        if _THOUSANDS.fullmatch(typed) and decimal_mark(self.t.lang) not in typed:
            whole, parts = re.sub(r"[.,]", "", typed), typed.replace(",", ".").replace(".", decimal_mark(self.t.lang))
            self.say(name, self.t("refusal.mass_ambiguous", first=whole, second=parts))
            return None
        return Decimal(typed.replace("−", "-").replace(",", "."))

    def day(self, name: str, label: str) -> date | None:
        """A day of the calendar, None where it cannot be read."""
        typed = self.get(name)
        if not typed:
            self.say(name, self.t("errors.enter", label=label))
            return None
        try:
            return parse_day(typed, self.t.lang, field=name)
        except Invalid as refusal:
            self.refuse(refusal)
            return None

    def moment(self, name: str, label: str, now: datetime, zone: ZoneInfo) -> datetime:
        """When it happened: noon of an earlier day there; on the day itself when the check page was made."""
        day = self.day(name, label)
        stamp = self.stamp(now)
        if day is None or day == stamp.astimezone(zone).date():
            return stamp
        if day > now.astimezone(zone).date():
            self.say(name, self.t("refusal.date_invalid"))
        return datetime.combine(day, NOON, tzinfo=zone)

    def stamp(self, now: datetime) -> datetime:
        """The moment that the check page carries, so that a second press states the same event; else now."""
        try:
            kept = datetime.fromisoformat(self.get("stamp"))
        except ValueError:
            return now
        return kept if kept.tzinfo is not None and kept <= now else now
