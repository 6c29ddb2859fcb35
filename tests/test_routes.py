"""Routes: everyone carries a rule, and what is not for a reader is not there for them."""

import httpx
from litestar import Litestar
from litestar.routes import HTTPRoute

from foundation.access import PUBLIC
from tests.conftest import PASSWORD, World

OPEN = {
    "/", "/livez", "/readyz", "/version", "/metrics", "/openapi.json", "/sign-in", "/log/checkpoint",
    "/log/proof/inclusion", "/log/proof/consistency", "/api/v1/passport", "/witness/add-checkpoint", "/api/v1/judge",
    "/api/v1/equivalents", "/api/v1/crossings/check", "/crossing", "/owe", "/laws", "/controls", "/api/v1/controls",
}  # fmt: skip
OPEN_BELOW = (
    "/static", "/schema", "/log", "/id/", "/problems", "/docs", "/standards", "/api/v1/standards", "/.well-known",
    "/api/v1/laws", "/owe/", "/laws/",
    "/scan", "/events",
    "/00", "/01", "/253", "/255", "/401", "/402", "/414", "/415", "/417",
    "/8003", "/8004", "/8006", "/8010", "/8013", "/8017", "/8018",
)  # fmt: skip


def test_every_route_carries_a_rule_and_public_ones_are_meant_to_be(app: Litestar) -> None:
    bare, surprising = [], []
    for route in app.routes:
        assert isinstance(route, HTTPRoute)
        for handler in route.route_handlers:
            rule = handler.opt.get("access")
            if rule is None and handler.http_methods != {"OPTIONS"}:
                bare.append(route.path)
            if rule == PUBLIC and route.path not in OPEN and not route.path.startswith(OPEN_BELOW):
                surprising.append(route.path)
    assert not bare
    assert not surprising


async def test_without_a_key_or_session_nothing_but_public_routes_answers(client: httpx.AsyncClient) -> None:
    for path in ("/api/v1/holdings", "/epcis/events", "/api/v1/claims", "/api/v1/trades", "/api/v1/reports"):
        answer = await client.get(path, headers={"Accept": "application/json"})
        assert answer.status_code == 401
        problem = answer.json()
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert {"type", "title", "status", "detail", "instance", "code", "errors"} <= problem.keys()


async def test_a_key_of_another_kind_is_refused(client: httpx.AsyncClient, world: World) -> None:
    recycler = await world.firm("recycler")
    answer = await client.post("/api/v1/reports", json={"country": "JP", "year": 2025}, headers=recycler.bearer)
    assert answer.status_code == 403
    for wrong in ("Bearer jk_live_00000000_x", "Bearer ", "Basic abc"):
        answer = await client.get("/api/v1/holdings", headers={"Authorization": wrong})
        assert answer.status_code == 401


async def test_strangers_get_the_same_answer_as_for_what_does_not_exist(
    client: httpx.AsyncClient, world: World
) -> None:
    mine, stranger = await world.firm("recycler"), await world.firm("recycler")
    lot = await world.stock(mine, 1_000)
    results = []
    for named in (lot, f"{lot[:-1]}0"):
        body = {"lot": named, "purpose": "content", "grams": 5, "jurisdiction": "JP"}
        answer = await client.post("/api/v1/claims", json=body, headers=stranger.bearer)
        problem = answer.json()
        results.append((answer.status_code, problem["code"], problem["detail"]))
    assert results[0] == results[1]
    assert results[0][0] == 404


async def test_a_form_of_another_site_or_session_is_refused(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    body = {"email": firm.email, "password": PASSWORD}
    foreign = await client.post("/sign-in", data=body, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    wrong = await client.post("/sign-in", data={**body, "password": "not this one"})
    assert wrong.status_code == 401
    signed = await client.post("/sign-in", data={**body, "next": "//evil.example/"})
    assert (signed.status_code, signed.headers["location"]) == (303, "/")
    cookie = signed.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert (await client.post("/sign-out")).status_code == 403


async def test_every_answer_carries_the_security_headers(client: httpx.AsyncClient) -> None:
    for path in ("/livez", "/nowhere", "/sign-in", "/static/junkan.css"):
        headers = (await client.get(path)).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


async def test_secrets_are_in_no_answer(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    made = await client.post("/api/v1/keys", json={"name": "mine", "roles": ["read"]}, headers=firm.bearer)
    key = made.json()["key"]
    listed = await client.get("/api/v1/keys", headers=firm.bearer)
    assert key.split("_")[-1] not in listed.text
    assert "hash" not in listed.text
    number = next(each["id"] for each in listed.json() if each["name"] == "mine")
    assert (await client.get("/api/v1/holdings", headers={"Authorization": f"Bearer {key}"})).status_code == 200
    assert (await client.delete(f"/api/v1/keys/{number}", headers=firm.bearer)).status_code == 204
    assert (await client.get("/api/v1/holdings", headers={"Authorization": f"Bearer {key}"})).status_code == 401


async def test_a_capture_refusal_names_field_value_and_fix(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    answer = await client.post("/epcis/capture", content=b'{"a": NaN', headers=firm.bearer)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["fix"]
