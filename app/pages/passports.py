"""Passports as pages tell them: one lot's state, facts, chain and proofs in one reader's words."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from markupsafe import Markup

from app import formats
from app.pages.forms.custody import scheme_named
from app.pages.scanning import checks_of, compare, state_of
from app.pictures import ChainStep, NodeKind, chain
from app.words import Speech
from standards.catalogue import Catalogue
from standards.properties import Property, properties
from standards.trade.massbalance import schemes
from traceability.certificates.papers import Paper, standard_of
from traceability.ledger.origins import Content
from traceability.passport import Passport
from traceability.stages import Stage
from traceability.tables import CertificateRow, MeasurementRow

WIDE: Final = 720
NARROW: Final = 328
MOST_COUNTRIES: Final = 4
_SHOWN_UNITS: Final = {
    "Cel": "°C", "kg/m3": "kg/m³", "g/cm3": "g/cm³", "kJ/m2": "kJ/m²", "g/10min": "g/10 min", "um": "µm", "-": "",
}  # fmt: skip
# Last words of a business step -> how it is drawn, and who does it.
_KINDS: Final[dict[str, tuple[NodeKind, str]]] = {
    "collecting": ("collection", "collector"), "sorting": ("sorting", "sorter"),
    "reprocessing": ("recycling", "recycler"), "recycling": ("recycling", "recycler"),
    "compounding": ("compounding", "compounder"), "commissioning": ("product", "manufacturer"),
    "opening": ("stock", ""), "importing": ("transport", ""),
}  # fmt: skip
_RECYCLING: Final = frozenset(word for word, (kind, _) in _KINDS.items() if kind == "recycling")


@dataclass(frozen=True, slots=True)
class Told:
    """What the templates show of a passport; texts are in the reader's language, pictures are safe SVG."""

    passport: Passport
    title: str
    tone: str
    state: str
    state_text: str
    compare: Markup | None
    checks: list[tuple[str, bool | None]]
    facts: list[tuple[str, str]]
    recycled: str
    recycled_where: str
    recycled_when: str
    collected: str
    wide: Markup
    narrow: Markup
    stages: list[list[str]]
    stage_columns: list[str]
    certificates: list[dict[str, str]]
    papers: list[dict[str, str]]
    measurements: list[list[str]]


def tell(t: Speech, passport: Passport, catalogue: Catalogue) -> Told:
    """The passport, which holds only what its reader may see, in words and pictures."""
    tone, state, state_text = state_of(t, passport)
    steps = [_step(t, stage, passport) for stage in passport.stages]
    drawn = {"title": t("scan.chain_picture"), "description": "; ".join(map(_spoken, steps)), "lang": t.lang}
    made = _recycled(passport)
    return Told(
        passport=passport, title=name_of(t, passport.material, passport.form), tone=tone, state=state,
        state_text=state_text, compare=compare(t, passport.human_code), checks=checks_of(t, passport.checks),
        facts=_facts(t, passport, catalogue),
        recycled=t.percent(recycled_share(passport), 0) if passport.grams else t("common.not_stated"),
        recycled_where=t.country(made.country or "ZZ") if made else t("common.not_stated"),
        recycled_when=_period(t, made.first_day, made.last_day, exact=passport.exact_day) if made else "",
        collected=_collected(t, passport),
        wide=chain(steps, width=WIDE, **drawn), narrow=chain(steps, width=NARROW, **drawn),
        stages=[_row(t, stage, step, passport) for stage, step in zip(passport.stages, steps, strict=True)],
        stage_columns=[t("scan.step"), t("common.material"), t("scan.who"), "#" + t("scan.lots"), t("common.date"),
                       *(["#" + t("common.mass")] if _weighed(passport) else [])],
        certificates=[certificate(t, row, catalogue) for row in passport.certificates],
        papers=[paper(t, each, catalogue) for each in passport.papers],
        measurements=[measurement(t, row, catalogue) for row in passport.measurements],
    )  # fmt: skip


def name_of(t: Speech, material: str, form: str) -> str:
    """What a lot is called: 'PET · Flake'."""
    return f"{t.name('material', material)} · {t.name('form', form)}"


def recycled_share(passport: Passport) -> Decimal:
    """Pre- and post-consumer grams physically in it over all grams (ISO 14021, 7.8); for display."""
    return Decimal(passport.content.pre + passport.content.post) / passport.grams if passport.grams else Decimal(0)


def _facts(t: Speech, passport: Passport, catalogue: Catalogue) -> list[tuple[str, str]]:
    when = t.day(passport.made_on) if passport.exact_day else formats.month(passport.made_on, t.lang)
    role = passport.maker_roles[0] if passport.maker_roles else ""
    known = passport.checks.issuer_known == "yes"
    hidden = t.party(role, passport.country or "ZZ", verified=known) if role else t("common.hidden_name")
    return [
        (t("scan.mass"), t.mass(passport.grams)),
        (t("scan.made_in"), t.country(passport.country or "ZZ")),
        (t("scan.made_when"), when),
        (t("scan.maker"), passport.maker or hidden),
        (t("common.custody"), t.name("custody", passport.custody) if passport.custody else t("common.not_stated")),
        *(
            [(t("custody_form.scheme"), scheme_named(t, schemes(catalogue), passport.scheme))]
            if passport.scheme
            else []
        ),
        *contents_of(t, passport.content, passport.grams),
    ]


