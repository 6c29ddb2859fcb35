"""Kinds in a form: of which kind of waste a lot is, or how many grams of each, to the gram of its mass."""

from collections.abc import Mapping
from typing import Final

from app.pages.forms.choices import Choice, named
from app.pages.forms.filling import Filled
from app.words import Speech

KINDS: Final = ("post", "pre", "virgin", "unknown")
SEVERAL: Final = "several"


def kinds_offered(t: Speech) -> list[Choice]:
    """Each kind, and that there are several."""
    return [*named(t, "origin", KINDS), (SEVERAL, t("kinds.several"))]


def stated_kinds(form: Filled, grams: int) -> tuple[str | None, dict[str, int]]:
    """The kind that all of it is of; or None, and the grams of the fields `of_<kind>`, which add up to these."""
    t, before = form.t, len(form.errors)
    chosen = form.choice("consumer", t("record.consumer"), (*KINDS, SEVERAL))
    told = {each: form.grams(f"of_{each}", t.name("origin", each), needed=False, least=0) for each in KINDS}
    split = {kind: part for kind, part in told.items() if part}
    total = sum(split.values())
    if chosen != SEVERAL:
        if split:
            form.say("consumer", t("kinds.not_both", several=t("kinds.several")))
        return chosen, {}
    if len(form.errors) == before and grams and total != grams:
        form.say("of_post", t("kinds.differs", total=t.mass(total), mass=t.mass(grams)) if total else t("kinds.needed"))
    return None, split


def told_kinds(t: Speech, consumer: str | None, split: Mapping[str, int]) -> list[tuple[str, str]]:
    """The kinds of a lot, for the check page."""
    if not split:
        return [(str(t("record.consumer")), str(t.name("origin", consumer or "unknown")))]
    return [(str(t.name("origin", kind)), t.mass(grams)) for kind, grams in split.items()]
