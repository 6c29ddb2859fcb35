"""Subscriptions: what a query finds is delivered once it is recorded, signed, in order, to its own reader alone."""

import asyncio
import base64
import hashlib
import hmac
import json
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar

from app.standing import courier_of
from foundation.database import Scope
from foundation.outgoing import Outgoing
from foundation.settings import Settings
from tests.conftest import Firm, World
from tests.test_epcis_capture import events_of
from tests.test_epcis_resources import EVENT, capture
from tests.test_outgoing import Heard, listening
from traceability.querying.refusals import SubscriptionInvalid
from traceability.subscriptions.delivering import LEASE, RETRIES, Courier, deliver_all
from traceability.subscriptions.schedule import FIELDS, schedule_of

SECRET = "13df38d8275b13f05704629e5f1cf3d45d6132d5"


def courier(world: World) -> Courier:
    return courier_of(world.process)


def happened(number: int, **changes: Any) -> dict[str, Any]:
    return {**EVENT, "eventID": f"urn:e:{number}", "epcList": [f"urn:x:{number}"], **changes}


async def subscribed(
    client: httpx.AsyncClient, world: World, firm: Firm, heard: Heard, name: str = "mine",
    query: dict[str, Any] | None = None, **body: Any,
) -> dict[str, Any]:  # fmt: skip
    """A subscription of a new named query; the demo's setting lets it send to this machine."""
    made = await client.post("/epcis/queries", json={"name": name, "query": query or {}}, headers=firm.bearer)
    assert made.status_code == 201, made.text
    wanted = {"dest": f"http://127.0.0.1:{heard.port}/hook", "signatureToken": SECRET, **body}
    if "schedule" not in body:
        wanted.setdefault("stream", True)
    answer = await client.post(f"/epcis/queries/{name}/subscriptions", json=wanted, headers=firm.bearer)
    assert answer.status_code == 201, answer.text
    assert SECRET not in answer.text
    told: dict[str, Any] = answer.json()
    return told | {"location": answer.headers["location"]}


@pytest.fixture(scope="module")
def settings(template: Settings) -> Settings:
    """This process may send to this machine."""
    return template.model_copy(update={"outgoing_loopback": True})


def message(raw: bytes) -> tuple[dict[str, str], bytes, list[str]]:
    head, _, body = raw.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    headers = {name.lower(): value for name, value in headers.items()}
    return headers, body, [each["eventID"] for each in events_of(body)]


async def test_a_stream_tells_what_is_recorded_from_now_on_once_and_signed(
    client: httpx.AsyncClient, world: World
) -> None:
    firm, other = await world.firm("recycler"), await world.firm("recycler")
    await capture(client, firm, happened(1))
    async with listening(Heard()) as heard:
        made = await subscribed(client, world, firm, heard, query={"EQ_action": ["OBSERVE"]})
        send = courier(world)
        await deliver_all(send)
        assert heard.requests == []
        await capture(client, other, happened(9))
        await capture(client, firm, happened(2), happened(3), happened(4, action="DELETE"))
        await deliver_all(send)
        await deliver_all(send)
        assert len(heard.requests) == 1
        headers, body, told = message(heard.requests[0])
        assert told == ["urn:e:2", "urn:e:3"]
        results = json.loads(body)["epcisBody"]["queryResults"]
        assert (results["queryName"], results["subscriptionID"]) == ("mine", made["subscriptionID"])
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        digest = base64.b64encode(hmac.digest(SECRET.encode(), content, hashlib.sha256)).decode()
        assert headers["webhook-signature"] == headers["gs1-signature"] == f"v1,{digest}"
        await capture(client, firm, happened(5))
        await deliver_all(courier(world))  # another start of the process
        assert message(heard.requests[1])[2] == ["urn:e:5"]
    told_of = (await client.get(made["location"], headers=firm.bearer)).json()
    assert told_of["lastNotifiedAt"]
    assert told_of["stream"] is True
    assert told_of["createdBy"].startswith("key:")
    assert SECRET not in json.dumps(told_of)
    assert (await client.get(made["location"], headers=other.bearer)).status_code == 404
    assert (await client.delete(made["location"], headers=other.bearer)).status_code == 404
    assert (await client.delete(made["location"], headers=firm.bearer)).status_code == 204
    listed = await client.get("/epcis/queries/mine/subscriptions", headers=firm.bearer)
    assert listed.json() == []


