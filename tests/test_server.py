"""The server: what every answer carries, one transaction a request, forms only from our own pages."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from litestar import Litestar, get, post
from litestar.di import NamedDependency as Given
from litestar.response import Stream
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.headers import static_digest
from app.health import drain
from app.openapi import explained, operations
from app.process import Process
from app.server import LARGEST_BODY, create_app
from foundation.access import PUBLIC, SIGNED_IN, csrf_token
from foundation.errors import Conflict
from foundation.registry import facilities, register_facility
from tests.conftest import BASE, PASSWORD, Firm, World, with_key
from traceability.capture import Door
from traceability.http.movements import AnswerIn, DecisionIn, ProposalIn, RequestIn
from traceability.identifiers import lot_uri, new_token

HTML = {"Accept": "text/html"}


@asynccontextmanager
async def serving(
    process: Process, *routes: ControllerRouterHandler, base: str = BASE
) -> AsyncIterator[httpx.AsyncClient]:
    made = create_app(process, routes) if routes else create_app(process)
    hooks = {"request": [with_key]}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url=base, event_hooks=hooks) as client:
        yield client


async def _place(session: AsyncSession, firm: Firm, world: World) -> None:
    await register_facility(
        session, organisation_id=firm.actor.organisation_id, uri=lot_uri(BASE, new_token()), name="New",
        country="JP", time_zone="Asia/Tokyo", moment=world.clock(),
    )  # fmt: skip


async def _places(world: World, firm: Firm) -> int:
    async with world.process.database.begin(firm.actor.organisation_id) as session:
        return len(await facilities(session, firm.actor.organisation_id))


async def test_no_answer_leaves_before_its_commit(world: World) -> None:
    firm = await world.firm("recycler")

    @post("/place", opt={"access": SIGNED_IN})
    async def place(transaction: Given[AsyncSession]) -> dict[str, bool]:
        await _place(transaction, firm, world)

        def fails(_: object) -> None:
            raise ConnectionResetError("the database went away at the commit")

        event.listen(transaction.sync_session, "before_commit", fails)
        return {"done": True}

    async with serving(world.process, place) as client:
        answer = await client.post("/place", headers=firm.bearer)
    assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
    assert await _places(world, firm) == 1


async def test_what_is_refused_leaves_nothing_behind(world: World) -> None:
    firm = await world.firm("recycler")

    @post("/place", opt={"access": SIGNED_IN})
    async def place(transaction: Given[AsyncSession]) -> None:
        await _place(transaction, firm, world)
        raise Conflict("No.")

    async with serving(world.process, place) as client:
        assert (await client.post("/place", headers=firm.bearer)).status_code == 409
    assert await _places(world, firm) == 1


async def test_many_requests_of_several_connections_each_do_not_wait_for_each_other(world: World) -> None:
    firm = await world.firm("recycler")

    @get("/both", opt={"access": SIGNED_IN})
    async def both(transaction: Given[AsyncSession], record: Given[AsyncSession], door: Given[Door]) -> int:
        await door.directory({"urn:nobody-knows"})  # a third connection, while two are held
        return sum([await session.scalar(text("SELECT 1")) or 0 for session in (transaction, record)])

    async with serving(world.process, both) as client:
        answers = await asyncio.gather(*(client.get("/both", headers=firm.bearer) for _ in range(60)))
    assert {(each.status_code, each.text) for each in answers} == {(200, "2")}


@pytest.mark.parametrize("rule", [None, "anyone", True])
def test_an_application_with_a_route_without_a_rule_does_not_start(process: Process, rule: object) -> None:
    @get("/bare", opt={"access": rule})
    async def bare() -> None: ...

    with pytest.raises(RuntimeError, match="/bare"):
        create_app(process, [bare])


async def test_each_answer_has_a_number_of_ours_and_the_headers_of_safety(client: httpx.AsyncClient) -> None:
    numbers = set()
    for path in ("/livez", "/nowhere", "/static/junkan.css", "/sign-in", "/api/v1/holdings", "/openapi.json"):
        headers = (await client.get(path, headers={"X-Request-Id": "theirs"})).headers
        numbers.add(headers["x-request-id"])
        policy = headers["content-security-policy"]
        for part in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'",
                     "form-action 'self'"):  # fmt: skip
            assert part in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"]
        assert "strict-transport-security" not in headers
    assert len(numbers) == 6
    assert "theirs" not in numbers


async def test_under_https_cookies_are_of_this_host_only_and_transport_is_strict(world: World) -> None:
    firm = await world.firm("recycler")
    settings = world.process.settings.model_copy(update={"public_url": "https://junkan.example"})
    async with serving(replace(world.process, settings=settings), base="https://junkan.example") as client:
        answer = await client.post("/sign-in", data={"email": firm.email, "password": PASSWORD})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-junkan=")
        for part in ("; Secure", "; HttpOnly", "; Path=/", "; SameSite=lax"):
            assert part in cookie
        assert "Domain" not in cookie
        assert "includeSubDomains" in answer.headers["strict-transport-security"]
        token = client.cookies["__Host-junkan"]
        left = await client.post("/sign-out", headers={"X-CSRF-Token": csrf_token(token)})
        # A browser heeds the end of a __Host- cookie only where it says Secure again.
        assert "Secure" in left.headers["set-cookie"]
        assert "__Host-junkan" not in client.cookies


async def test_what_was_made_for_somebody_is_kept_by_nobody(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    answer = await client.get("/api/v1/holdings", headers=firm.bearer)
    assert answer.headers["cache-control"] == "private, no-store"


async def test_files_are_kept_for_ever_only_under_their_digest(client: httpx.AsyncClient) -> None:
    page = (await client.get("/sign-in")).text
    assert f"/static/junkan.css?v={static_digest()}" in page
    digest = static_digest()
    assert "immutable" in (await client.get(f"/static/junkan.css?v={digest}")).headers["cache-control"]
    for other in ("/static/junkan.css", "/static/junkan.css?v=0", f"/static/nothing.css?v={digest}"):
        assert (await client.get(other)).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    ["../server.py", "%2e%2e/server.py", "..%2fserver.py", "%2e%2e%2fserver.py", "vendor/../../server.py",
     "/etc/passwd", "%2fetc%2fpasswd", "..\\server.py", "....//server.py", ".%2e/.%2e/pyproject.toml"],
)  # fmt: skip
async def test_nothing_outside_the_static_folder_is_served(app: Litestar, path: str) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    raw = f"/static/{path}"
    scope: Any = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": httpx.URL(f"http://x{raw}").path if "\\" not in raw else raw, "raw_path": raw.encode(),
        "query_string": b"", "root_path": "", "headers": [(b"host", b"x")], "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip
    await app(scope, receive, send)
    assert sent[0]["status"] in {400, 404}
    assert b"import" not in b"".join(message.get("body", b"") for message in sent)


async def test_no_other_site_may_read_what_is_for_somebody(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    evil = {"Origin": "https://evil.example"}
    for path in ("/api/v1/holdings", "/epcis/events", "/sign-in"):
        answer = await client.get(path, headers={**firm.bearer, **evil})
        assert "access-control-allow-origin" not in answer.headers
        asked = await client.options(path, headers={**evil, "Access-Control-Request-Method": "POST"})
        assert "access-control-allow-origin" not in asked.headers


async def test_a_body_beyond_the_limit_is_refused(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    answer = await client.post("/api/v1/claims", content=b"x" * (LARGEST_BODY + 1), headers=firm.bearer)
    assert (answer.status_code, answer.json()["code"]) == (413, "REQUEST_ENTITY_TOO_LARGE")


async def test_pages_and_streams_are_compressed_and_come_out_whole(world: World) -> None:
    @get("/stream", opt={"access": PUBLIC})
    async def stream() -> Stream:
        async def parts() -> AsyncIterator[bytes]:
            for number in range(5):
                yield f"{number:08d}".encode() * 500

        return Stream(parts(), media_type="text/plain")

    expected = "".join(f"{number:08d}" * 500 for number in range(5))
    async with serving(world.process, stream) as client:
        async with client.stream("GET", "/stream", headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["content-encoding"] == "gzip"
            raw = b"".join([part async for part in answer.aiter_raw()])
        assert len(raw) < len(expected)
        assert gzip.decompress(raw).decode() == expected
        plain = await client.get("/stream", headers={"Accept-Encoding": "identity"})
        assert plain.text == expected
        page = await client.get("/sign-in", headers={"Accept-Encoding": "gzip"})
        assert page.headers["content-encoding"] == "gzip"
        assert "</html>" in page.text


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "null"}, {"Origin": "https://evil.example"}, {"Origin": "http://127.0.0.1:8001"},
     {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "evil"}],
)  # fmt: skip
async def test_a_form_of_another_site_is_refused_even_before_anybody_is_signed_in(
    client: httpx.AsyncClient, world: World, headers: dict[str, str]
) -> None:
    firm = await world.firm("recycler")
    answer = await client.post("/sign-in", data={"email": firm.email, "password": PASSWORD}, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_a_browser_that_is_signed_in_needs_the_token_of_its_session(
    client: httpx.AsyncClient, world: World
) -> None:
    firm, other = await world.firm("recycler"), await world.firm("recycler")
    body = {"name": "x", "roles": ["read"]}
    assert (await client.post("/sign-in", data={"email": firm.email, "password": PASSWORD})).status_code == 303
    own = csrf_token(client.cookies["junkan"])
    for wrong in (
        {},
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": csrf_token("another session")},
        {"X-CSRF-Token": own[:-1]},
    ):
        assert (await client.post("/api/v1/keys", json=body, headers=wrong)).status_code == 403
    assert (await client.post("/api/v1/keys", json=body, headers={"X-CSRF-Token": own})).status_code == 201
    # With a key beside the cookie, the key alone speaks.
    made = await client.post("/api/v1/keys", json={**body, "name": "theirs"}, headers=other.bearer)
    assert made.status_code == 201
    assert "theirs" not in (await client.get("/api/v1/keys", headers=firm.bearer)).text


async def test_a_process_that_ends_soon_is_not_ready(process: Process) -> None:
    made = create_app(process)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url=BASE) as client:
        assert (await client.get("/readyz")).json()["ready"] is True
        drain(made)
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/livez")).text == "ok"


async def test_counters_are_for_this_machine_and_hold_no_identity(app: Litestar, world: World) -> None:
    firm = await world.firm("recycler")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as near:
        await near.get("/id/2J9FQX7SECRET", headers=firm.bearer)
        told = (await near.get("/metrics")).text
        assert 'path="/id/{token}",status="404"' in told
        assert "SECRET" not in told
        assert 'junkan_refusals_total{code="NOT_FOUND"}' in told
        for name in ("X-Forwarded-For", "Forwarded"):
            assert (await near.get("/metrics", headers={name: "127.0.0.1"})).status_code == 404
    far = httpx.ASGITransport(app, client=("203.0.113.9", 4711))
    async with httpx.AsyncClient(transport=far, base_url=BASE) as client:
        assert (await client.get("/metrics")).status_code == 404


async def test_probes_and_files_ask_the_database_for_nobody(world: World) -> None:
    """A database that is away: the probe answers, and so does a file, also to a browser that shows a session."""
    looked: list[object] = []
    engine = world.process.database.engine.sync_engine
    event.listen(engine, "checkout", lambda *_: looked.append(1))
    async with serving(world.process) as client:
        for path in ("/livez", "/static/junkan.css", "/openapi.json"):
            assert (await client.get(path, headers={"Cookie": "junkan=x"})).status_code == 200
    assert not looked


def _listed(app: Litestar) -> set[tuple[str, str]]:
    """Every route for machines, by method and path; a leaf's page is for people."""
    return {
        (method.lower(), route.path_format)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods
        if method not in {"OPTIONS", "HEAD"}
        and route.path_format.startswith(("/api/", "/epcis/", "/log/"))
        and not route.path_format.startswith("/log/leaf/")
    }


