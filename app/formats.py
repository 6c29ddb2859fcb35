"""Formats: masses, numbers, days and times as a reader of each language writes and reads them."""

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, Final, Literal, get_args
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_currency, format_decimal, format_percent, get_decimal_symbol

from foundation.errors import Invalid

Lang = Literal["en", "ja", "id", "th", "vi", "ms", "fil"]
LANGUAGES: Final[tuple[Lang, ...]] = get_args(Lang)
MassUnit = Literal["g", "kg", "t"]
MASS_UNITS: Final[tuple[MassUnit, ...]] = get_args(MassUnit)
GRAMS: Final[dict[str, int]] = {"g": 1, "kg": 1_000, "t": 1_000_000}
BUDDHIST_OFFSET: Final = 543

# International English: day before month and a 24-hour clock, as in the trade's papers.
_LOCALES: Final[dict[str, Locale]] = {lang: Locale.parse("en_GB" if lang == "en" else lang) for lang in LANGUAGES}
_GAP: Final = "\u00a0"  # number and unit stay on one line


def decimal_mark(lang: str) -> str:
    """',' in id and vi, '.' in the others."""
    return get_decimal_symbol(_LOCALES[lang])


def number(value: int | Decimal, lang: str, places: int | None = None) -> str:
    """Grouped, exact; `places` fixes the number of decimals (half-even), None shows all there are."""
    if places is None:
        return format_decimal(value, locale=_LOCALES[lang], decimal_quantization=False)
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return format_decimal(value, format=pattern, locale=_LOCALES[lang])


def percent(ratio: Decimal, lang: str, places: int = 1) -> str:
    """0.6543 -> '65.4%'; for display only, decisions are made on the masses."""
    pattern = "#,##0" + ("." + "0" * places if places else "") + "%"
    return format_percent(ratio, format=pattern, locale=_LOCALES[lang])


def mass(grams: int, lang: str, unit: MassUnit | None = None) -> str:
    """Grams as '1,234.5 kg', exact; by itself g below a kilogram, t from a tonne on where whole kg say it, else kg."""
    shown = unit or _fitting(grams)
    return number(_in_unit(grams, shown), lang) + _GAP + shown


def mass_input(grams: int, unit: MassUnit, lang: str) -> str:
    """The same without grouping, as a form field is filled in; `parse_mass` gives the grams back."""
    plain = f"{_in_unit(grams, unit):f}"
    return plain.replace(".", decimal_mark(lang))


def _in_unit(grams: int, unit: MassUnit) -> Decimal:
    """Exact, without trailing zeros."""
    whole, rest = divmod(abs(grams), GRAMS[unit])
    sign = "-" if grams < 0 else ""
    if not rest:
        return Decimal(f"{sign}{whole}")
    digits = len(str(GRAMS[unit])) - 1
    return Decimal(f"{sign}{whole}." + f"{rest:0{digits}d}".rstrip("0"))


def _fitting(grams: int) -> MassUnit:
    size = abs(grams)
    if size and size < GRAMS["kg"]:
        return "g"
    return "t" if size >= GRAMS["t"] and size % GRAMS["kg"] == 0 else "kg"


def country(code: str, lang: str) -> str | None:
    """The name of an ISO 3166-1 alpha-2 code; None for ZZ (not stated) and what CLDR does not know."""
    return None if code == "ZZ" else _LOCALES[lang].territories.get(code)


def money(amount: Decimal, currency: str, lang: str) -> str:
    """Amount with its ISO 4217 code ('USD 1,234.50'): a bare $ names several currencies."""
    return format_currency(amount, currency, format="¤¤\u00a0#,##0.00##", locale=_LOCALES[lang], currency_digits=False)


def day(value: date, lang: str, *, buddhist: bool = False) -> str:
    """'24 Nov 2026'; with `buddhist` the Thai display year ('24 พ.ย. พ.ศ. 2569'), which is never stored."""
    if buddhist and lang == "th":
        return f"{format_date(value, 'd MMM', locale=_LOCALES[lang])} พ.ศ. {value.year + BUDDHIST_OFFSET}"
    return format_date(value, "medium", locale=_LOCALES[lang])


def month(value: date, lang: str) -> str:
    """'Nov 2026'."""
    return format_skeleton("yMMM", value, locale=_LOCALES[lang])


def moment(value: datetime, zone: str, lang: str) -> str:
    """An aware time on the clock of the facility, with that clock's offset: '24 Nov 2026, 14:05 UTC+7'.

    ValueError for a time without zone.
    """
    if value.tzinfo is None:
        raise ValueError("a time without zone says nothing about when")
    local = value.astimezone(ZoneInfo(zone))
    day_part = format_date(local.date(), "medium", locale=_LOCALES[lang])
    return f"{day_part}, {format_datetime(local, 'HH:mm', locale=_LOCALES[lang])}{_GAP}{_offset(local)}"


def _offset(local: datetime) -> str:
    shift = local.utcoffset()
    minutes = int(shift.total_seconds()) // 60 if shift else 0
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02d}" if rest else "")


class MassUnreadable(Invalid):
    """What stands there is not a mass in this unit."""

    code: ClassVar[str] = "MASS_UNREADABLE"


class MassAmbiguous(Invalid):
    """Two people would read two masses; facts `first` and `second` say which."""

    code: ClassVar[str] = "MASS_AMBIGUOUS"


class MassTooFine(Invalid):
    """Less than a gram is stated."""

    code: ClassVar[str] = "MASS_TOO_FINE"


class DayUnreadable(Invalid):
    """What stands there is not a day of the calendar."""

    code: ClassVar[str] = "DAY_UNREADABLE"


class DayAmbiguous(Invalid):
    """Day and month could be exchanged; facts `first` and `second` say both, in ISO form."""

    code: ClassVar[str] = "DAY_AMBIGUOUS"


