"""Words: every sentence a page shows, in seven languages, and English where a translation is still missing."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

import yaml
from babel.dates import format_timedelta

from app import formats
from app.formats import LANGUAGES, Lang, MassUnit

FALLBACK: Final[Lang] = "en"
NATIVE: Final[Mapping[Lang, str]] = MappingProxyType(
    {
        "en": "English",
        "ja": "日本語",
        "id": "Bahasa Indonesia",
        "th": "ไทย",
        "vi": "Tiếng Việt",
        "ms": "Bahasa Melayu",
        "fil": "Filipino",
    }
)
_FOLDER: Final = Path(__file__).parent / "words"
# Older and neighbouring tags under which browsers ask for the same language.
_ALIASES: Final[Mapping[str, Lang]] = MappingProxyType({"in": "id", "tl": "fil", "may": "ms", "zsm": "ms"})


class UnknownWord(KeyError):
    """A page asks for a key that no file has: our own fault, never the reader's."""


class Text(str):
    """A sentence; `lang` says which language it is in, so that a page can mark one that fell back to English."""

    __slots__ = ("lang",)
    lang: Lang

    def __new__(cls, sentence: str, lang: Lang) -> "Text":
        made = super().__new__(cls, sentence)
        made.lang = lang
        return made


def placeholders(sentence: str) -> frozenset[str]:
    """The named facts a sentence takes; ValueError for anything but plain names in braces."""
    names = set()
    for _, name, spec, conversion in Formatter().parse(sentence):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise ValueError(f"only plain names stand in braces, not '{{{name}}}': {sentence}")
        names.add(name)
    return frozenset(names)


@dataclass(frozen=True)
class Words:
    """All sentences by language and dotted key ('nav.stock')."""

    sentences: Mapping[Lang, Mapping[str, str]]

    def text(self, lang: Lang, key: str, **facts: object) -> Text:
        """The sentence in `lang`, else in English; raises UnknownWord, or KeyError for a fact not given."""
        for spoken in (lang, FALLBACK):
            sentence = self.sentences[spoken].get(key)
            if sentence is not None:
                return Text(sentence.format_map(facts) if "{" in sentence else sentence, spoken)
        raise UnknownWord(key)

    def has(self, key: str) -> bool:
        return key in self.sentences[FALLBACK]

    def speech(self, lang: Lang) -> "Speech":
        """What templates know as `t`."""
        return Speech(self, lang)


@dataclass(frozen=True)
class Speech:
    """One reader's language: `t('nav.stock')`, `t.name('material', 'PET')`, `t.mass(1_500)`, `t.day(...)`."""

    words: Words
    lang: Lang

    def __call__(self, key: str, **facts: object) -> Text:
        return self.words.text(self.lang, key, **facts)

    def name(self, group: str, code: str) -> Text:
        """The name of a code of a growing list: ('material', 'plastics.pe.hd'), ('biz_step', '.../BizStep-opening').

        A leading family that has no name of its own is passed over; a code without a name is shown as it is.
        """
        short = re.sub(r"^.*[/#]|^(?=\w+:\w+-)\w+:", "", code)
        key = re.sub(r"^(bizstep|disp)-", "", short.lower()).replace(":", "_").replace("-", "_")
        while key:
            if self.words.has(f"{group}.{key}"):
                return self(f"{group}.{key}")
            key = key.partition(".")[2]
        return Text(code, FALLBACK)

    def party(self, role: str, country: str, *, verified: bool) -> Text:
        """Somebody whose name this reader may not see: 'verified recycler, Thailand'."""
        named = self.name("role", role)
        inside = named[:1].lower() + named[1:] if self.lang in ("en", "fil") else named
        key = "scan.verified_party" if verified else "scan.unverified_party"
        return self(key, role=inside if verified else named, country=self.country(country))

    def country(self, code: str) -> str:
        """'TH' -> 'Thailand'; not stated for ZZ."""
        return formats.country(code, self.lang) or self("common.not_stated")

    def refusal(self, code: str, sentence: str, **facts: object) -> Text:
        """A refusal by its stable code in the reader's language; its own English sentence where none is written."""
        key = f"refusal.{code.lower()}"
        if self.words.has(key) and placeholders(self.words.sentences[FALLBACK][key]) <= facts.keys():
            return self(key, **facts)
        return Text(sentence, FALLBACK)

    def mass(self, grams: int, unit: MassUnit | None = None) -> str:
        return formats.mass(grams, self.lang, unit)

    def number(self, value: int | Decimal, places: int | None = None) -> str:
        return formats.number(value, self.lang, places)

    def percent(self, ratio: Decimal, places: int = 1) -> str:
        return formats.percent(ratio, self.lang, places)

    def money(self, amount: Decimal, currency: str) -> str:
        return formats.money(amount, currency, self.lang)

    def day(self, value: date) -> str:
        return formats.day(value, self.lang)

    def month(self, value: date) -> str:
        return formats.month(value, self.lang)

    def span(self, value: timedelta) -> str:
        """'10 minutes', '3 days': as long as is worth saying."""
        return str(format_timedelta(value, threshold=1.2, locale=self.lang))

    def moment(self, value: datetime, zone: str) -> str:
        return formats.moment(value, zone, self.lang)

    @cached_property
    def native(self) -> str:
        return NATIVE[self.lang]


