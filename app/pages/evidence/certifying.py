"""Certifying: what a third party certifies of a lot or a facility; of its document only the digest is kept."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.evidence.lots import lot_choices, named_lot
from app.pages.forms.checking import Act, checked, filled
from app.pages.forms.choices import Choice, facilities, materials
from app.pages.forms.filling import Filled
from app.pages.forms.uploads import Upload, uploaded
from app.pages.passports import standard_name
from app.pages.rendering import AnyRequest, show
from app.pages.stock.held import lot_page
from foundation.access import Actor, May
from foundation.database import Clock
from foundation.registry import facilities as facilities_of
from standards.catalogue import Catalogue
from standards.conformity.rules import AllOf, AnyOf, DocumentRule, Rule
from traceability.evidence import Certificate, certify
from traceability.judging import known_standards
from traceability.sequencing.sequencer import Sequencer

HERE: Final = "/evidence/certificate"
KINDS: Final = ("scope", "transaction", "test_report", "declaration")
# The first bytes of the kinds of file that a certificate comes as.
STARTS: Final = (b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
DOCUMENT: Final = Upload(10, "PDF, JPEG, PNG", lambda content: content.startswith(STARTS))


@dataclass(frozen=True)
class Setting:
    """What there is to choose from."""

    lots: list[Choice]
    places: list[Choice]
    standards: list[Choice]
    materials: list[Choice]
    free_text: bool


def papers_asked(rules: Iterable[Rule]) -> set[str]:
    """Every type of document that some rule asks for."""
    found: set[str] = set()
    for rule in rules:
        match rule:
            case DocumentRule(type_):
                found.add(type_)
            case AllOf(parts) | AnyOf(parts):
                found |= papers_asked(parts)
            case _:
                pass
    return found


async def _setting(form: Filled, session: AsyncSession, actor: Actor, catalogue: Catalogue) -> Setting:
    """Standards first, then the papers that standards ask for by name."""
    t, known = form.t, known_standards(catalogue)
    clauses = [each for one in known.values() for each in (*one.clauses, *(c for g in one.grades for c in g.clauses))]
    asked = papers_asked(each.rule for each in clauses)
    named = [(code, standard_name(t, code, catalogue)) for code in known]
    named += sorted(((code, t.name("paper", code)) for code in asked), key=lambda each: each[1])
    lots = await lot_choices(t, session, actor, form.get("lot"))
    places = facilities(await facilities_of(session, actor.organisation_id))
    return Setting(lots, places, named, materials(t, catalogue), not lots)


def _form(form: Filled, setting: Setting, status: int = 200) -> Response[str]:
    kept = {
        "about": "lot", "lot": "", "facility": "", "standard": "", "kind": "scope", "number": "", "issuer": "",
        "material": "", "from": "", "to": "", "digest": "", **form.values,
    }  # fmt: skip
    return show(
        form.request, "recycler/certifying.html", status=status, form=kept, setting=setting, errors=form.errors,
        limit=DOCUMENT.limit(form.t), kinds=[(code, form.t(f"certificate_kind.{code}")) for code in KINDS],
        abouts=[(code, form.t(f"evidence_page.about.{code}")) for code in ("lot", "facility")],
    )  # fmt: skip


async def digest_of(form: Filled) -> str:
    """SHA-256 of the uploaded file, in hex, else of the one that the check page carries; '' without a file."""
    kept = form.get("digest")
    content = await uploaded(form, "document", DOCUMENT)
    if content is not None:
        return hashlib.sha256(content).hexdigest()
    return kept if len(kept) == 64 and set(kept) <= set("0123456789abcdef") else ""


async def _certified(
    form: Filled, setting: Setting, session: AsyncSession, record: AsyncSession, actor: Actor
) -> tuple[Act, Certificate]:
    """What the form states, with everything that is wrong said on it."""
    t = form.t
    about = form.choice("about", t("evidence_page.about"), ("lot", "facility"))
    lot = await named_lot(form, session, record, actor) if about == "lot" else ""
    place = form.choice("facility", t("common.facility"), dict(setting.places)) if about == "facility" else ""
    first, last = form.day("from", t("common.valid_from")), form.day("to", t("common.valid_to"))
    if first and last and last < first:
        form.say("to", t("evidence_page.ends_before"))
    digest = await digest_of(form)
    material = form.choice("material", t("common.material"), dict(setting.materials), needed=False)
    standard = form.choice("standard", t("common.standard"), dict(setting.standards))
    kind = form.choice("kind", t("evidence_page.kind"), KINDS)
    number = form.text("number", t("evidence_page.number"))
    issuer = form.text("issuer", t("evidence_page.issuer"))
    days = [each or date.min for each in (first, last)]
    stated = Certificate(
        standard, kind, number, issuer, (material,) if material else (), days[0], days[1], lot or None,
        int(place) if place else None, bytes.fromhex(digest) if digest else None,
    )  # fmt: skip
    subject = lot or dict(setting.places).get(place, "")
    facts = [
        (t("common.standard"), dict(setting.standards).get(standard, "")),
        (t("evidence_page.kind"), t.name("certificate_kind", kind)), (t("evidence_page.number"), number),
        (t("evidence_page.issuer"), issuer), (t("evidence_page.about"), subject),
        (t("common.valid_from"), t.day(days[0])), (t("common.valid_to"), t.day(days[1])),
        (t("common.document"), f"SHA-256 {digest}" if digest else t("common.none")),
    ]  # fmt: skip
    root = (t("nav.evidence"), "/evidence")
    act = Act(
        root, t("evidence_page.certificate.title"), facts, t("evidence_page.certificate.act"), note=t("record.stays"),
        carried={"digest": digest} if digest else {},
    )  # fmt: skip
    return act, stated


@get(HERE, opt={"access": May("capture")}, include_in_schema=False)
async def certificate_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue]
) -> Response[str]:
    """The form, with the lot and the paper that the address names."""
    kept = {name: request.query_params.get(name, "").strip() for name in ("lot", "standard")}
    form = Filled(request, speech_of(request), kept)
    return _form(form, await _setting(form, transaction, actor, catalogue))


@post(HERE, opt={"access": May("capture")}, include_in_schema=False, request_max_body_size=DOCUMENT.body)
async def certificate_form(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    catalogue: Given[Catalogue], sequencer: Given[Sequencer], clock: Given[Clock],
) -> Response[Any]:  # fmt: skip
    """Check it, then record it; it is a fact of the log."""
    form = await filled(request)
    setting = await _setting(form, transaction, actor, catalogue)
    act, stated = await _certified(form, setting, transaction, record, actor)

    async def do() -> str:
        done = await certify(transaction, sequencer, actor, stated, form.stamp(clock()))
        return lot_page(stated.lot) if stated.lot and setting.lots else f"/record/receipt?index={done.index}"

    return await checked(form, act, clock(), partial(_form, form, setting), HERE, do)


ROUTES: Final = [certificate_page, certificate_form]