async def test_routes_and_description_are_the_same_set(app: Litestar, client: httpx.AsyncClient) -> None:
    described = (await client.get("/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    told = {(method, path) for path, item in described["paths"].items() for method in item}
    missing = _listed(app) - told
    assert not missing


async def test_the_page_of_the_interface_tells_every_operation_and_loads_nothing_from_elsewhere(
    app: Litestar, client: httpx.AsyncClient
) -> None:
    page = (await client.get("/docs", headers=HTML)).text
    for method, path in _listed(app):
        assert f"{method.upper()} {path}" in page
    assert 'src="http' not in page
    assert 'href="http' not in page


async def test_the_address_of_each_problem_leads_to_what_it_means(client: httpx.AsyncClient) -> None:
    codes = explained()
    assert {"NOT_FOUND", "FORBIDDEN", "INTERNAL", "IDEMPOTENCY_KEY_REUSED", "DOUBLE_CLAIM"} <= codes.keys()
    for code, (status, says) in codes.items():
        page = await client.get(f"/problems/{code}", headers=HTML)
        assert page.status_code == 200, code
        assert str(status) in page.text
        assert says, code
    assert (await client.get("/problems/NO_SUCH_CODE")).status_code == 404


def test_what_machines_may_say_of_a_movement_is_described_by_examples_that_are_read(app: Litestar) -> None:
    shapes = {"proposals": ProposalIn, "answer": AnswerIn, "requests": RequestIn, "decision": DecisionIn}
    samples = {
        shapes[each.path.rpartition("/")[2]]: each.example
        for each in operations(app) if each.method == "POST" and each.path.startswith("/api/v1/movements/")
    }  # fmt: skip
    assert samples.keys() == set(shapes.values())
    for shape, sample in samples.items():
        shape.model_validate_json(sample)
        assert '"text"' not in sample, f"{shape.__name__} has a field without an example of its own"
