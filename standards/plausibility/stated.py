"""Stated: the controls that need no more than what one event says itself, and the clock."""

from datetime import date, datetime, timedelta
from typing import Final

from standards.plausibility.reading import Finding, Thresholds

PPM: Final = 1_000_000
HOUR: Final = timedelta(hours=1)
LETTERS: Final = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (n for n in range(10, 39) if n % 11), strict=True))
"""What a letter counts in a container's check digit (ISO 6346): 11 and its multiples are left out."""


def surplus_allowed(limits: Thresholds, drawn: int, day: date) -> int:
    """C01: grams that may come out beyond what went in (scales are not exact)."""
    return drawn * limits.at("C01", "reject_above", day) // PPM


def yield_finding(
    limits: Thresholds, process: str, material: str, grams: tuple[int, int, int], day: date
) -> Finding | None:
    """C02: whether this process yields that much; `grams` is what was drawn, what was made, what was residue."""
    drawn, made, residue = grams
    band = limits.band(process, material, day)
    if band is None or drawn <= 0:
        return None
    scaled = (made + residue if band.counts_residue else made) * PPM
    share = scaled // drawn
    if not band.hold_below * drawn <= scaled <= band.hold_above * drawn:
        limit = band.hold_below if share < band.hold_below else band.hold_above
        return Finding("C02", "YIELD_IMPLAUSIBLE", "HOLD", measured=share, limit=limit, unit="ppm")
    if not band.flag_below * drawn <= scaled <= band.flag_above * drawn:
        limit = band.flag_below if share < band.flag_below else band.flag_above
        return Finding("C02", "YIELD_IMPLAUSIBLE", "FLAG", measured=share, limit=limit, unit="ppm")
    return None


def load_finding(
    limits: Thresholds, grams: int, day: date, mode: str | None = None, *, container: bool = False
) -> Finding | None:
    """C12: no vehicle carries that much; a box or a lorry, where it is stated to be one, not even that."""
    most = limits.at("C12", "reject_above", day)
    if grams > most:
        return Finding("C12", "LOAD_SIZE", "REJECT", measured=grams, limit=most, unit="g")
    carried = [limits.at("C12", "hold_container", day)] if container else []
    carried += [limits.at("C12", "hold_road", day)] if mode == "road" else []
    if carried and grams > min(carried):
        return Finding("C12", "LOAD_SIZE", "HOLD", measured=grams, limit=min(carried), unit="g")
    return None


def late_finding(limits: Thresholds, happened: datetime, recorded: datetime, day: date) -> Finding | None:
    """C14: how long after it happened an event is recorded."""
    late = recorded - happened
    hours = late // HOUR
    hold, flag = limits.at("C14", "hold_after", day), limits.at("C14", "flag_after", day)
    if late > timedelta(days=hold):
        return Finding("C14", "LATE_REPORT", "HOLD", measured=hours, limit=hold * 24, unit="h")
    if late > timedelta(hours=flag):
        return Finding("C14", "LATE_REPORT", "FLAG", measured=hours, limit=flag, unit="h")
    return None


def date_finding(limits: Thresholds, happened: datetime, recorded: datetime, day: date) -> Finding | None:
    """C15: a date in the future, before the record could know, or in the Buddhist calendar (subtract 543)."""
    if limits.at("C15", "buddhist_from", day) <= happened.year <= limits.at("C15", "buddhist_to", day):
        return Finding("C15", "DATE_INVALID", "REJECT", "buddhist_year")
    if happened > recorded + timedelta(minutes=limits.at("C15", "future_tolerance", day)):
        return Finding("C15", "DATE_INVALID", "REJECT", "future")
    if happened.year < limits.at("C15", "earliest_year", day):
        return Finding("C15", "DATE_INVALID", "REJECT", "too_early")
    return None


def receipt_finding(limits: Thresholds, sent: int, received: int, day: date) -> Finding | None:
    """C24: the gap between both sides' weights, accepted up to the greater of a share and a mass."""
    gap = abs(received - sent)
    accepted = max(sent * limits.at("C24", "accept_ppm", day) // PPM, limits.at("C24", "accept_grams", day))
    if gap <= accepted:
        return None
    held = gap * PPM > sent * limits.at("C24", "hold_ppm", day)
    return Finding(
        "C24", "RECEIPT_MISMATCH", "HOLD" if held else "FLAG", measured=received, limit=sent, unit="g"
    )  # fmt: skip


def container_finding(container: str) -> Finding | None:
    """C18: a box's number carries its own check digit (ISO 6346): four letters, six digits and the digit."""
    owner, digits = container[:4], container[4:]
    known = len(container) == 11 and owner.isascii() and owner.isalpha() and owner.isupper()
    if not (known and digits.isascii() and digits.isdigit()):
        return Finding("C18", "TRANSPORT_ID", "REJECT", "container_form")
    values = [LETTERS[letter] for letter in owner] + [int(digit) for digit in digits[:-1]]
    check = sum(value * 2**place for place, value in enumerate(values)) % 11 % 10
    return None if check == int(digits[-1]) else Finding("C18", "TRANSPORT_ID", "REJECT", "container_digit")
