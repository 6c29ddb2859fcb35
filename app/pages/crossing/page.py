"""The page: a form for lot, route and day, filled from a lot where one is named, and the answer above it."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.crossings.answers import checked
from app.pages.asking import speech_of
from app.pages.crossing.asking import (
    MEASURES,
    MORE,
    OPERATIONS,
    POLYMERS,
    PROCESSES,
    USUAL,
    VALUE,
    YES_NO,
    Asked,
    crossing_of,
    refuse,
)
from app.pages.crossing.prefill import ends_of_waste, known_of
from app.pages.crossing.showing import hand, shown
from app.pages.forms import choices as lists
from app.pages.forms.filling import Filled
from app.pages.rendering import AnyRequest, show
from app.words import Speech
from foundation.access import PUBLIC, Actor
from foundation.database import Clock
from foundation.errors import NotFound, Refusal
from standards.borders import Answer
from standards.catalogue import Catalogue
from traceability.tree.checkpoint import Verifier


@get("/crossing", opt={"access": PUBLIC}, include_in_schema=False)
async def crossing_page(
    request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor | None], catalogue: Given[Catalogue],
    clock: Given[Clock], verifiers: Given[Sequence[Verifier]], lot: FromQuery[str] = "",
) -> Response[str]:  # fmt: skip
    """Can it cross? The question is the address, so that an answer can be kept, sent and asked again."""
    t, today = speech_of(request), clock().date()
    asked, errors = Asked.of(request), list[dict[str, str]]()
    if lot:
        try:
            asked = asked.filled(await known_of(record, actor, verifiers, catalogue, lot, t.lang, today))
        except NotFound:
            errors.append({"field": "", "text": t("crossing.no_lot")})
    form = Filled(request, t, {**asked.one, "day": asked.one["day"] or today.isoformat()}, errors)
    answer = _answer(form, asked, catalogue) if asked.complete and not errors else None
    return show(
        request, "public/crossing.html", status=400 if form.errors else 200, form=form.values, many=asked.many,
        choices=_choices(t, catalogue, asked), errors=form.errors, hand=hand(t, asked, answer),
        told=shown(t, answer, asked) if answer else None, opened=_opened(asked, form),
    )  # fmt: skip


def _answer(form: Filled, asked: Asked, catalogue: Catalogue) -> Answer | None:
    stated = crossing_of(form, asked)
    if stated is None:
        return None
    try:
        return checked(catalogue, stated)
    except Refusal as refusal:
        refuse(form, refusal)
        return None


def _opened(asked: Asked, form: Filled) -> dict[str, bool]:
    """Which folded parts stand open: those that hold something, or an error."""
    wrong = {each["field"] for each in form.errors}
    parts = {"more": MORE, "value": VALUE}
    return {name: asked.touches(fields) or not wrong.isdisjoint(fields) for name, fields in parts.items()}


def _choices(t: Speech, catalogue: Catalogue, asked: Asked) -> dict[str, Any]:
    facts = {name: t.name("crossing_fact", name) for name in (*YES_NO, *MEASURES)}
    return {
        "materials": lists.materials(t, catalogue), "forms": lists.forms(t, catalogue),
        "origins": [
            (each.code, str(each.names.get(t.lang) or each.names["en"]))
            for each in lists.known_words(catalogue).origins.values()
        ],
        "states": _states(t, asked), "operations": lists.named(t, "crossing_operation", _operations(asked)),
        "yes_no": [("yes", t("common.answer_yes")), ("no", t("common.answer_no"))],
        "polymers": [(code, t.name("material", code)) for code in POLYMERS],
        "processes": lists.named(t, "crossing_process", PROCESSES),
        "standards": ends_of_waste(t, catalogue),
        "usual": [(name, facts[name]) for name in USUAL],
        "other": [(name, facts[name]) for name in YES_NO if name not in USUAL],
        "measures": [(name, facts[name]) for name in MEASURES],
    }  # fmt: skip


def _states(t: Speech, asked: Asked) -> list[lists.Choice]:
    """The usual countries and those that were asked for, by name."""
    return sorted(((code, t.country(code)) for code in {*lists.COUNTRIES, *asked.states}), key=lambda each: each[1])


def _operations(asked: Asked) -> Sequence[str]:
    stated = asked.one["operation"]
    return OPERATIONS if stated in {"", *OPERATIONS} else (*OPERATIONS, stated)


ROUTES: Final = [crossing_page]
