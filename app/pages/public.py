"""Public pages: what a scanned label says, to anyone with a phone, as a page, as data or as a set of links."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from litestar import HttpMethod, MediaType, Response, get, post, route
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from app.formats import LANGUAGES
from app.pages.asking import speech_of
from app.pages.passports import name_of, tell
from app.pages.rendering import AnyRequest, errors_of, form_of, show
from foundation.access import PUBLIC, Actor
from foundation.database import Clock
from foundation.errors import Invalid, NotFound, Refusal
from foundation.settings import Settings, public_base
from standards.catalogue import Catalogue
from traceability.cases.reports import REASONS, report_label
from traceability.http.lots import shown_passport
from traceability.passport import passport
from traceability.resolver import (
    LINKSET,
    PRIMARY_KEYS,
    Link,
    answer_for,
    at_link,
    at_token,
    description,
    link_of,
    linkset,
)
from traceability.tables import LotRow
from traceability.tree.checkpoint import Verifier

OPEN: Final = {"Access-Control-Allow-Origin": "*"}
READ: Final = [HttpMethod.GET, HttpMethod.HEAD]


def raw_path(request: AnyRequest) -> str:
    """The path as it was sent, still percent-encoded: ids hold `/`, `?` and `%`."""
    raw = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    return raw.decode("ascii", "replace").partition("?")[0]


def _link_type(request: AnyRequest) -> str | None:
    """`linkType`, in whatever case it is written."""
    return next((value for name, value in request.query_params.items() if name.lower() == "linktype"), None)


def _answer(request: AnyRequest) -> str:
    return answer_for(request.headers.get("accept", "*/*"), _link_type(request))


def _unknown(request: AnyRequest, refusal: Refusal, typed: str) -> Response[str]:
    """The kind page for a code that names nothing here, or nothing at all."""
    bad = isinstance(refusal, Invalid)
    return show(request, "public/unknown.html", status=refusal.status, typed=typed, unreadable=bad)


async def _told(
    request: AnyRequest, record: AsyncSession, lot: LotRow, actor: Actor | None, verifiers: Sequence[Verifier],
    **context: Any,
) -> Response[Any]:  # fmt: skip
    """One lot in the form that was asked for; never a redirect, least of all to another host."""
    answer, speech = _answer(request), speech_of(request)
    base: str = request.app.state.process_public
    here = base + raw_path(request)
    data = f"{base}/api/v1/passport?" + (f"token={lot.token}" if lot.token else f"lot={quote(lot.uri, safe='')}")
    links = {**OPEN, "Link": f'<{here}?linkType=linkset>; rel="linkset"; type="{LINKSET}"', "Vary": "Accept"}
    if answer == "linkset":
        title = name_of(speech, lot.material, lot.form)
        return Response(linkset(here, data, title, LANGUAGES), media_type=LINKSET, headers=links)
    catalogue: Catalogue = request.app.state.process.catalogue
    today = request.app.state.process.clock().date()
    seen = await passport(record, lot, actor, verifiers, catalogue, today)
    if answer == "json":
        return Response(shown_passport(seen), media_type=MediaType.JSON, headers=links)
    told = tell(speech, seen, catalogue)
    page = show(
        request, "public/passport.html", told=told, seen=seen, lot=lot, data=data,
        reasons=[(code, speech.name("scan.reason", code)) for code in REASONS],
        thanks="reported" in request.query_params, **{"form": {"reason": "", "message": ""}, **context},
    )  # fmt: skip
    page.headers["Link"], page.headers["Vary"] = links["Link"], "Accept, Accept-Language, Cookie"
    return page


@route("/id/{token:str}", http_method=READ, opt={"access": PUBLIC}, include_in_schema=False)
async def label_page(
    request: AnyRequest,
    record: Given[AsyncSession],
    actor: Given[Actor | None],
    verifiers: Given[Sequence[Verifier]],
    token: FromPath[str],
) -> Response[Any]:
    """The lot behind one of our own labels, by its token or by the code printed under it."""
    try:
        lot = await at_token(record, token)
    except NotFound as refusal:
        if _answer(request) != "page":
            raise
        return _unknown(request, refusal, token)
    return await _told(request, record, lot, actor, verifiers)


@route(
    [f"/{key}/{{rest:path}}" for key in PRIMARY_KEYS], http_method=READ, opt={"access": PUBLIC}, include_in_schema=False
)
async def digital_link_page(
    request: AnyRequest,
    record: Given[AsyncSession],
    actor: Given[Actor | None],
    verifiers: Given[Sequence[Verifier]],
) -> Response[Any]:
    """The lot behind a GS1 Digital Link."""
    path = raw_path(request)
    try:
        link: Link = link_of(path)
        lot = await at_link(record, link)
    except (NotFound, Invalid) as refusal:
        if _answer(request) != "page":
            raise
        return _unknown(request, refusal, path)
    return await _told(request, record, lot, actor, verifiers)


@get("/scan", opt={"access": PUBLIC}, include_in_schema=False)
async def scan_page(request: AnyRequest, record: Given[AsyncSession], code: FromQuery[str] = "") -> Response[Any]:
    """For whoever has no camera: a form for the code under the square, and where it leads."""
    if not code.strip():
        return show(request, "public/scan.html", typed="")
    try:
        lot = await at_token(record, code)
    except NotFound as refusal:
        return _unknown(request, refusal, code)
    return Redirect(f"/id/{lot.token}", status_code=303)


@post("/id/{token:str}/report", opt={"access": PUBLIC}, include_in_schema=False)
async def report_form(
    request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor | None], verifiers: Given[Sequence[Verifier]],
    clock: Given[Clock], token: FromPath[str],
) -> Response[Any]:  # fmt: skip
    """Somebody says what is wrong with a label; it opens a case, and changes nothing in the record."""
    lot, form = await at_token(record, token), await form_of(request)
    reason, message = form.get("reason", ""), form.get("message", "")
    try:
        await report_label(record, lot, reason, message, clock())
    except Refusal as refusal:
        kept = {"errors": errors_of(request, refusal), "form": {"reason": reason, "message": message}}
        page = await _told(request, record, lot, actor, verifiers, open_form=True, **kept)
        page.status_code = refusal.status
        return page
    return Redirect(f"/id/{lot.token}?reported=1", status_code=303)


@get("/.well-known/gs1resolver", opt={"access": PUBLIC}, include_in_schema=False)
async def resolver_description(settings: Given[Settings]) -> Response[dict[str, Any]]:
    """What this resolver is, for other resolvers."""
    return Response(description(public_base(settings)), headers=OPEN)


ROUTES: Final = [label_page, digital_link_page, scan_page, report_form, resolver_description]
