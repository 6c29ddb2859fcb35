"""EPCIS capture over HTTP: every published document is captured and comes back whole, or is refused for its reason."""

import json
from decimal import Decimal
from typing import Any

import asyncpg
import httpx
import pytest

from tests.conftest import Firm, World
from tests.shared import CONFORMANCE, needs_shared
from tests.test_events import CONTEXT, document, official, published
from traceability.eventhash import event_hash
from traceability.events.reading import read
from traceability.http.epcis import limits

CAPTURES = ("EPCISDocument", "EPCISQueryDocument")
FOLDER = CONFORMANCE / "gs1-epcis-2.0"


def events_of(raw: bytes) -> list[dict[str, Any]]:
    """The events of a document, of an answer, or a bare event; numbers exact."""
    data = read(raw.removeprefix(b"\xef\xbb\xbf"))
    if data["type"] not in CAPTURES:
        return [data]
    body = data["epcisBody"]
    found: list[dict[str, Any]] = (body.get("queryResults", {}).get("resultsBody") or body)["eventList"]
    return found


async def send(client: httpx.AsyncClient, firm: Firm, raw: bytes) -> httpx.Response:
    kind = json.loads(raw).get("type")
    path = "/epcis/capture" if str(kind) in CAPTURES else "/epcis/events"
    return await client.post(path, content=raw, headers=firm.bearer)


async def all_events(client: httpx.AsyncClient, firm: Firm, path: str = "/epcis/events") -> list[dict[str, Any]]:
    """Every page, by the Link of each."""
    found: list[dict[str, Any]] = []
    asked: str | None = f"{path}?perPage=7"
    while asked is not None:
        answer = await client.get(asked, headers=firm.bearer)
        assert answer.status_code == 200, answer.text
        found += events_of(answer.content)
        link = answer.headers.get("link")
        asked = link.partition(">")[0].removeprefix("<") if link else None
        assert link is None or link.endswith('>; rel="next"')
    return found


@needs_shared
@pytest.mark.parametrize(("file", "valid"), published())
async def test_a_published_document_is_captured_and_comes_back_whole_or_is_refused(
    client: httpx.AsyncClient, world: World, owner: asyncpg.Connection, file: Any, valid: bool
) -> None:
    firm = await world.firm("recycler")
    raw = file.read_bytes()
    answer = await send(client, firm, raw)
    if not valid:
        problem = answer.json()
        assert (answer.status_code, problem["type"], problem["code"]) == (
            400, "epcisException:ValidationException", "EVENT_INVALID",
        )  # fmt: skip
        assert problem["errors"][0]["pointer"].startswith("/")
        assert problem["errors"][0]["code"].isupper()
        assert await all_events(client, firm) == []
        return
    sent = events_of(raw)
    assert answer.status_code in {201, 202}, answer.text
    if answer.status_code == 202:
        job = (await client.get(answer.headers["location"], headers=firm.bearer)).json()
        assert (job["running"], job["success"], job["errors"]) == (False, True, [])
        assert len(job["events"]) == len(sent)
        # Mass that is told of years later is held; all else has nothing that could be held back.
        assert {(each["outcome"], *each["reasons"]) for each in job["events"] if each["outcome"] != "recorded"} <= {
            ("held", "LATE_REPORT")
        }
    back = await all_events(client, firm)
    document = await client.get("/epcis/events?perPage=1000", headers=firm.bearer)
    assert official().is_valid(document.json())
    # Whatever the answer's own context, every event in it still says what it said: it has the hash that it had.
    assert hashes_of(document.content) <= hashes_of(raw)
    different = {json.dumps(each, sort_keys=True, default=str): each for each in sent}
    # Two events of one document that differ in nothing the hash reads are one event; else every one comes back.
    assert len(back) in range(1, len(different) + 1)
    for each in back:
        assert any(whole(original, each) for original in different.values())
        assert each["eventID"]
        assert each["recordTime"]
    assert await owner.fetchval(
        "SELECT count(*) FROM entry JOIN event ON index = event_index WHERE organisation_id = $1",
        firm.actor.organisation_id,
    ) == 0  # fmt: skip


