"""Asking: what a page's request says, read in its reader's language: words, numbers, masses."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from app.formats import decimal_mark, parse_mass
from app.pages.rendering import AnyRequest, language_of
from app.words import Speech
from foundation.errors import Invalid


def speech_of(request: AnyRequest) -> Speech:
    """The words of this request's reader."""
    speech: Speech = request.app.state.renderer.words.speech(language_of(request))
    return speech


def number_of(text: str, lang: str, field: str) -> Decimal | None:
    """A typed number, None where nothing is typed. Raises Invalid."""
    plain = text.strip().replace(" ", "").replace("\u00a0", "")
    if not plain:
        return None
    group, mark = (".", ",") if decimal_mark(lang) == "," else (",", ".")
    try:
        value = Decimal(plain.replace(group, "").replace(mark, "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise Invalid(f"{text} is no number.", field=field, value=text, fix="Write digits, such as 12.5.")
    return value


def grams_of(form: Mapping[str, str], lang: str, field: str = "grams") -> int:
    """The mass of a form's fields `<field>` and `<field>_unit`, in grams. Raises Invalid."""
    unit = form.get(f"{field}_unit", "t")
    return parse_mass(form.get(field, ""), "kg" if unit == "kg" else "t", lang, field=field)
