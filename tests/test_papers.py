"""Certificates of the record in use: a suspension shows the same day on lot, listing and passport, and in verdicts."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from foundation.database import Scope
from tests.conftest import Firm, World
from tests.test_certificates import acted, body, holder, scoped, stated
from traceability.judging import judged
from traceability.passport import find

__all__ = ["body", "holder"]


async def standing(client: httpx.AsyncClient, lot: str) -> list[tuple[str, str, str]]:
    """What anyone is told of the lot's certificates."""
    told = (await client.get("/api/v1/passport", params={"lot": lot})).json()["standing"]
    return [(each["scheme"], each["number"], each["state"]) for each in told]


async def reasons(world: World, lot: str, standard: str) -> dict[str, str | None]:
    """Why each paper that the standard asks for does not show it, by clause."""
    async with world.process.database.begin(None, Scope.RECORD) as record:
        day = world.clock().date()
        (said,) = await judged(record, world.process.catalogue, await find(record, uri=lot), [standard], day)
    return {each.clause: each.reason for each in said.findings if each.clause.endswith("certificate")}


async def test_a_scope_certificate_speaks_of_its_holders_lots_by_site_and_material(
    client: httpx.AsyncClient, world: World, holder: Firm, body: Firm
) -> None:
    lot, other = await world.stock(holder, 1_000_000), await world.stock(holder, 1_000_000, material="plastics.pp")
    assert await standing(client, lot) == []
    await scoped(client, body, stated(holder, body, "SC-1"))
    assert await standing(client, lot) == [("grs", "SC-1", "stands")]
    assert await standing(client, other) == []
    elsewhere = await world.stock(await world.firm("recycler", "TH", "Asia/Bangkok"), 1_000_000)
    assert await standing(client, elsewhere) == []


@pytest.mark.parametrize("act", ["suspended", "withdrawn"])
async def test_what_its_body_takes_away_shows_from_that_day_on(
    client: httpx.AsyncClient, world: World, holder: Firm, body: Firm, act: str
) -> None:
    lot = await world.stock(holder, 1_000_000)
    scope = await scoped(client, body, stated(holder, body, "SC-1", editions=["4.0"]))
    assert (await reasons(world, lot, "te-grs"))["scope_certificate"] is None
    tomorrow = world.clock().date() + timedelta(days=1)
    assert await acted(client, body, scope, act, tomorrow) == 201
    assert await standing(client, lot) == [("grs", "SC-1", "stands")]
    world.clock.forward(days=1)
    assert await standing(client, lot) == [("grs", "SC-1", act)]
    assert (await reasons(world, lot, "te-grs"))["scope_certificate"] == "DOCUMENT_NOT_VALID"


@pytest.mark.parametrize(
    ("editions", "reason"),
    [
        (["4.0"], None), (["4"], None), (["3.0", "4.1"], None), (["5.0"], "EDITION_NOT_IN_SCOPE"),
        (["40.1"], "EDITION_NOT_IN_SCOPE"), (None, "EDITION_NOT_STATED"),
    ],
)  # fmt: skip
async def test_a_certificate_of_another_edition_or_of_one_nobody_stated_satisfies_no_clause(
    client: httpx.AsyncClient, world: World, holder: Firm, body: Firm, editions: list[str] | None, reason: str | None
) -> None:
    lot = await world.stock(holder, 1_000_000)
    await scoped(client, body, stated(holder, body, "SC-1", editions=editions))
    assert (await reasons(world, lot, "te-grs"))["scope_certificate"] == reason
    async with world.process.database.begin(None, Scope.RECORD) as record:
        found = await find(record, uri=lot)
        (said,) = await judged(record, world.process.catalogue, found, ["te-grs"], world.clock().date())
    asked = {want for each in said.missing for want in each.wants}
    assert ("document:te_scope_certificate" in asked) is (reason is not None)


async def test_one_schemes_certificate_does_not_stand_for_anothers(
    client: httpx.AsyncClient, world: World, holder: Firm, body: Firm
) -> None:
    lot = await world.stock(holder, 1_000_000)
    await scoped(client, body, stated(holder, body, "SC-1", scheme="rcs", editions=["2.0"]))
    assert (await reasons(world, lot, "te-rcs"))["scope_certificate"] is None
    assert (await reasons(world, lot, "te-grs"))["scope_certificate"] == "DOCUMENT_MISSING"


async def test_the_holders_own_word_is_no_third_partys(
    client: httpx.AsyncClient, world: World, holder: Firm, body: Firm
) -> None:
    lot = await world.stock(holder, 1_000_000)
    await scoped(client, holder, stated(holder, body, "SC-1", editions=["4.0"]))
    assert (await reasons(world, lot, "te-grs"))["scope_certificate"] == "EVIDENCE_TOO_LOW"


async def test_transaction_certificates_count_when_they_speak_of_the_whole_lot_and_strangers_hear_of_none(
    client: httpx.AsyncClient, world: World, holder: Firm, body: Firm
) -> None:
    lot, buyer = await world.stock(holder, 1_000_000), await world.firm("compounder")
    scope = await scoped(client, body, stated(holder, body, "SC-1", editions=["4.0"]))
    document: dict[str, Any] = {"lot": lot, "yield_share": "1", "reclaimed_grams": 1_000_000}
    path = f"/api/v1/scope-certificates/{scope}"
    assert (await client.post(f"{path}/inputs", json=document, headers=body.bearer)).status_code == 201
    for number, grams, reason in (("TC-1", 400_000, "DOCUMENT_MISSING"), ("TC-2", 600_000, None)):
        asked = {"number": number, "lot": lot, "buyer": buyer.actor.organisation_uri, "site": holder.facility,
                 "grams": grams, "edition": "4.0", "shipped_on": str(world.clock().date())}  # fmt: skip
        assert (await client.post(f"{path}/transactions", json=asked, headers=body.bearer)).status_code == 201
        assert (await reasons(world, lot, "te-grs"))["transaction_certificate"] == reason
    assert [each[1] for each in await standing(client, lot)] == ["SC-1"]
    told = await client.get("/api/v1/passport", params={"lot": lot}, headers=holder.bearer)
    assert [each["number"] for each in told.json()["standing"]] == ["SC-1", "TC-1", "TC-2"]