def hashes_of(raw: bytes) -> set[str]:
    """The CBV hash of each event under its document's context."""
    context = read(raw.removeprefix(b"\xef\xbb\xbf")).get("@context")
    return {event_hash(each, context) for each in events_of(raw)}


@needs_shared
async def test_one_answer_may_hold_events_whose_prefixes_mean_different_things(
    client: httpx.AsyncClient, world: World
) -> None:
    firm = await world.firm("recycler")
    event = {
        "type": "ObjectEvent", "eventTime": "2026-11-23T09:30:00Z", "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE", "epcList": ["urn:a:b"], "ex:colour": "clear",
    }  # fmt: skip
    hashes: set[str] = set()
    for namespace in ("https://one.example/", "https://other.example/"):
        sent = {**document(event), "@context": [CONTEXT, {"ex": namespace}]}
        raw = json.dumps(sent).encode()
        assert (await send(client, firm, raw)).status_code == 202
        hashes |= hashes_of(raw)
    answer = await client.get("/epcis/events", headers=firm.bearer)
    assert len(hashes) == 2
    assert hashes_of(answer.content) == hashes
    assert official().is_valid(answer.json())
    found = await client.get("/epcis/events?EQ_https://other.example/colour=clear", headers=firm.bearer)
    assert len(events_of(found.content)) == 1
    both = await client.get("/epcis/events?EQ_ex:colour=clear", headers=firm.bearer)
    assert len(events_of(both.content)) == 2


def whole(sent: dict[str, Any], back: dict[str, Any]) -> bool:
    """No field lost, no field changed; what a repository adds is beside them."""
    return all(back.get(name) == value for name, value in sent.items() if name != "@context")