def contents_of(t: Speech, content: Content, mass: int) -> list[tuple[str, str]]:
    """What a lot is, kind by kind, in grams and as a share; the unknown is told, and what only an account says."""
    rows = (
        (t.name("origin", "post"), content.post), (t.name("origin", "pre"), content.pre),
        (t.name("origin", "virgin"), content.virgin), (t.name("origin", "unknown"), content.unknown),
        (t("content.booked_post"), content.booked_post), (t("content.booked_pre"), content.booked_pre),
    )  # fmt: skip
    return [(label, f"{t.mass(grams)} ({t.percent(Decimal(grams) / mass, 1)})") for label, grams in rows if grams]


def _recycled(passport: Passport) -> Stage | None:
    """The recycling step nearest to the lot."""
    found = [stage for stage in passport.stages if _last_word(stage.biz_step) in _RECYCLING]
    return min(found, key=lambda stage: stage.depth, default=None)


def _collected(t: Speech, passport: Passport) -> str:
    """Where the waste was collected, the largest share first."""
    named = [t.country(code) for code, _ in passport.countries[:MOST_COUNTRIES]]
    more = len(passport.countries) - len(named)
    return ", ".join(named) + (f" + {more}" if more > 0 else "")


def _last_word(biz_step: str) -> str:
    """The word itself, of a CBV step in any spelling or of one of ours."""
    return biz_step.rstrip("/").replace(":", "/").rpartition("/")[2].lower().removeprefix("bizstep-")


def _step(t: Speech, stage: Stage, passport: Passport) -> ChainStep:
    kind, role = _KINDS.get(_last_word(stage.biz_step), ("other", ""))
    country = stage.country or "ZZ"
    hidden = t.party(role, country, verified=passport.checks.issuer_known == "yes") if role else t.country(country)
    return ChainStep(
        kind=kind, title=t.name("biz_step", stage.biz_step or "other"), party=stage.organisation or hidden,
        when=_period(t, stage.first_day, stage.last_day, exact=passport.exact_day), grams=stage.grams,
        note=name_of(t, stage.material, stage.form),
    )  # fmt: skip


def _spoken(step: ChainStep) -> str:
    return f"{step.title}: {step.note}, {step.party}, {step.when}"


def _weighed(passport: Passport) -> bool:
    return any(stage.grams is not None for stage in passport.stages)


def _row(t: Speech, stage: Stage, step: ChainStep, passport: Passport) -> list[str]:
    row = [step.title, step.note, step.party, t.number(stage.lots), step.when]
    return [*row, t.mass(stage.grams) if stage.grams is not None else ""] if _weighed(passport) else row


def _period(t: Speech, first: date, last: date, *, exact: bool) -> str:
    if exact:
        return t.day(first) if first == last else f"{t.day(first)} – {t.day(last)}"
    begin, end = formats.month(first, t.lang), formats.month(last, t.lang)
    return begin if begin == end else f"{begin} – {end}"


@lru_cache(maxsize=4)
def _known_properties(catalogue: Catalogue) -> dict[str, Property]:
    return dict(properties(catalogue))


def property_name(t: Speech, code: str, catalogue: Catalogue) -> str:
    """A property as its list names it; its code where no list does."""
    known = _known_properties(catalogue).get(code)
    return (known.names.get(t.lang) or known.names["en"]) if known else code


def named_properties(t: Speech, catalogue: Catalogue, *, told: bool = False) -> list[tuple[str, str]]:
    """Every measured property as a choice, with its unit, in order of its name; those `told` in words where asked."""
    known = [each for each in _known_properties(catalogue).values() if told or each.unit is not None]
    named = [(each.code, property_name(t, each.code, catalogue), unit_shown(each.unit or "")) for each in known]
    return sorted(
        ((code, f"{name} ({unit})" if unit else name) for code, name, unit in named), key=lambda each: each[1]
    )


def unit_shown(unit: str) -> str:
    """A unit as people write it."""
    return _SHOWN_UNITS.get(unit, unit)


def standard_name(t: Speech, code: str, catalogue: Catalogue) -> str:
    """A standard's title in the reader's language, else in English; its code where the catalogue has none."""
    try:
        titles: dict[str, Any] = dict(catalogue.document("standard", code).data["title"])
    except LookupError:
        return code
    return str(titles.get(t.lang) or titles["en"])


def certificate(t: Speech, row: CertificateRow, catalogue: Catalogue) -> dict[str, str]:
    """A certificate: its name, who issued it under which number, and until when it is valid."""
    return {
        "name": standard_name(t, row.standard, catalogue), "kind": t.name("certificate_kind", row.kind),
        "number": row.number, "issuer": row.issuer, "until": t.day(row.valid_to),
    }  # fmt: skip


def paper(t: Speech, each: Paper, catalogue: Catalogue) -> dict[str, str]:
    """A certificate of the record and how it stands: its scheme, number, body, and a tone with its words."""
    return {
        "name": standard_name(t, standard_of(each.scheme), catalogue), "kind": t(f"scope_certificate.{each.kind}"),
        "number": each.number, "issuer": each.body, "tone": "good" if each.state == "stands" else "bad",
        "state": t(f"scope_certificate.{each.state}"), "word": "" if each.confirmed else t("scope_certificate.holder"),
        "until": t.day(each.valid_to) if each.valid_to else "",
    }  # fmt: skip


def measurement(t: Speech, row: MeasurementRow, catalogue: Catalogue) -> list[str]:
    """Property, value with unit, method, level of evidence, day of sampling."""
    sign = "" if row.comparator == "=" else f"{row.comparator} "
    number = f"{sign}{t.number(row.value)} {unit_shown(row.unit or '')}".strip() if row.value is not None else ""
    return [
        property_name(t, row.property, catalogue), row.words or number,
        row.method or t("common.not_stated"), t.name("evidence", row.evidence), t.day(row.sampled_on),
    ]  # fmt: skip
