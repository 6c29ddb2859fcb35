"""The interface described: OpenAPI 3.1 for machines, and pages of our own for people, without scripts from anywhere."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.params import FromPath
from litestar.routes import HTTPRoute

from app.idempotence import HEADER, UNDER
from app.pages.rendering import show
from foundation.access import PUBLIC, SIGNED_IN, UNASKED, May, Organisation
from foundation.errors import NotFound, Refusal
from foundation.idempotency import LONGEST

MACHINES: Final = ("/api/", "/epcis/", "/log/", "/.well-known/", "/livez", "/readyz", "/version", "/metrics")
METHODS: Final = ("get", "post", "put", "patch", "delete")
DEPTH: Final = 4
KEY: Final = {
    "name": HEADER, "in": "header", "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST},
    "description": "A new random text with each new request; the same one when the very same request is sent again.",
}  # fmt: skip
SAMPLES: Final = {"integer": 1000, "number": 1.5, "boolean": True, "null": None}

AnyRequest = Request[Any, Any, Any]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter or one field of a body."""

    name: str
    where: str
    kind: str
    required: bool
    says: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing the interface can do."""

    method: str
    path: str
    anchor: str
    says: str
    access: str
    fields: tuple[Field, ...]
    example: str
    answers: tuple[tuple[str, str], ...]


def told_access(rule: Hashable) -> str:
    """Who may, in words."""
    match rule:
        case May(role):
            return f"a key or person with the role {role}"
        case Organisation():
            return "organisations that are: " + ", ".join(rule.roles)
        case _:
            return {PUBLIC: "anyone", UNASKED: "anyone", SIGNED_IN: "any key or signed-in person"}.get(rule, "nobody")


def rules(app: Litestar) -> dict[tuple[str, str], str]:
    """Who may, by method and path template."""
    return {
        (method.lower(), route.path_format): told_access(handler.opt.get("access"))
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods
    }


def resolved(schema: Json, whole: Json) -> Json:
    """A schema with its `$ref` followed."""
    ref: str | None = schema.get("$ref")
    if ref is None:
        return schema
    found: Json = whole["components"]["schemas"][ref.rpartition("/")[2]]
    return found


def kind(schema: Json, whole: Json) -> str:
    """The type of a value with its bounds, short enough for a cell."""
    schema = resolved(schema, whole)
    options = schema.get("oneOf") or schema.get("anyOf")
    if options:
        return " or ".join(kind(each, whole) for each in options)
    if "enum" in schema:
        return " | ".join(str(each) for each in schema["enum"])
    named = schema.get("type", "any")
    if named == "array":
        return f"list of {kind(schema.get('items', {}), whole)}"
    names = {"exclusiveMinimum": "above", "minimum": "from", "maximum": "to", "pattern": "like", "maxLength": "at most"}
    bounds = [f"{word} {schema[name]}" for name, word in names.items() if name in schema]
    return ", ".join([str(schema.get("format") or named), *bounds])


def example(schema: Json, whole: Json, depth: int = DEPTH) -> Any:
    """A value of this shape: the schema's own example, else a plain one."""
    schema = resolved(schema, whole)
    given = [*schema.get("examples", []), *schema.get("enum", [])]
    if given:
        return given[0]
    options = [*schema.get("oneOf", []), *schema.get("anyOf", [])]
    if options:
        return example(options[0], whole, depth)
    match schema.get("type"):
        case "object" if depth:
            fields = schema.get("properties", {})
            return {name: example(each, whole, depth - 1) for name, each in fields.items()}
        case "array" if depth:
            return [example(schema.get("items", {}), whole, depth - 1)]
        case "string":
            return {"date": "2026-11-24", "date-time": "2026-11-24T05:00:00Z"}.get(schema.get("format", ""), "text")
        case named:
            return SAMPLES.get(str(named), {})


@lru_cache(maxsize=1)
def described(app: Litestar) -> Json:
    """The whole interface (OpenAPI 3.1), with the header that every POST of a machine takes; made once, only read."""
    whole: Json = app.openapi_schema.to_schema()
    for path, item in whole["paths"].items():
        if path.startswith(UNDER) and "post" in item:
            item["post"]["parameters"] = [*item["post"].get("parameters", []), KEY]
    return whole


def _body(operation: Json) -> Json:
    content: dict[str, Json] = operation.get("requestBody", {}).get("content", {})
    schemas: list[Json] = [each.get("schema", {}) for each in content.values()]
    return schemas[0] if schemas else {}


def _fields(operation: Json, whole: Json) -> Iterator[Field]:
    for each in operation.get("parameters", []):
        required = bool(each.get("required"))
        says = each.get("description") or ""
        yield Field(each["name"], each["in"], kind(each.get("schema", {}), whole), required, says)
    body = resolved(_body(operation), whole)
    for name, schema in body.get("properties", {}).items():
        says = resolved(schema, whole).get("description") or ""
        yield Field(name, "body", kind(schema, whole), name in body.get("required", []), says)


@lru_cache(maxsize=1)
def operations(app: Litestar) -> list[Operation]:
    """What machines may ask for, by path; pages for people are left out."""
    whole, may, found = described(app), rules(app), []
    for path, item in sorted(whole["paths"].items()):
        for method in METHODS if path.startswith(MACHINES) or path in MACHINES else ():
            if method not in item:
                continue
            one, schema = item[method], _body(item[method])
            sample = msgspec.json.format(msgspec.json.encode(example(schema, whole)), indent=2) if schema else b""
            answers = tuple((code, each.get("description", "")) for code, each in sorted(one["responses"].items()))
            anchor = f"{method}{path}".replace("/", "-").replace("{", "").replace("}", "")
            says = one.get("description") or one.get("summary") or ""
            access = may.get((method, path), "nobody")
            fields = tuple(_fields(one, whole))
            found.append(Operation(method.upper(), path, anchor, says, access, fields, sample.decode(), answers))
    return found


def explained(of: type[Refusal] = Refusal) -> dict[str, tuple[int, str]]:
    """Every code a refusal can carry, with its status and what it means: the classes' own words."""
    found = {of.code: (of.status, " ".join((of.__doc__ or "").split()))}
    for each in of.__subclasses__():
        found |= {code: told for code, told in explained(each).items() if code not in found}
    return found


@get("/openapi.json", opt={"access": UNASKED}, include_in_schema=False, sync_to_thread=False)
def openapi_json(request: AnyRequest) -> Response[Json]:
    """The description of this interface (OpenAPI 3.1)."""
    return Response(described(request.app), headers={"Access-Control-Allow-Origin": "*"})


@get("/docs", opt={"access": PUBLIC}, include_in_schema=False)
async def docs_page(request: AnyRequest) -> Response[str]:
    """The same for people."""
    version = described(request.app)["info"]["version"]
    return show(request, "docs.html", operations=operations(request.app), version=version)


@get("/problems", opt={"access": PUBLIC}, include_in_schema=False)
async def problems_page(request: AnyRequest) -> Response[str]:
    """Every code of a refusal."""
    return show(request, "refusals.html", refusals=sorted(explained().items()))


@get("/problems/{code:str}", opt={"access": PUBLIC}, include_in_schema=False)
async def problem_page(request: AnyRequest, code: FromPath[str]) -> Response[str]:
    """What one code means: where the `type` of a problem leads to."""
    known = explained()
    if code not in known:
        raise NotFound("There is no such problem.", field="code", value=code)
    return show(request, "refusals.html", refusals=[(code, known[code])])


ROUTES: Final = [openapi_json, docs_page, problems_page, problem_page]