async def test_what_was_recorded_since_a_moment_is_told_first_in_pages(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    await capture(client, firm, happened(1))
    world.clock.forward(seconds=60)
    since = world.clock().isoformat()
    world.clock.forward(seconds=1)
    await capture(client, firm, *(happened(number) for number in range(2, 132)))
    async with listening(Heard()) as heard:
        await subscribed(client, world, firm, heard, initialRecordTime=since)
        await deliver_all(courier(world))
        told = [each for raw in heard.requests for each in message(raw)[2]]
        assert [len(message(raw)[2]) for raw in heard.requests] == [100, 30]
        assert told == [f"urn:e:{number}" for number in range(2, 132)]


async def test_what_is_not_taken_is_sent_again_later_under_the_same_id(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    async with listening(Heard(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")) as heard:
        made = await subscribed(client, world, firm, heard)
        await capture(client, firm, happened(1))
        send = courier(world)
        await deliver_all(send)
        await deliver_all(send)
        assert len(heard.requests) == 1
        told_of = (await client.get(made["location"], headers=firm.bearer)).json()
        assert (told_of["failures"], told_of["lastError"]) == (1, "answered 503")
        await capture(client, firm, happened(2))
        world.clock.forward(seconds=RETRIES[0].total_seconds() - 1)
        await deliver_all(send)
        assert len(heard.requests) == 1
        world.clock.forward(seconds=2)
        heard.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        await deliver_all(send)
        assert message(heard.requests[1])[2] == ["urn:e:1", "urn:e:2"]
        assert len(heard.requests) == 2
        told_of = (await client.get(made["location"], headers=firm.bearer)).json()
        assert "lastError" not in told_of


@pytest.mark.parametrize(("answer", "times"), [(b"HTTP/1.1 410 Gone", 1), (b"HTTP/1.1 500 No", len(RETRIES) + 1)])
async def test_a_subscription_ends_when_nobody_is_there_any_more(
    client: httpx.AsyncClient, world: World, answer: bytes, times: int
) -> None:
    firm = await world.firm("recycler")
    async with listening(Heard(answer + b"\r\nContent-Length: 0\r\n\r\n")) as heard:
        made = await subscribed(client, world, firm, heard)
        await capture(client, firm, happened(1))
        for _ in range(len(RETRIES) + 3):
            await deliver_all(courier(world))
            world.clock.forward(hours=11)
        assert len(heard.requests) == times
        assert (await client.get(made["location"], headers=firm.bearer)).json()["endedAt"]
        ids = {message(raw)[0]["webhook-id"] for raw in heard.requests}
        assert len(ids) == 1


async def test_two_processes_serve_a_subscription_one_at_a_time(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    async with listening(Heard(pause=0.5)) as heard:
        await subscribed(client, world, firm, heard)
        await capture(client, firm, happened(1))
        await asyncio.gather(*(deliver_all(courier(world)) for _ in range(4)))
        assert len(heard.requests) == 1


async def test_a_receiver_that_is_slow_holds_up_nobody_else(client: httpx.AsyncClient, world: World) -> None:
    slow_firm, firm = await world.firm("recycler"), await world.firm("recycler")
    async with listening(Heard(pause=3)) as slow, listening(Heard()) as quick:
        await subscribed(client, world, slow_firm, slow)
        await subscribed(client, world, firm, quick)
        await capture(client, slow_firm, happened(1))
        await capture(client, firm, happened(2))
        sending = asyncio.create_task(deliver_all(courier(world)))
        async with asyncio.timeout(2):
            await slow.began.wait()
            await quick.began.wait()
        # Who ends a subscription does not wait for its receiver either.
        async with asyncio.timeout(2):
            assert (await client.delete("/epcis/queries/mine", headers=slow_firm.bearer)).status_code == 204
        await sending


async def test_a_process_that_dies_in_the_middle_loses_nothing(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    async with listening(Heard(pause=30)) as heard:
        await subscribed(client, world, firm, heard)
        await capture(client, firm, happened(1))
        dying = asyncio.create_task(deliver_all(courier(world)))
        async with asyncio.timeout(20):
            await heard.began.wait()
        dying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dying
        heard.pause = 0
        await deliver_all(courier(world))
        assert len(heard.requests) == 1
        world.clock.forward(seconds=LEASE.total_seconds())
        await deliver_all(courier(world))
        first, second = (message(raw) for raw in heard.requests)
        assert first[2] == second[2] == ["urn:e:1"]
        assert first[0]["webhook-id"] == second[0]["webhook-id"]


async def test_a_schedule_reports_at_its_times_also_nothing_where_that_is_wanted(
    client: httpx.AsyncClient, world: World
) -> None:
    firm = await world.firm("recycler")
    async with listening(Heard()) as heard, listening(Heard()) as empty:
        await subscribed(client, world, firm, heard, "a", schedule={"minute": "[0-59]"})
        told = await subscribed(client, world, firm, empty, "b", schedule={"minute": "[0-59]"}, reportIfEmpty=True)
        assert told["schedule"] == {"minute": "[0-59]"}
        send = courier(world)
        await capture(client, firm, happened(1))
        await deliver_all(send)
        assert (heard.requests, empty.requests) == ([], [])
        world.clock.forward(seconds=60)
        await deliver_all(send)
        assert [message(raw)[2] for raw in heard.requests] == [["urn:e:1"]]
        world.clock.forward(seconds=60)
        await deliver_all(send)
        assert len(heard.requests) == 1
        assert [message(raw)[2] for raw in empty.requests] == [["urn:e:1"], []]
        ids = [message(raw)[0]["webhook-id"] for raw in empty.requests]
        assert len(set(ids)) == 2


async def test_epcs_are_told_in_the_format_that_was_subscribed_with(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    firm_headers = firm.bearer | {"GS1-EPC-Format": "Always_GS1_Digital_Link"}
    async with listening(Heard()) as heard:
        await client.post("/epcis/queries", json={"name": "q", "query": {}}, headers=firm.bearer)
        body = {"dest": f"http://127.0.0.1:{heard.port}/", "stream": True}
        made = await client.post("/epcis/queries/q/subscriptions", json=body, headers=firm_headers)
        assert made.json()["signatureToken"].startswith("whsec_")  # ours, told this once
        told_of = await client.get(made.headers["location"], headers=firm.bearer)
        assert "signatureToken" not in told_of.json()
        await capture(client, firm, {**EVENT, "eventID": "urn:e:1"})
        await deliver_all(courier(world))
        (event,) = events_of(message(heard.requests[0])[1])
        assert event["epcList"][0] == "https://id.gs1.org/01/10614141073464/21/2017"


async def test_a_running_server_delivers_by_itself(app: Litestar, client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with listening(Heard()) as heard:
        await subscribed(client, world, firm, heard)
        server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_level=LogLevels.error)
        serving = asyncio.create_task(server.serve())
        await asyncio.sleep(1)
        await capture(client, firm, happened(1))
        async with asyncio.timeout(20):
            await heard.began.wait()
        server.stop()
        await serving
        assert message(heard.requests[0])[2] == ["urn:e:1"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"stream": True}, "/dest"), ({"dest": "https://hooks.example/"}, "/schedule"),
        ({"dest": "https://hooks.example/", "stream": True, "schedule": {"hour": "1"}}, "/schedule"),
        ({"dest": "https://hooks.example/", "stream": False}, "/schedule"),
        ({"dest": "https://hooks.example/", "stream": "true"}, "/stream"),
        ({"dest": "https://hooks.example/", "schedule": {}}, "/schedule"),
        ({"dest": "https://hooks.example/", "schedule": {"hour": "24"}}, "/schedule/hour"),
        ({"dest": "https://hooks.example/", "schedule": {"year": "1"}}, "/schedule/year"),
        ({"dest": "https://hooks.example/", "schedule": {"month": "2", "dayOfMonth": "30"}}, "/schedule"),
        ({"dest": "https://hooks.example/", "stream": True, "signatureToken": "short"}, "/signatureToken"),
        ({"dest": "https://hooks.example/", "stream": True, "initialRecordTime": "then"}, "/initialRecordTime"),
        ({"dest": "https://hooks.example/", "stream": True, "url": "x"}, "/url"),
        ({"dest": "https://169.254.169.254/meta", "stream": True}, "dest"),
        ({"dest": "ftp://hooks.example/", "stream": True}, "dest"),
    ],
)  # fmt: skip
async def test_a_subscription_that_is_none_is_refused(
    client: httpx.AsyncClient, world: World, body: dict[str, Any], pointer: str
) -> None:
    firm = await world.firm("recycler")
    await client.post("/epcis/queries", json={"name": "q", "query": {}}, headers=firm.bearer)
    answer = await client.post("/epcis/queries/q/subscriptions", json=body, headers=firm.bearer)
    assert answer.status_code == 400, answer.text
    assert answer.json()["type"].startswith("epcisException:")
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert answer.json()["errors"][0]["fix"]
    assert (await client.get("/epcis/queries/q/subscriptions", headers=firm.bearer)).json() == []
    missing = await client.post("/epcis/queries/none/subscriptions", json=body, headers=firm.bearer)
    assert (missing.status_code, missing.json()["type"]) == (404, "epcisException:NoSuchNameException")


async def test_a_name_that_came_to_lead_inside_is_not_sent_to(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")

    async def inside(_: str, __: int) -> list[str]:
        return ["127.0.0.1"]

    async with listening(Heard()) as heard:
        await client.post("/epcis/queries", json={"name": "q", "query": {}}, headers=firm.bearer)
        body = {"dest": f"https://hooks.example:{heard.port}/", "stream": True}
        made = await client.post("/epcis/queries/q/subscriptions", json=body, headers=firm.bearer)
        await capture(client, firm, happened(1))
        send = courier(world)
        guarded = Courier(send.database, Outgoing(resolve=inside), send.key, send.clock, send.document)
        await deliver_all(guarded)
        assert heard.requests == []
        told_of = (await client.get(made.headers["location"], headers=firm.bearer)).json()
        assert "not public" in told_of["lastError"]


async def test_who_delivers_reads_what_is_due_and_writes_nothing_else(
    client: httpx.AsyncClient, world: World, as_app: Any, owner: asyncpg.Connection
) -> None:
    firm = await world.firm("recycler")
    async with listening(Heard()) as heard:
        await subscribed(client, world, firm, heard)
    secret = await owner.fetchval("SELECT secret FROM subscription ORDER BY created_at DESC LIMIT 1")
    assert SECRET.encode() not in secret
    for statement in (
        "DELETE FROM subscription", "UPDATE subscription SET position = 0", "SELECT 1 FROM subscription",
    ):  # fmt: skip
        stranger = await as_app((await world.firm("recycler")).actor.organisation_id)
        assert (await stranger.execute(statement)).endswith(" 0")
    delivery = await as_app(None, Scope.DELIVERY.value)
    assert await delivery.fetchval("SELECT count(*) FROM subscription") > 0
    assert await delivery.fetchval("SELECT count(*) FROM named_query") == 0
    assert await delivery.fetchval("SELECT count(*) FROM event") == 0
    assert await delivery.execute("DELETE FROM subscription") == "DELETE 0"
    for column in ("dest", "secret", "organisation_id"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await (await as_app(None, "delivery")).execute(f"UPDATE subscription SET {column} = {column}")


@pytest.mark.parametrize(
    ("stated", "after", "expected"),
    [
        ({"hour": "1", "minute": "5"}, "2026-11-23T09:30:00", "2026-11-24T01:05:00"),
        ({"hour": "1", "minute": "5"}, "2026-11-23T01:04:59", "2026-11-23T01:05:00"),
        ({"hour": "1", "minute": "5"}, "2026-11-23T01:05:00", "2026-11-24T01:05:00"),
        ({"second": "0/30"}, "2026-11-23T09:30:00", "2026-11-23T09:30:30"),
        ({"minute": "[10-12],40"}, "2026-11-23T09:12:00", "2026-11-23T09:40:00"),
        ({"dayOfWeek": "1"}, "2026-11-23T09:30:00", "2026-11-30T00:00:00"),
        ({"dayOfMonth": "31"}, "2026-11-23T09:30:00", "2026-12-31T00:00:00"),
        ({"month": "2", "dayOfMonth": "29"}, "2026-11-23T09:30:00", "2028-02-29T00:00:00"),
        ({"month": "1"}, "2026-11-23T09:30:00", "2027-01-01T00:00:00"),
        ({"month": "1", "dayOfWeek": "7"}, "2026-11-23T09:30:00", "2027-01-03T00:00:00"),
    ],
)
def test_a_schedule_finds_its_next_moment(stated: dict[str, str], after: str, expected: str) -> None:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert schedule_of(stated).after(moment) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@given(
    st.fixed_dictionaries(
        {}, optional={name: st.integers(*bounds).map(str) for name, bounds in FIELDS.items() if name != "month"}
    ).filter(bool),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
)
def test_the_next_moment_is_the_first_one_that_fits(stated: dict[str, str], moment: datetime) -> None:
    found = schedule_of(stated).after(moment)
    assert found is not None
    assert found > moment

    def fits(at: datetime) -> bool:
        parts = {"second": at.second, "minute": at.minute, "hour": at.hour, "dayOfMonth": at.day,
                 "dayOfWeek": at.isoweekday()}  # fmt: skip
        return all(parts[name] == int(value) for name, value in stated.items())

    assert fits(found)
    earlier = found - timedelta(seconds=1)
    for _ in range(300):
        if earlier <= moment:
            break
        assert not fits(earlier) or earlier.second or earlier.minute or earlier.hour
        earlier -= timedelta(seconds=1)


@pytest.mark.parametrize(
    "stated", [{"hour": "x"}, {"hour": ""}, {"hour": "[5-3]"}, {"second": "0/0"}, {"minute": 60.5}]
)
def test_a_schedule_that_is_none_is_refused(stated: dict[str, Any]) -> None:
    with pytest.raises(SubscriptionInvalid):
        schedule_of(stated)
