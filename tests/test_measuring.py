"""A measurement names a property that the catalogue knows, in a unit that measures it, with a value that can exist."""

from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from foundation.errors import Invalid
from tests.conftest import World
from traceability.evidence import Measurement, measure
from traceability.identifiers import new_token


@pytest.mark.parametrize(
    ("stated", "field", "fix"),
    [
        ({"property": "pvc_content", "value": "20", "unit": "mg/kg"}, "property", "pvc"),
        ({"property": "colour_desc", "value": "1", "unit": "%"}, "words", "characters"),
        ({"property": "moisture", "value": "1", "unit": "kg"}, "unit", "%"),
        ({"property": "moisture", "value": "1", "unit": "ton"}, "unit", "%"),
        ({"property": "moisture", "value": "100.1", "unit": "%"}, "value", "100"),
        ({"property": "moisture", "value": "-0.1", "unit": "%"}, "value", "0"),
    ],
)
async def test_what_cannot_be_measured_is_refused(
    stated: dict[str, str], field: str, fix: str, world: World, client: httpx.AsyncClient
) -> None:
    firm = await world.firm("recycler")
    body = {"lot": await world.stock(firm, 1_000), "sampled_on": "2026-01-05", **stated}
    headers = {**firm.bearer, "Idempotency-Key": new_token()}
    refused = await client.post("/api/v1/measurements", json=body, headers=headers)
    (told,) = refused.json()["errors"]
    assert (refused.status_code, told["pointer"]) == (400, field), told
    assert fix in told["fix"]


@pytest.mark.parametrize(("value", "unit"), [("0", "%"), ("100", "%"), ("5000", "mg/kg")])
async def test_any_unit_of_its_kind_and_the_ends_of_its_range_are_taken(
    value: str, unit: str, world: World, client: httpx.AsyncClient
) -> None:
    firm = await world.firm("recycler")
    body = {"lot": await world.stock(firm, 1_000), "property": "moisture", "value": value, "unit": unit}
    headers = {**firm.bearer, "Idempotency-Key": new_token()}
    taken = await client.post("/api/v1/measurements", json={**body, "sampled_on": "2026-01-05"}, headers=headers)
    assert taken.status_code == 201, taken.text


async def test_a_sample_of_this_morning_is_no_sample_of_tomorrow_where_days_begin_early(world: World) -> None:
    """At four in the afternoon of London it is the next day in Tokyo already."""
    firm = await world.firm("recycler")
    lot, afternoon = await world.stock(firm, 1_000_000), world.clock().replace(hour=16)
    local = afternoon.astimezone(firm.zone).date()
    assert local > afternoon.date()
    sequencer, catalogue = world.process.sequencer, world.process.catalogue
    for day, fine in ((local, True), (local + timedelta(days=2), False)):
        result = Measurement(lot, "moisture", Decimal("0.5"), "%", day, "E2")
        async with world.process.database.begin(firm.actor.organisation_id) as session:
            taken = measure(session, sequencer, firm.actor, catalogue, result, afternoon)
            if fine:
                await taken
            else:
                with pytest.raises(Invalid, match="after today"):
                    await taken