@cache
def load_words(folder: Path = _FOLDER) -> Words:
    """Read `<lang>/*.yaml` of all languages: pages of dotted keys, each an unempty sentence, none said twice.

    ValueError names the file and key that is not.
    """
    return Words(MappingProxyType({lang: MappingProxyType(_read(folder / lang)) for lang in LANGUAGES}))


def _read(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.yaml")):
        for key, sentence in _sentences(path):
            if key in found:
                raise ValueError(f"{folder.name}/{path.name}: {key} is said in another file too")
            found[key] = sentence
    return found


def _sentences(path: Path) -> Iterator[tuple[str, str]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    pages = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 the safe loader, C where built
    for page, keys in pages.items():
        for key, sentence in keys.items():
            if not (isinstance(page, str) and isinstance(key, str) and isinstance(sentence, str) and sentence.strip()):
                raise ValueError(f"{path.parent.name}/{path.name}: {page}.{key} is not a sentence: {sentence!r}")
            placeholders(sentence)
            yield f"{page}.{key}", sentence


def language(tag: str | None) -> Lang | None:
    """One of ours for a BCP 47 tag ('en-GB', 'tl', 'ms-Latn-MY'), or None."""
    primary = re.split(r"[-_]", tag.strip().lower(), maxsplit=1)[0] if tag else ""
    alias = _ALIASES.get(primary)
    return alias or next((lang for lang in LANGUAGES if lang == primary), None)


def negotiate(accept_language: str | None, cookie: str | None = None, query: str | None = None) -> Lang:
    """The language to answer in: ?lang=, then the reader's own setting, then Accept-Language (RFC 9110), then English.

    Never raises: what cannot be read is passed over.
    """
    return language(query) or language(cookie) or _accepted(accept_language or "") or FALLBACK


def _accepted(header: str) -> Lang | None:
    wishes: list[tuple[float, int, Lang]] = []
    for place, wish in enumerate(header.split(",")[:50]):
        tag, _, parameter = wish.partition(";")
        weight = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", parameter) if parameter else None
        quality = float(weight[1]) if weight else (0.0 if parameter else 1.0)
        lang = language(tag)
        if lang and quality > 0:
            wishes.append((-quality, place, lang))
    return min(wishes)[2] if wishes else None


class Switch(NamedTuple):
    """One entry of the language switch."""

    lang: Lang
    native: str
    href: str
    current: bool


def switches(path: str, query: str, lang: Lang) -> list[Switch]:
    """The same page in each language: `path` as requested, `query` without '?', its own lang= replaced."""
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "lang"]
    here = "/" + path.lstrip("/\\")  # never an address of another host
    return [
        Switch(other, NATIVE[other], f"{here}?{urlencode([*kept, ('lang', other)])}", other == lang)
        for other in LANGUAGES
    ]
