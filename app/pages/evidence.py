"""Evidence pages: a laboratory's values, a certificate, and the labels that carry a lot's code."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery
from litestar.response import Redirect
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from app.formats import parse_day
from app.pages.asking import number_of, speech_of
from app.pages.passports import name_of, numeric_properties, standard_name
from app.pages.rendering import AnyRequest, errors_of, form_of, language_of, show
from app.pages.stock import row_of
from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from foundation.errors import Invalid, Refusal
from foundation.settings import Settings, public_base, public_is_loopback
from standards.catalogue import Catalogue
from standards.conformity import standards
from standards.properties import properties
from traceability.evidence import Certificate, Measurement, certify, measure
from traceability.holdings import holding, holdings
from traceability.identifiers import human_code, lot_uri
from traceability.labels import label, sheet
from traceability.sequencing.sequencer import Sequencer

LARGEST: Final = 10_000_000
KINDS: Final = ("scope", "transaction", "test_report", "declaration")
EMPTY: Final = {
    "lot": "", "property": "", "value": "", "day": "", "method": "", "evidence": "E1", "standard": "", "number": "",
    "issuer": "", "from": "", "to": "", "kind": "scope",
}  # fmt: skip


async def _frame(
    request: AnyRequest, session: AsyncSession, actor: Actor, catalogue: Catalogue, form: Mapping[str, str]
) -> dict[str, Any]:
    t = speech_of(request)
    lots = [row_of(t, each) for each in await holdings(session, actor.organisation_id)]
    levels = ["E3"] if "laboratory" in actor.organisation_roles else ["E1", "E2"]
    return {
        "form": {**EMPTY, **form},
        "lots": [(each["uri"], f"{each['name']} · {each['day']} · {each['free']}") for each in lots],
        "properties": numeric_properties(t, catalogue),
        "levels": [(code, str(t.name("evidence", code))) for code in levels],
        "standards": [(code, standard_name(t, code, catalogue)) for code in standards(catalogue)],
        "kinds": [(code, str(t(f"certificate_kind.{code}"))) for code in KINDS],
    }


@get("/evidence", opt={"access": May("capture")}, include_in_schema=False)
async def evidence_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    lot: FromQuery[str] = "",
) -> Response[str]:  # fmt: skip
    """Both forms: a measurement, a certificate."""
    frame = await _frame(request, transaction, actor, catalogue, {"lot": lot})
    return show(request, "recycler/evidence.html", **frame)


@post("/evidence/measurement", opt={"access": May("capture")}, status_code=200, include_in_schema=False)
async def measurement_form(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    sequencer: Given[Sequencer], clock: Given[Clock],
) -> Response[Any]:  # fmt: skip
    """Record one value of one property."""
    form, lang = await form_of(request), language_of(request)
    try:
        known = properties(catalogue).get(form.get("property", ""))
        value = number_of(form.get("value", ""), lang, "value")
        if known is None or known.unit is None or value is None:
            field = "value" if known else "property"
            raise Invalid("A value of a known property, please.", field=field, value=form.get(field), fix="Fill it in.")
        day = parse_day(form.get("day", ""), lang, field="day")
        measured = Measurement(
            form.get("lot", ""), known.code, value, known.unit, day, form.get("evidence", "E1"),
            method=form.get("method") or None,
        )  # fmt: skip
        await measure(transaction, sequencer, actor, measured, clock())
    except Refusal as refusal:
        frame = await _frame(request, transaction, actor, catalogue, form)
        errors = errors_of(request, refusal)
        return show(request, "recycler/evidence.html", status=refusal.status, errors=errors, **frame)
    return Redirect(f"/stock/lot?uri={quote(form['lot'], safe='')}", status_code=303)


async def _digest(request: AnyRequest) -> bytes | None:
    """SHA-256 of the uploaded file, of which nothing else is kept. Raises Invalid for one that is too big."""
    upload = (await request.form()).get("document")
    if not isinstance(upload, UploadFile) or not upload.filename:
        return None
    content = await upload.read()
    if not 0 < len(content) <= LARGEST:
        raise Invalid("The file is empty or larger than 10 MB.", field="document", fix="Choose a file of up to 10 MB.")
    return hashlib.sha256(content).digest()


@post(
    "/evidence/certificate", opt={"access": May("capture")}, status_code=200, include_in_schema=False,
    request_max_body_size=LARGEST + 100_000,
)  # fmt: skip
async def certificate_form(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    sequencer: Given[Sequencer], clock: Given[Clock],
) -> Response[Any]:  # fmt: skip
    """Record a certificate; of its document only the digest is kept."""
    form, lang = await form_of(request), language_of(request)
    try:
        for field in ("number", "issuer", "standard"):
            if not form.get(field):
                raise Invalid("This is needed.", field=field, value="", fix="Fill it in.")
        stated = Certificate(
            form["standard"], form.get("kind", "scope"), form["number"], form["issuer"], (),
            parse_day(form.get("from", ""), lang, field="from"), parse_day(form.get("to", ""), lang, field="to"),
            lot=form.get("lot") or None, document_sha256=await _digest(request),
        )  # fmt: skip
        await certify(transaction, sequencer, actor, stated, clock())
    except Refusal as refusal:
        frame = await _frame(request, transaction, actor, catalogue, form)
        errors = errors_of(request, refusal)
        return show(request, "recycler/evidence.html", status=refusal.status, errors=errors, **frame)
    return Redirect("/stock", status_code=303)


@get("/labels", opt={"access": SIGNED_IN}, include_in_schema=False)
async def labels_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], settings: Given[Settings],
    lot: FromQuery[str], count: FromQuery[int] = 8,
) -> Response[str]:  # fmt: skip
    """A sheet of labels to print."""
    t = speech_of(request)
    held = await holding(transaction, actor.organisation_id, lot)
    number = max(1, min(count, 200))
    url = lot_uri(public_base(settings), held.token) if held.token else held.lot
    code = human_code(held.token) if held.token else ""
    lines = (name_of(t, held.material, held.form), str(t.mass(held.free + held.reserved)), actor.organisation_name)
    day = str(t.day(held.made_on))
    specs = [label(url, code, (*lines, day, f"{each} / {number}")) for each in range(1, number + 1)]
    return show(
        request, "recycler/labels.html", sheet=Markup(sheet(specs)), loopback=public_is_loopback(settings), url=url,  # noqa: S704
        uri=lot, count=number, code=code,
    )  # fmt: skip


ROUTES: Final = [evidence_page, measurement_form, certificate_form, labels_page]
