"""Custody in a form: the model that a lot's maker states, an event's scheme, and what a lot claims of its account."""

from collections.abc import Mapping, Sequence
from typing import Final

from app.pages.forms.choices import Choice, named
from app.pages.forms.filling import Filled
from app.words import Speech
from standards.custody import LotModel
from standards.trade.massbalance import Scheme
from traceability.composing import Making

KINDS: Final = ("post", "pre")


def models(t: Speech) -> list[Choice]:
    """The models that may be stated, strongest first."""
    return named(t, "custody", [each.value for each in LotModel])


def scheme_named(t: Speech, known: Mapping[str, Scheme], code: str) -> str:
    """A scheme by the name that its owner gives it, in the reader's language where there is one."""
    names = known[code].names if code in known else {}
    return str(names.get(t.lang) or names.get("en", code))


def schemes_offered(t: Speech, known: Mapping[str, Scheme]) -> list[Choice]:
    """The mass-balance schemes of the catalogue."""
    return [(code, scheme_named(t, known, code)) for code in sorted(known)]


def stated_model(form: Filled, name: str = "custody") -> str | None:
    """The model that the form states, None for none."""
    return form.choice(name, form.t("common.custody"), [each.value for each in LotModel], needed=False) or None


def stated_scheme(form: Filled, known: Mapping[str, Scheme]) -> str | None:
    """The scheme that the form states, None for none."""
    return form.choice("scheme", form.t("custody_form.scheme"), list(known), needed=False) or None


def stated_claims(form: Filled, prefix: str) -> dict[str, int]:
    """Grams by kind that a lot claims of its account: the fields `<prefix>post` and `<prefix>pre`."""
    told = {
        each: form.grams(f"{prefix}{each}", form.t(f"custody_form.credited.{each}"), needed=False) for each in KINDS
    }
    return {kind: grams for kind, grams in told.items() if grams}


def told_custody(
    t: Speech, made: Sequence[Making], scheme: str | None, known: Mapping[str, Scheme]
) -> list[tuple[str, str]]:
    """What outputs state of their custody and claim of their account, for the check page; nothing for none."""
    facts = [(str(t("common.custody")), str(t.name("custody", each.custody))) for each in made if each.custody]
    facts += [
        (str(t(f"custody_form.credited.{kind}")), t.mass(grams))
        for each in made for kind, grams in each.credited.items()
    ]  # fmt: skip
    return facts + ([(str(t("custody_form.scheme")), scheme_named(t, known, scheme))] if scheme else [])
