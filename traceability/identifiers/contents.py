"""Contents: what a part of a GS1 value must be beyond its length and characters, by the name of the rule."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from traceability.identifiers.checks import checks
from traceability.identifiers.codes import COUNTRIES, COUNTRY_NUMBERS, CURRENCY_NUMBERS

CHARACTERS: Final[Mapping[str, re.Pattern[str]]] = {
    "N": re.compile("[0-9]*"),
    "X": re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]*"),
    "Y": re.compile(r"[#\-/0-9A-Z]*"),
    "Z": re.compile(r"(?=(?:...)*$|[^=]*$)[0-9A-Za-z_\-]+={0,2}|"),
}
"""Digits, GS1 character set 82, character set 39, and base64url (padded to whole triples)."""

_ORDER_82: Final = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_VALUE_82: Final = {character: value for value, character in enumerate(_ORDER_82)}
_PAIR: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_LONGEST_PAIRED: Final = 97
_PRIMES: Final = [n for n in range(2, 512) if all(n % d for d in range(2, n))][:_LONGEST_PAIRED]


def pair_checks(text: str) -> bool:
    """Whether a GMN ends in its check character pair (weights are primes, mod 1021)."""
    body, pair = text[:-2], text[-2:]
    if not body or len(body) > _LONGEST_PAIRED or not set(body) <= _VALUE_82.keys():
        return False
    total = sum(_VALUE_82[each] * prime for each, prime in zip(reversed(body), _PRIMES, strict=False)) % 1021
    return pair == _PAIR[total >> 5] + _PAIR[total & 31]


def _day(text: str, *, may_be_zero: bool) -> bool:
    """YYMMDD or YYYYMMDD; day 00 means the whole month where it may."""
    if len(text) not in {6, 8} or not _digits(text):
        return False
    year, month, day = int(text[:-4]), int(text[-4:-2]), int(text[-2:])
    try:
        date(year if len(text) == 8 else 2000 + year, month, day or 1)
    except ValueError:
        return False
    return day > 0 or may_be_zero


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _below(most: int, length: int) -> Callable[[str], bool]:
    return lambda text: len(text) == length and _digits(text) and int(text) <= most


def _piece_of_total(text: str) -> bool:
    half = len(text) // 2
    return len(text) == 2 * half > 0 and _digits(text) and 0 < int(text[:half]) <= int(text[half:])


def _position_in_sequence(text: str) -> bool:
    found = re.fullmatch("([1-9][0-9]*)/([1-9][0-9]*)", text)
    return found is not None and int(found[1]) <= int(found[2])


def _iban(text: str) -> bool:
    if not re.fullmatch("[A-Z]{2}[0-9]{2}[0-9A-Z]+", text):
        return False
    return int("".join(str(int(each, 36)) for each in text[4:] + text[:4])) % 97 == 1


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


RULES: Final[Mapping[str, Callable[[str], bool]]] = {
    "csum": checks,
    "csumalpha": pair_checks,
    "yymmdd": lambda text: len(text) == 6 and _day(text, may_be_zero=False),
    "yymmd0": lambda text: len(text) == 6 and _day(text, may_be_zero=True),
    "yyyymmdd": lambda text: len(text) == 8 and _day(text, may_be_zero=False),
    "yyyymmd0": lambda text: len(text) == 8 and _day(text, may_be_zero=True),
    "hh": _matches("[01][0-9]|2[0-3]"),
    "mi": _matches("[0-5][0-9]"),
    "ss": _matches("[0-5][0-9]"),
    "hhmi": _matches("(?:[01][0-9]|2[0-3])[0-5][0-9]"),
    "iso3166": COUNTRY_NUMBERS.__contains__,
    "iso3166999": lambda text: text == "999" or text in COUNTRY_NUMBERS,
    "iso3166alpha2": COUNTRIES.__contains__,
    "iso4217": CURRENCY_NUMBERS.__contains__,
    "iso5218": _matches("[0129]"),
    "iban": _iban,
    "latitude": _below(1_800_000_000, 10),
    "longitude": _below(3_600_000_000, 10),
    "mediatype": _matches("0[1-9]|10|[89][0-9]"),
    "pieceoftotal": _piece_of_total,
    "posinseqslash": _position_in_sequence,
    "importeridx": _matches("[0-9A-Za-z_-]"),
    "pcenc": _matches("(?:[^%]|%[0-9A-Fa-f]{2})*"),
    "hasnondigit": _matches(".*[^0-9].*"),
    "nonzero": _matches("0*[1-9][0-9]*"),
    "nozeroprefix": _matches("0?|[1-9][0-9]*"),
    "zero": _matches("0*"),
    "winding": _matches("[019]"),
    "yesno": _matches("[01]"),
    "hyphen": _matches("-+"),
}  # fmt: skip
"""Rule -> whether a text keeps it. Not known to us: GS1 company prefixes, package types, coupon codes."""
