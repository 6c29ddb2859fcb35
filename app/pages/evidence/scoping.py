"""Scoping: a scope certificate is recorded by its holder or its body, and one page tells all that was done with it."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery
from sqlalchemy import any_, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.evidence.certifying import DOCUMENT, digest_of
from app.pages.forms import choices
from app.pages.forms.checking import Act, checked, filled
from app.pages.forms.choices import Choice
from app.pages.forms.filling import Filled
from app.pages.rendering import AnyRequest, show
from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from foundation.registry import Facility, Organisation, facilities
from standards.catalogue import Catalogue
from traceability.certificates.papers import TEXTILE_EXCHANGE, state_of
from traceability.certificates.reading import transactions
from traceability.certificates.scopes import CERTIFIER, SCHEME, Scope, record_scope, standing_scope
from traceability.certificates.tables import TransactionRow
from traceability.sequencing.sequencer import Sequencer

HERE: Final = "/evidence/scope"
LONGEST: Final = 2_000
MATERIALS: Final = ("material", "material-2", "material-3")
DONE: Final = ("scope", "act", "inputs", "transaction", "cancel")


@dataclass(frozen=True)
class Setting:
    """What there is to choose from: a body names holder and sites by their identities, a holder ticks its own."""

    body: bool
    bodies: list[Choice]
    places: list[Choice]
    materials: list[Choice]


async def _setting(form: Filled, session: AsyncSession, actor: Actor, catalogue: Catalogue) -> Setting:
    known = select(Organisation.uri, Organisation.name).where(literal(CERTIFIER) == any_(Organisation.roles))
    bodies = [(row.uri, row.name) for row in await session.execute(known.order_by(Organisation.name))]
    places = [(each.uri, each.name) for each in await facilities(session, actor.organisation_id)]
    wide = [*choices.families(form.t, catalogue), *choices.materials(form.t, catalogue)]
    return Setting(CERTIFIER in actor.organisation_roles, bodies, places, wide)


def _form(form: Filled, setting: Setting, status: int = 200) -> Response[str]:
    return show(
        form.request, "recycler/scope_form.html", status=status, form=defaultdict(str, form.values), setting=setting,
        errors=form.errors, limit=DOCUMENT.limit(form.t), schemes=TEXTILE_EXCHANGE,
    )  # fmt: skip


def _sites(form: Filled, setting: Setting) -> tuple[str, ...]:
    if setting.body:
        typed = form.text("sites", form.t("scheme_page.sites"), longest=LONGEST)
        return tuple(dict.fromkeys(typed.split()))
    ticked = tuple(uri for number, (uri, _) in enumerate(setting.places) if form.get(f"site-{number}"))
    if not ticked:
        form.say("sites", form.t("errors.choose", label=form.t("scheme_page.sites")))
    return ticked


def _stated(form: Filled, setting: Setting, actor: Actor) -> Scope:
    """What the form states, with everything that is wrong said on it."""
    t, mine = form.t, actor.organisation_uri
    holder = form.text("holder", t("scheme_page.holder"), longest=LONGEST) if setting.body else mine
    body = mine if setting.body else form.get("body") or form.text("body_name", t("evidence_page.issuer"))
    scheme = form.text("scheme", t("scheme_page.scheme"), longest=60).lower()
    if scheme and not SCHEME.fullmatch(scheme):
        form.say("scheme", t("scheme_page.scheme_form"))
    codes = dict(setting.materials)
    first = form.choice("material", t("common.material"), codes)
    more = [form.choice(name, t("common.material"), codes, needed=False) for name in MATERIALS[1:]]
    days = [form.day("valid_from", t("common.valid_from")), form.day("valid_to", t("common.valid_to"))]
    if days[0] and days[1] and days[1] < days[0]:
        form.say("valid_to", t("evidence_page.ends_before"))
    edition = form.text("edition", t("scheme_page.edition"), needed=False, longest=50)
    return Scope(
        holder, body, scheme, form.text("number", t("evidence_page.number"), longest=100), _sites(form, setting),
        tuple(dict.fromkeys(each for each in (first, *more) if each)), days[0] or date.min, days[1] or date.min, (),
        (edition,) if edition else None,
    )  # fmt: skip


def _facts(form: Filled, setting: Setting, stated: Scope, digest: str) -> list[tuple[str, str]]:
    t, places = form.t, dict(setting.places)
    return [
        (t("scheme_page.holder"), stated.holder),
        (t("evidence_page.issuer"), dict(setting.bodies).get(stated.body, stated.body)),
        (t("scheme_page.scheme"), stated.scheme),
        (t("scheme_page.edition"), (stated.editions or (t("common.not_stated"),))[0]),
        (t("evidence_page.number"), stated.number),
        (t("scheme_page.sites"), ", ".join(places.get(each, each) for each in stated.sites)),
        (t("common.material"), ", ".join(dict(setting.materials).get(each, each) for each in stated.materials)),
        (t("common.valid_from"), t.day(stated.valid_from)), (t("common.valid_to"), t.day(stated.valid_to)),
        (t("common.document"), f"SHA-256 {digest}" if digest else t("common.none")),
    ]  # fmt: skip


@get(HERE, opt={"access": May("capture")}, include_in_schema=False)
async def scope_form_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue]
) -> Response[str]:
    """The empty form."""
    form = Filled(request, speech_of(request), {})
    return _form(form, await _setting(form, transaction, actor, catalogue))


@post(HERE, opt={"access": May("capture")}, include_in_schema=False, request_max_body_size=DOCUMENT.body)
async def scope_form(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    catalogue: Given[Catalogue], sequencer: Given[Sequencer], clock: Given[Clock],
) -> Response[Any]:  # fmt: skip
    """Check it, then record it; it is a fact of the log."""
    form = await filled(request)
    setting = await _setting(form, transaction, actor, catalogue)
    stated, digest, t = _stated(form, setting, actor), await digest_of(form), form.t
    root = (t("evidence_page.scopes.title"), "/evidence/scopes")
    act = Act(
        root, t("scheme_page.scope_title"), _facts(form, setting, stated, digest), t("evidence_page.certificate.act"),
        note=t("record.stays"), carried={"digest": digest} if digest else {},
    )  # fmt: skip

    async def do() -> str:
        scope = replace(stated, document_sha256=digest or None)
        done = await record_scope(record, sequencer, actor, catalogue, scope, form.stamp(clock()))
        return f"/evidence/scopes/{done.index}?done=scope"

    return await checked(form, act, clock(), partial(_form, form, setting), HERE, do)


@get("/evidence/scopes/{index:int}", opt={"access": SIGNED_IN}, include_in_schema=False)
async def one_scope_page(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    catalogue: Given[Catalogue], clock: Given[Clock], index: FromPath[int], done: FromQuery[str] = "",
) -> Response[str]:  # fmt: skip
    """One scope certificate: what it covers, what its body did with it, and what was certified under it."""
    t, scope = speech_of(request), await standing_scope(transaction, index)
    row, known = scope.row, choices.known_words(catalogue)
    places = {each.uri: each.name for each in await record.scalars(select(Facility).where(Facility.uri.in_(row.sites)))}
    papers = await transactions(transaction, TransactionRow.scope == index)
    firms = {row.holder_id, row.body_id, *(each.buyer_id for each in papers)}
    found = await record.scalars(select(Organisation).where(Organisation.id.in_(firms)))
    names = {each.id: each.name for each in found}
    worded = [known.materials.get(each) or known.families.get(each) for each in row.materials]
    materials = [str(each.names.get(t.lang) or each.names["en"]) for each in worded if each]
    return show(
        request, "recycler/scope.html", scope=scope, state=state_of(scope, catalogue, clock().date()),
        facts=[
            (t("scheme_page.holder"), names.get(row.holder_id, "")),
            (t("evidence_page.issuer"), names.get(row.body_id or 0, row.body)),
            (t("scheme_page.scheme"), row.scheme.upper()),
            (t("scheme_page.edition"), ", ".join(row.editions or ()) or t("common.not_stated")),
            (t("scheme_page.sites"), ", ".join(places.get(each, each) for each in row.sites)),
            (t("common.material"), ", ".join(materials)),
            (t("common.valid_from"), t.day(row.valid_from)), (t("common.valid_to"), t.day(row.valid_to)),
            (t("scope_certificate.source"), t(f"scope_certificate.{scope.evidence}")),
        ],
        acts=[(t.day(each.day), t.name("scope_act", each.act), each.statement, each.fact_index) for each in scope.acts],
        papers=[
            {"number": each.number, "mass": t.mass(each.grams), "used": t.mass(each.used),
             "day": t.day(each.shipped_on), "buyer": names.get(each.buyer_id, ""), "index": each.fact_index,
             "over": each.cancelled_index is not None}
            for each in papers
        ],
        acting=row.body_id == actor.organisation_id and "capture" in actor.roles,
        flashes=[{"tone": "good", "text": t("premises.done")}] if done in DONE else [],
    )  # fmt: skip


ROUTES: Final = [scope_form_page, scope_form, one_scope_page]