class DayBuddhist(Invalid):
    """The year is of the Buddhist calendar; fact `suggestion` is the same day in the common era."""

    code: ClassVar[str] = "DAY_BUDDHIST"


_UNIT_TAIL: Final = re.compile(r"(?<=[\d\s.,])(kg|t|g)\.?$", re.IGNORECASE)
_DAY_FIRST: Final = frozenset({"id", "th", "vi", "ms"})
_DAY_SHAPE: Final = re.compile(r"(\d{1,4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,4})\s*日?")


def _typed(text: str) -> str:
    """NFKC (full width), the digits of any script as 0-9, ideographic stops as points, no outer space."""
    flat = unicodedata.normalize("NFKC", text).strip().translate({0x3002: ".", 0x3001: ",", 0x2019: "'"})
    return "".join(str(unicodedata.decimal(char, char)) for char in flat)


def parse_mass(text: str, unit: MassUnit, lang: str, *, field: str | None = None) -> int:
    """A typed mass to exact grams: '1,234.5', '1.234,5', '１２３４．５', '1 234,5'; a unit typed along must agree.

    Nothing is guessed: one point before three digits where commas mark decimals ('1.234' in id, vi) is refused
    with both readings. Raises MassUnreadable, MassAmbiguous, MassTooFine.
    """
    typed = _typed(text)
    tail = _UNIT_TAIL.search(typed)
    if tail and tail[1].lower() != unit:
        raise MassUnreadable(f"'{text}' is not in {unit}.", field=field, value=text, fix="Choose the unit beside it.")
    digits = typed[: tail.start()].strip() if tail else typed
    if decimal_mark(lang) == "," and re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", digits):
        first, second = mass_input(int(digits.replace(".", "")), "g", lang), digits.replace(".", ",")
        raise MassAmbiguous(
            f"'{text}' can be read as {first} or as {second} {unit}.",
            field=field, value=text, first=f"{first} {unit}", second=f"{second} {unit}",
            fix="Write it without a point, or with a comma for decimals.",
        )  # fmt: skip
    plain = _plain_decimal(digits, "," if decimal_mark(lang) == "," else ".")
    if plain is None:
        raise MassUnreadable(f"'{text}' is not a mass.", field=field, value=text, fix="Write digits, such as 1250.5.")
    grams = Decimal(plain) * GRAMS[unit]
    if grams != int(grams):
        raise MassTooFine(f"'{text}' {unit} is finer than a gram.", field=field, value=text, fix="Round to the gram.")
    return int(grams)


def _plain_decimal(digits: str, mark: str) -> str | None:
    """'1.234,5' -> '1234.5'; None when the separators do not stand where a number has them."""
    body = re.sub(r"[\s'_]+", " ", digits)
    match sorted({char for char in body if char in ".,"}):
        case [_, _]:
            mark = max(".,", key=body.rfind)  # the last of two kinds marks the decimals
        case [sole]:
            groups = re.fullmatch(rf"[1-9]\d{{0,2}}(\{sole}\d{{3}})+", body)
            other = "." if sole == "," else ","
            mark = other if groups and (sole != mark or body.count(sole) > 1) else sole
    group = "." if mark == "," else ","
    whole = rf"\d+|\d{{1,3}}( \d{{3}})+|\d{{1,3}}(\{group}\d{{3}})+"
    found = re.fullmatch(rf"({whole})(?:\{mark}(\d+))?", body) if len(body) <= 24 else None
    if not found:
        return None
    head = re.sub(r"[ .,]", "", found[1])
    return f"{head}.{found[4]}" if found[4] else head


def parse_day(text: str, lang: str, *, field: str | None = None) -> date:
    """A typed day: ISO, '2026/11/24', '2026年11月24日', '24/11/2026' (in en and fil only where unmistakable).

    Raises DayUnreadable, DayAmbiguous, and DayBuddhist for years 2400 to 2699: a typed 2569 is asked about, not moved.
    """
    found = _DAY_SHAPE.fullmatch(_typed(text))
    if not found:
        raise DayUnreadable(f"'{text}' is not a day.", field=field, value=text, fix="Write it like 2026-11-24.")
    first, middle, last = (int(part) for part in found.groups())
    if len(found[1]) == 4:
        return _day_of(first, middle, last, text, field)
    if len(found[3]) != 4:
        raise DayUnreadable(f"'{text}' has no four-digit year.", field=field, value=text, fix="Write all four digits.")
    if lang not in _DAY_FIRST and first != middle and max(first, middle) <= 12:
        one, other = (_day_of(last, m, d, text, field) for m, d in ((middle, first), (first, middle)))
        raise DayAmbiguous(
            f"'{text}' can be {one} or {other}.", field=field, value=text, first=one.isoformat(),
            second=other.isoformat(), fix="Write the year first, like 2026-11-24.",
        )  # fmt: skip
    month_first = lang not in _DAY_FIRST and middle > 12
    return _day_of(last, first if month_first else middle, middle if month_first else first, text, field)


def _day_of(year: int, month_number: int, day_number: int, text: str, field: str | None) -> date:
    buddhist = 2400 <= year < 2700
    try:
        found = date(year - BUDDHIST_OFFSET if buddhist else year, month_number, day_number)
    except ValueError:
        raise DayUnreadable(
            f"'{text}' is not a day of the calendar.", field=field, value=text, fix="Write it like 2026-11-24."
        ) from None
    if buddhist:
        raise DayBuddhist(
            f"'{text}' is a year of the Buddhist calendar.",
            field=field, value=text, suggestion=found.isoformat(), fix=f"Write {found.isoformat()} if that is meant.",
        )  # fmt: skip
    return found
