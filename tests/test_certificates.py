"""Certificates: what stands on which day, who may say so, and never more certified than went in times the yield."""

from datetime import date, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from tests.conftest import PET, Firm, World

Json = dict[str, Any]
SCOPES = "/api/v1/scope-certificates"


@pytest.fixture
async def holder(world: World) -> Firm:
    return await world.firm("recycler", "TH", "Asia/Bangkok")


@pytest.fixture
async def body(world: World) -> Firm:
    return await world.firm("certifier", "TH", "Asia/Bangkok")


def stated(holder: Firm, body: Firm, number: str = "SC-1", **changed: Any) -> Json:
    return {
        "holder": holder.actor.organisation_uri, "body": body.actor.organisation_uri, "scheme": "grs",
        "number": number, "sites": [holder.facility], "materials": [PET], "valid_from": "2026-01-01",
        "valid_to": "2099-12-31", "processes": ["mechanical-recycling"], **changed,
    }  # fmt: skip


async def scoped(client: httpx.AsyncClient, by: Firm, document: Json) -> int:
    answer = await client.post(SCOPES, json=document, headers=by.bearer)
    assert answer.status_code == 201, answer.text
    return next(value for key, value in answer.json().items() if key in ("index", "leafIndex"))


async def acted(client: httpx.AsyncClient, by: Firm, scope: int, act: str, day: date | str) -> int:
    said = {"act": act, "day": str(day), "statement": "Found in the audit"}
    return (await client.post(f"{SCOPES}/{scope}/acts", json=said, headers=by.bearer)).status_code


async def reasons(client: httpx.AsyncClient, by: Firm, scope: int, **asked: str) -> list[str]:
    answer = await client.get(f"{SCOPES}/{scope}/standing", params=asked, headers=by.bearer)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["reasons"])


async def test_a_certificate_stands_on_the_days_between_its_suspensions_and_before_its_withdrawal(
    client: httpx.AsyncClient, holder: Firm, body: Firm
) -> None:
    scope = await scoped(client, holder, stated(holder, body, editions=["4.0"]))
    asked = {"material": PET, "site": holder.facility, "edition": "4.0"}
    assert await acted(client, body, scope, "suspended", "2026-03-01") == 201
    assert await reasons(client, holder, scope, on="2030-01-01", **asked) == ["SCOPE_SUSPENDED_ON_SHIPMENT_DATE"]
    assert await acted(client, body, scope, "lifted", "2026-04-01") == 201
    assert await acted(client, body, scope, "withdrawn", "2026-09-01") == 201
    for day, expected in (
        ("2025-12-31", ["SHIPMENT_OUTSIDE_SCOPE_VALIDITY"]), ("2026-02-28", []),
        ("2026-03-01", ["SCOPE_SUSPENDED_ON_SHIPMENT_DATE"]), ("2026-03-31", ["SCOPE_SUSPENDED_ON_SHIPMENT_DATE"]),
        ("2026-04-01", []), ("2026-08-31", []), ("2026-09-01", ["SCOPE_WITHDRAWN"]),
    ):  # fmt: skip
        assert await reasons(client, body, scope, on=day, **asked) == expected, day
    wrong = {"material": "plastics.pp", "site": "https://example.org/elsewhere", "edition": "3.0"}
    assert await reasons(client, holder, scope, on="2026-05-01", **wrong) == [
        "MATERIAL_NOT_IN_SCOPE", "SITE_NOT_IN_SCOPE", "EDITION_NOT_IN_SCOPE",
    ]  # fmt: skip


