"""The rule book for machines: standards by material, country and day, one whole, two side by side, and the schemas."""

from datetime import date
from typing import Any, Final

from litestar import Request, Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery

from foundation.access import PUBLIC
from foundation.database import Clock
from foundation.errors import Invalid, NotFound
from standards.catalogue import KINDS, Catalogue, schema_of
from standards.conformity.comparing import differences
from standards.conformity.lotdata.reading import LotError, day_from
from standards.conformity.rules import Standard
from standards.conformity.shelf import Shelf, shelf_of
from standards.conformity.telling import plain, told_line, told_short, told_standard
from standards.faults import nearest
from standards.quantities import UNITS
from standards.recognition import recognitions

SCHEMAS: Final = KINDS | {"lot"}
AnyRequest = Request[Any, Any, Any]


def answer(request: AnyRequest, catalogue: Catalogue, body: dict[str, Any]) -> Response[Any]:
    """The same for everybody until the catalogue changes."""
    tag = f'"{catalogue.digest[:32]}"'
    headers = {"Access-Control-Allow-Origin": "*", "ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(None, status_code=304, headers=headers)
    return Response({"catalogue": catalogue.digest, **body}, headers=headers)


def day_asked(text: str, today: date) -> date:
    """A day of a query, today where none is asked for. Raises Invalid."""
    try:
        return day_from(text.strip() or None, "on") or today
    except LotError as error:
        raise Invalid(f"{error.sentence}.", field="on", value=text[:80], fix=error.fix) from None


def standard_asked(shelf: Shelf, code: str, field: str = "standard") -> Standard:
    """A standard of the shelf. Raises NotFound with what might have been meant."""
    if (found := shelf.standards.get(code)) is None:
        fix = nearest(code, list(shelf.standards), "Use")
        raise NotFound("There is no such standard.", field=field, value=code[:80], fix=fix)
    return found


def shelved(shelf: Shelf, material: str, form: str, place: str, about: str, on: date | None) -> list[Standard]:
    """Standards that speak of a material (a family: of any of it) and form, made or used in a place, in force on a day.

    What is left empty is not asked. Raises Invalid for a material, form or place that nobody knows.
    """
    known = shelf.materials
    if material and material not in known.materials and material not in known.families:
        fix = nearest(material, [*known.families, *known.materials], "Use")
        raise Invalid(f"{material[:80]} is no material that we know.", field="material", value=material[:80], fix=fix)
    if form and form not in known.forms:
        raise Invalid(
            f"{form[:80]} is no form that we know.", field="form", fix=nearest(form, list(known.forms), "Use")
        )
    of = known.covered([material]) if material else frozenset()
    return [
        each
        for each in shelf.standards.values()
        if (not of or each.materials is None or of & each.materials)
        and (not form or each.forms is None or form in each.forms)
        and (not place or place in {*each.jurisdictions, *each.used_in, *(one.place for one in each.related)})
        and (not about or each.about == about)
        and (on is None or (each.first_day or date.min) <= on <= (each.last_day or date.max))
    ]


@get("/api/v1/standards", opt={"access": PUBLIC})
async def list_standards(
    request: AnyRequest, catalogue: Given[Catalogue], clock: Given[Clock], material: FromQuery[str] = "",
    form: FromQuery[str] = "", jurisdiction: FromQuery[str] = "", about: FromQuery[str] = "", on: FromQuery[str] = "",
) -> Response[Any]:  # fmt: skip
    """Standards by material (or family), form, jurisdiction (ISO 3166, EU, global), subject and day in force."""
    day = day_asked(on, clock().date()) if on else None
    found = shelved(shelf_of(catalogue), material, form, jurisdiction, about, day)
    return answer(request, catalogue, {"standards": [told_short(each) for each in found]})


@get("/api/v1/standards/compare", opt={"access": PUBLIC})
async def compare_standards(
    request: AnyRequest, catalogue: Given[Catalogue], clock: Given[Clock], left: FromQuery[str],
    right: FromQuery[str], on: FromQuery[str] = "", material: FromQuery[str] = "",
) -> Response[Any]:  # fmt: skip
    """What two standards (or editions) ask on a day, subject by subject; limits compare across units."""
    shelf, day = shelf_of(catalogue), day_asked(on, clock().date())
    one, other = standard_asked(shelf, left, "left"), standard_asked(shelf, right, "right")
    lines = [told_line(each) for each in differences(one, other, day, material or None)]
    return answer(request, catalogue, {"left": one.id, "right": other.id, "on": day.isoformat(), "lines": lines})


@get("/api/v1/standards/properties", opt={"access": PUBLIC})
async def list_properties(request: AnyRequest, catalogue: Given[Catalogue]) -> Response[Any]:
    """Every property with unit, methods, conditions, and the ranges that are possible, plausible and typical."""
    found = [item for each in catalogue.documents("property-list") for item in plain(each.data["properties"])]
    units = [{"unit": unit.symbol, "kind": unit.kind, "factor": str(unit.scale), "names": list(unit.names)}
             for unit in dict.fromkeys(UNITS.values())]  # fmt: skip
    return answer(request, catalogue, {"properties": found, "units": units})


@get("/api/v1/standards/materials", opt={"access": PUBLIC})
async def list_materials(request: AnyRequest, catalogue: Given[Catalogue]) -> Response[Any]:
    """Families, materials, forms and origins, with HS 2022 candidates: never a binding classification."""
    parts: dict[str, list[Any]] = {"families": [], "materials": [], "forms": [], "origins": []}
    for each in catalogue.documents("material-taxonomy"):
        data = plain(each.data)
        if "family" in data:
            parts["families"].append({"code": each.id, **data["family"]})
        for name in ("materials", "forms", "origins"):
            parts[name] += data.get(name, [])
    return answer(request, catalogue, parts)


@get("/api/v1/standards/{code:str}", opt={"access": PUBLIC})
async def one_standard(request: AnyRequest, catalogue: Given[Catalogue], code: FromPath[str]) -> Response[Any]:
    """One standard whole: clauses, limits, grades, sources with their certainty, and what it is worth elsewhere."""
    standard = standard_asked(shelf_of(catalogue), code)
    told = told_standard(catalogue.document("standard", code), standard)
    worth = [
        {"jurisdiction": each.jurisdiction, "relation": each.relation, "target": each.target, "basis": each.basis,
         "certainty": each.certainty, "source": each.source}
        for each in recognitions(catalogue) if code in {each.standard, each.target}
    ]  # fmt: skip
    return answer(request, catalogue, {"standard": told, "recognition": worth})


@get("/standards/schemas/{name:str}", opt={"access": PUBLIC}, include_in_schema=False)
async def schema_file(request: AnyRequest, catalogue: Given[Catalogue], name: FromPath[str]) -> Response[Any]:
    """The JSON Schema of a kind of document, at an address that stays: /standards/schemas/standard.json."""
    kind = name.removesuffix(".json")
    if kind not in SCHEMAS or not name.endswith(".json"):
        fix = f"Use {', '.join(f'{each}.json' for each in sorted(SCHEMAS))}."
        raise NotFound("There is no such schema.", field="schema", value=name[:80], fix=fix)
    base: str = request.app.state.process_public
    schema = {**schema_of(kind)[0], "$id": f"{base}/standards/schemas/{kind}.json"}
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=3600"}
    return Response(schema, media_type="application/schema+json", headers=headers)


ROUTES: Final = [
    list_standards, compare_standards, list_properties, list_materials, one_standard, schema_file,
]  # fmt: skip