async def test_numbers_come_back_as_they_were_written(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    event = {
        "type": "ObjectEvent", "eventTime": "2026-11-23T09:30:00Z", "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE", "quantityList": [{"epcClass": "https://a.example/c", "quantity": "N"}], "ex:n": "M",
    }  # fmt: skip
    raw = json.dumps(document(event)).encode().replace(b'"N"', b"1.10").replace(b'"M"', b"0.1000000000000000055")
    assert (await send(client, firm, raw)).status_code == 202
    answer = await client.get("/epcis/events", headers=firm.bearer)
    assert b'"quantity": 1.10' in answer.content
    assert events_of(answer.content)[0]["ex:n"] == Decimal("0.1000000000000000055")
    assert answer.headers["content-type"].startswith("application/json")


async def test_a_correction_comes_back_beside_what_it_corrects(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    event = {
        "type": "ObjectEvent", "eventTime": "2026-11-23T09:30:00Z", "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE", "epcList": ["urn:epc:id:sgtin:0614141.107346.2017"], "eventID": "urn:uuid:1/2?3%254",
    }  # fmt: skip
    assert (await send(client, firm, json.dumps(document(event)).encode())).status_code == 202
    declared = {**event, "errorDeclaration": {"declarationTime": "2026-11-23T10:00:00Z", "reason": "incorrect_data"}}
    assert (await send(client, firm, json.dumps(document(declared)).encode())).status_code == 202
    one = await client.get("/epcis/events/urn:uuid:1%2F2%3F3%25254", headers=firm.bearer)
    assert ["errorDeclaration" in each for each in events_of(one.content)] == [False, True]
    missing = await client.get("/epcis/events/urn:uuid:none", headers=firm.bearer)
    assert (missing.status_code, missing.json()["type"]) == (404, "epcisException:NoSuchResourceException")
    changed = {**event, "epcList": ["urn:epc:id:sgtin:0614141.107346.2018"]}
    refused = await client.post(
        "/epcis/events", json={"@context": "https://ref.gs1.org/x", **changed}, headers=firm.bearer
    )
    assert (refused.status_code, refused.json()["type"]) == (409, "epcisException:ResourceAlreadyExistsException")
    assert refused.json()["code"] == "DUPLICATE_EVENT"


async def test_proceed_captures_the_good_and_names_the_bad(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    good = {
        "type": "ObjectEvent", "eventTime": "2026-11-23T09:30:00Z", "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE", "epcList": ["urn:a:b"],
    }  # fmt: skip
    raw = json.dumps(document(good, {**good, "action": "LOOK"})).encode()
    refused = await client.post("/epcis/capture", content=raw, headers=firm.bearer)
    assert refused.status_code == 400
    headers = {**firm.bearer, "GS1-Capture-Error-Behaviour": "proceed"}
    answer = await client.post("/epcis/capture", content=raw, headers=headers)
    job = answer.json()
    assert (answer.status_code, job["success"], job["captureErrorBehaviour"]) == (202, False, "proceed")
    assert [each["type"] for each in job["errors"]] == ["epcisException:ValidationException"]
    assert len(await all_events(client, firm)) == 1


async def test_jobs_come_in_pages_newest_first(client: httpx.AsyncClient, world: World) -> None:
    firm, other = await world.firm("recycler"), await world.firm("recycler")
    made = []
    for number in range(5):
        world.clock.forward(seconds=1)
        event = {
            "type": "ObjectEvent", "eventTime": "2026-11-23T09:30:00Z", "eventTimeZoneOffset": "+00:00",
            "action": "OBSERVE", "epcList": [f"urn:a:{number}"],
        }  # fmt: skip
        made.append((await send(client, firm, json.dumps(document(event)).encode())).json()["captureID"])
    found: list[str] = []
    asked: str | None = "/epcis/capture?perPage=2"
    while asked:
        answer = await client.get(asked, headers=firm.bearer)
        found += [each["captureID"] for each in answer.json()]
        assert len(answer.json()) <= 2
        link = answer.headers.get("link")
        asked = link.partition(">")[0].removeprefix("<") if link else None
    assert found == made[::-1]
    assert (await client.get("/epcis/capture", headers=other.bearer)).json() == []
    stolen = await client.get(f"/epcis/capture/{made[0]}", headers=other.bearer)
    assert stolen.status_code == 404
    for wrong in ("perPage=0", "perPage=x", "nextPageToken=%00", "nextPageToken=!!"):
        answer = await client.get(f"/epcis/capture?{wrong}", headers=firm.bearer)
        assert answer.status_code == 400, wrong


async def test_more_than_one_capture_takes_is_refused_with_the_limits(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    event = '{"type":"ObjectEvent","eventTime":"2026-11-23T09:30:00Z","eventTimeZoneOffset":"+00:00","action":"ADD"}'
    raw = json.dumps(document("E")).replace('"E"', ",".join([event] * (limits.MOST + 1)))
    many = await client.post("/epcis/capture", content=raw.encode(), headers=firm.bearer)
    large = await client.post("/epcis/capture", content=b" " * (limits.LARGEST + 1), headers=firm.bearer)
    for answer in (many, large):
        assert (answer.status_code, answer.json()["type"]) == (413, "epcisException:CaptureLimitExceededException")
        assert answer.headers["gs1-epcis-capture-limit"] == str(limits.MOST)
        assert answer.headers["gs1-epcis-capture-file-size-limit"] == str(limits.LARGEST)


@needs_shared
async def test_every_path_and_method_of_the_published_interface_is_there(
    client: httpx.AsyncClient, world: World
) -> None:
    firm = await world.firm("recycler")
    paths = json.loads((FOLDER / "schema/openapi.json").read_text("utf-8"))["paths"]
    filled = {
        "captureID": "x", "eventID": "urn:x:y", "eventType": "ObjectEvent", "epc": "urn:epc:id:sscc:1", "token": "t",
        "bizStep": "shipping", "bizLocation": "urn:x:y", "readPoint": "urn:x:y", "disposition": "active",
        "queryName": "none", "subscriptionID": "s",
    }  # fmt: skip
    for path, item in paths.items():
        asked = "/epcis" + path
        for name, value in filled.items():
            asked = asked.replace(f"{{{name}}}", value)
        for method in ("options", "get", "post", "delete"):
            if method not in item:
                continue
            answer = await client.request(method.upper(), asked, headers=firm.bearer)
            assert answer.status_code in {200, 204, 400, 404, 415, 501}, (method, path)
            if answer.status_code == 404:
                assert answer.json()["code"] in {"NOT_FOUND", "NO_SUCH_QUERY"}
                assert "{" in path, (method, path)
            if method == "options":
                allowed = {each.strip() for each in answer.headers["allow"].split(",")}
                assert allowed == {each.upper() for each in item if each in {"options", "get", "post", "delete"}}
                assert answer.headers["gs1-epcis-version"] == "2.0.0"
                assert answer.headers["gs1-cbv-version"] == "2.0.0"
                needed = {"gs1-epcis-min", "gs1-epcis-max", "gs1-extensions", "gs1-vendor-version", "gs1-epc-format"}
                assert needed <= set(answer.headers)
    told = await client.options("/epcis/capture", headers=firm.bearer)
    assert told.headers["gs1-capture-error-behaviour"] == "all"
    assert int(told.headers["gs1-epcis-capture-limit"]) > 0


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({"GS1-EPCIS-Version": "1.2"}, 406, "NotAcceptableException"),
        ({"GS1-EPCIS-Version": "two"}, 406, "NotAcceptableException"),
        ({"GS1-EPCIS-Min": "2.1"}, 406, "NotAcceptableException"),
        ({"GS1-EPCIS-Max": "1.2.0"}, 406, "NotAcceptableException"),
        ({"GS1-CBV-Max": "1.2"}, 406, "NotAcceptableException"),
        ({"GS1-EPC-Format": "Sometimes"}, 406, "NotAcceptableException"),
        ({"GS1-CBV-XML-Format": "Sometimes"}, 406, "NotAcceptableException"),
        ({"Accept": "application/xml"}, 406, "NotAcceptableException"),
        ({"GS1-EPCIS-Min": "1.0", "GS1-EPCIS-Max": "2"}, 200, None),
        ({"GS1-EPCIS-Version": "2.0", "GS1-CBV-Version": "2.0.0"}, 200, None),
        ({"Accept": "application/ld+json"}, 200, None),
        ({"GS1-CBV-XML-Format": "Always_URN"}, 200, None),
    ],
)
async def test_a_client_that_speaks_otherwise_is_told_so(
    client: httpx.AsyncClient, world: World, headers: dict[str, str], status: int, kind: str | None
) -> None:
    firm = await world.firm("recycler")
    answer = await client.get("/epcis/events", headers={**firm.bearer, **headers})
    assert answer.status_code == status
    if kind is not None:
        assert answer.json()["type"] == f"epcisException:{kind}"
        assert answer.json()["errors"][0]["fix"]
    elif "Accept" in headers:
        assert answer.headers["content-type"].startswith("application/ld+json")


async def test_what_is_no_json_is_not_read(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    for path in ("/epcis/capture", "/epcis/events", "/epcis/queries"):
        answer = await client.post(
            path, content=b"<epcis/>", headers={**firm.bearer, "Content-Type": "application/xml"}
        )
        assert (answer.status_code, answer.json()["type"]) == (415, "epcisException:UnsupportedMediaTypeException")
    long = await client.get("/epcis/events?MATCH_epc=" + "x" * 9000, headers=firm.bearer)
    assert (long.status_code, long.json()["type"]) == (414, "epcisException:URITooLongException")
    nobody = await client.get("/epcis/events")
    assert (nobody.status_code, nobody.json()["type"]) == (401, "epcisException:SecurityException")
    reader = await client.post("/api/v1/keys", json={"name": "r", "roles": ["read"]}, headers=firm.bearer)
    mayless = await client.post(
        "/epcis/capture", content=b"{}", headers={"Authorization": f"Bearer {reader.json()['key']}"}
    )
    assert (mayless.status_code, mayless.json()["type"]) == (403, "epcisException:SecurityException")