async def test_acts_follow_one_another_and_only_the_certificates_own_body_acts(
    client: httpx.AsyncClient, world: World, holder: Firm, body: Firm
) -> None:
    scope, other = await scoped(client, holder, stated(holder, body)), await world.firm("certifier")
    for firm in (holder, other):
        assert await acted(client, firm, scope, "suspended", "2026-03-01") == 404
    assert await acted(client, body, scope, "lifted", "2026-03-01") == 409
    assert await acted(client, body, scope, "suspended", "2026-03-01") == 201
    assert await acted(client, body, scope, "suspended", "2026-03-02") == 409
    assert await acted(client, body, scope, "lifted", "2026-03-01") == 409
    assert await acted(client, body, scope, "withdrawn", "2026-02-01") == 409
    assert await acted(client, body, scope, "withdrawn", "2026-05-01") == 201
    assert await acted(client, body, scope, "suspended", "2026-06-01") == 409
    assert await acted(client, body, scope, "withdrawn", "2026-07-01") == 409


async def test_the_holders_word_becomes_the_certifiers_account_when_its_body_confirms(
    client: httpx.AsyncClient, holder: Firm, body: Firm
) -> None:
    scope = await scoped(client, holder, stated(holder, body))
    seen = (await client.get(f"{SCOPES}/{scope}", headers=body.bearer)).json()
    assert seen["evidence"] == "holder"
    assert await acted(client, body, scope, "confirmed", "2026-01-02") == 201
    assert (await client.get(f"{SCOPES}/{scope}", headers=holder.bearer)).json()["evidence"] == "certifier"
    own = await scoped(client, body, stated(holder, body, "SC-2"))
    assert (await client.get(f"{SCOPES}/{own}", headers=holder.bearer)).json()["evidence"] == "certifier"


async def test_a_stranger_neither_records_nor_sees_a_certificate(
    client: httpx.AsyncClient, world: World, holder: Firm, body: Firm
) -> None:
    stranger = await world.firm("recycler")
    scope = await scoped(client, holder, stated(holder, body))
    assert (await client.get(f"{SCOPES}/{scope}", headers=stranger.bearer)).status_code == 404
    assert (await client.get(SCOPES, headers=stranger.bearer)).json() == {"scopes": []}
    assert (await client.post(SCOPES, json=stated(holder, body, "X"), headers=stranger.bearer)).status_code == 403


@pytest.mark.parametrize(
    ("changed", "status", "field"),
    [
        ({"valid_to": "2025-01-01"}, 400, "valid_to"),
        ({"scheme": "Not A Code"}, 400, "scheme"),
        ({"materials": ["plastics.unheard"]}, 400, "materials"),
        ({"sites": []}, 400, "sites"),
        ({"sites": ["https://example.org/not-ours"]}, 404, "sites"),
    ],
)
async def test_what_is_wrong_is_named(
    client: httpx.AsyncClient, holder: Firm, body: Firm, changed: Json, status: int, field: str
) -> None:
    answer = await client.post(SCOPES, json=stated(holder, body, **changed), headers=holder.bearer)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (status, field), answer.text


async def test_nobody_certifies_itself_and_no_recycler_certifies(
    client: httpx.AsyncClient, world: World, holder: Firm, body: Firm
) -> None:
    other = await world.firm("recycler")
    for firm, named in ((holder, other), (body, body)):
        answer = await client.post(SCOPES, json=stated(firm, named), headers=firm.bearer)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "body"), answer.text


async def test_a_certificate_and_its_acts_are_never_edited(
    client: httpx.AsyncClient, owner: asyncpg.Connection, holder: Firm, body: Firm
) -> None:
    scope = await scoped(client, holder, stated(holder, body))
    assert await acted(client, body, scope, "suspended", date(2026, 3, 1) + timedelta(days=1)) == 201
    for statement in (
        "UPDATE scope_certificate SET valid_to = '2100-01-01'", "DELETE FROM scope_certificate",
        "UPDATE scope_act SET day = '2026-01-01'", "DELETE FROM scope_act", "TRUNCATE scope_act",
        f"INSERT INTO scope_act VALUES (99999, {scope}, 'lifted', '2027-01-01', 'x', 0, now())",
    ):  # fmt: skip
        with pytest.raises(asyncpg.PostgresError) as refused:
            await owner.execute(statement)
        assert refused.value.sqlstate == "JK001", statement
