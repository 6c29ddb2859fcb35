"""EPCIS resources: what is there to ask about, named queries, master data, and EPCs in the format asked for."""

import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Firm, World
from tests.serving import served
from tests.shared import CONFORMANCE, needs_shared
from tests.test_epcis_capture import all_events, events_of
from tests.test_events import document
from traceability.events.vocabulary import BIZ_STEPS, DISPOSITIONS
from traceability.identifiers import canonical_link
from traceability.identifiers.urn import epc_urn
from traceability.querying.translating import EpcFormat, translated, writer_of

EVENT = {
    "type": "ObjectEvent", "eventTime": "2026-11-20T09:30:00Z", "eventTimeZoneOffset": "+00:00", "action": "OBSERVE",
    "bizStep": "https://a.example/step/sorting?x=1", "disposition": "active",
    "epcList": ["urn:epc:id:sgtin:0614141.107346.2017", "https://a.example/id/7/events", "https://a.example/a%2Fb"],
    "quantityList": [{"epcClass": "urn:epc:class:lgtin:0614141.012345.A", "quantity": 3}],
    "readPoint": {"id": "urn:epc:id:sgln:0614141.07346.1234"}, "bizLocation": {"id": "https://a.example/id/SITE"},
    "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:0614141.00777"}],
}  # fmt: skip


async def capture(client: httpx.AsyncClient, firm: Firm, *events: dict[str, Any], **header: Any) -> None:
    raw = json.dumps({**document(*events), **header}).encode()
    answer = await client.post("/epcis/capture", content=raw, headers=firm.bearer)
    assert answer.status_code == 202, answer.text


async def members(client: httpx.AsyncClient, firm: Firm, kind: str) -> list[str]:
    found: list[str] = []
    asked: str | None = f"/epcis/{kind}?perPage=9"
    while asked is not None:
        answer = await client.get(asked, headers=firm.bearer)
        body = answer.json()
        assert (body["type"], answer.status_code) == ("Collection", 200)
        assert body["@context"]
        found += body["member"]
        link = answer.headers.get("link")
        asked = link.partition(">")[0].removeprefix("<") if link else None
    return found


async def test_resources_list_the_standards_words_and_what_events_hold(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    await capture(client, firm, EVENT)
    top = (await client.get("/epcis", headers=firm.bearer)).json()
    assert set(top["member"]) == {
        "events", "eventTypes", "epcs", "bizSteps", "bizLocations", "readPoints", "dispositions", "capture", "queries",
    }  # fmt: skip
    steps = await members(client, firm, "bizSteps")
    assert sorted(steps) == steps
    assert set(steps) == {*BIZ_STEPS, EVENT["bizStep"]}
    assert set(await members(client, firm, "dispositions")) == set(DISPOSITIONS)
    assert len(await members(client, firm, "eventTypes")) == 5
    assert await members(client, firm, "readPoints") == ["urn:epc:id:sgln:0614141.07346.1234"]
    assert await members(client, firm, "bizLocations") == ["https://a.example/id/SITE"]
    epcs = await members(client, firm, "epcs")
    assert set(epcs) == {*EVENT["epcList"], EVENT["quantityList"][0]["epcClass"]}  # type: ignore[index, misc]


async def test_every_member_leads_to_its_events_whatever_it_holds(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    await capture(client, firm, EVENT)
    for kind in ("bizSteps", "dispositions", "eventTypes", "readPoints", "bizLocations", "epcs"):
        for member in await members(client, firm, kind):
            if member in {*BIZ_STEPS, *DISPOSITIONS} - {"active"} or (member.endswith("Event") and member[0] != "O"):
                continue
            path = f"/epcis/{kind}/{quote(member, safe='')}"
            one = await client.get(path, headers=firm.bearer)
            assert one.json()["member"] == ["events"], path
            assert len(await all_events(client, firm, f"{path}/events")) == 1, path
    unused = await client.get("/epcis/bizSteps/packing/events", headers=firm.bearer)
    assert events_of(unused.content) == []
    for missing in ("bizSteps/nonsense", "epcs/urn:x:none", "epcs/urn:x:none/events", "eventTypes/Nothing"):
        answer = await client.get(f"/epcis/{missing}", headers=firm.bearer)
        assert (answer.status_code, answer.json()["type"]) == (404, "epcisException:NoSuchResourceException"), missing


async def test_the_events_of_a_member_are_narrowed_by_other_parameters_only(
    client: httpx.AsyncClient, world: World
) -> None:
    firm = await world.firm("recycler")
    await capture(client, firm, EVENT, {**EVENT, "action": "DELETE", "eventTime": "2026-11-20T10:00:00Z"})
    path = "/epcis/dispositions/active/events"
    narrowed = await client.get(f"{path}?EQ_action=DELETE", headers=firm.bearer)
    assert [each["action"] for each in events_of(narrowed.content)] == ["DELETE"]
    twice = await client.get(f"{path}?EQ_disposition=active", headers=firm.bearer)
    assert (twice.status_code, twice.json()["type"]) == (400, "epcisException:QueryParameterException")
    # A Digital Link in either form, also written without encoding its colon.
    for epc in ("https:%2F%2Fid.gs1.org%2F01%2F10614141073464%2F21%2F2017", "urn:epc:id:sgtin:0614141.107346.2017"):
        assert len(await all_events(client, firm, f"/epcis/epcs/{epc}/events")) == 2


async def test_named_queries_are_kept_listed_asked_and_forgotten(client: httpx.AsyncClient, world: World) -> None:
    firm, other = await world.firm("recycler"), await world.firm("recycler")
    await capture(client, firm, EVENT)
    for name in ("b", "a", "c"):
        body = {"name": name, "query": {"EQ_action": ["OBSERVE"], "GE_quantity": 2.5}}
        made = await client.post("/epcis/queries", json=body, headers=firm.bearer)
        assert (made.status_code, made.headers["location"]) == (201, f"/epcis/queries/{name}")
    again = await client.post("/epcis/queries", json=body, headers=firm.bearer)
    assert (again.status_code, again.json()["type"]) == (409, "epcisException:ResourceAlreadyExistsException")
    assert (await client.post("/epcis/queries", json=body, headers=other.bearer)).status_code == 201
    first = await client.get("/epcis/queries?perPage=2", headers=firm.bearer)
    assert [each["name"] for each in first.json()] == ["a", "b"]
    following = first.headers["link"].partition(">")[0].removeprefix("<")
    assert [each["name"] for each in (await client.get(following, headers=firm.bearer)).json()] == ["c"]
    assert (await client.get("/epcis/queries/a", headers=firm.bearer)).json() == {"name": "a", "query": body["query"]}
    found = await client.get("/epcis/queries/a/events", headers=firm.bearer)
    assert found.json()["epcisBody"]["queryResults"]["queryName"] == "a"
    assert len(events_of(found.content)) == 1
    further = await client.get("/epcis/queries/a/events?EQ_action=ADD", headers=firm.bearer)
    assert further.status_code == 400
    socket = await client.get("/epcis/queries/a/events?stream=true", headers={**firm.bearer, "Upgrade": "websocket"})
    assert socket.status_code == 501
    assert (await client.get("/epcis/queries/b", headers=other.bearer)).status_code == 404
    assert (await client.delete("/epcis/queries/b", headers=other.bearer)).status_code == 404
    assert (await client.delete("/epcis/queries/a", headers=firm.bearer)).status_code == 204
    gone = await client.get("/epcis/queries/a/events", headers=firm.bearer)
    assert (gone.status_code, gone.json()["type"]) == (404, "epcisException:NoSuchNameException")


@pytest.mark.parametrize(
    ("body", "kind", "pointer"),
    [
        ([], "QueryValidationException", ""), ({"query": {}}, "QueryValidationException", "/name"),
        ({"name": "a/b", "query": {}}, "QueryValidationException", "/name"),
        ({"name": "x"}, "QueryValidationException", "/query"),
        ({"name": "x", "query": {"EQ_action": "LOOK"}}, "QueryParameterException", "EQ_action"),
        ({"name": "x", "query": {"EQ_action": [1]}}, "QueryParameterException", "EQ_action"),
        ({"name": "x", "query": {"GE_quantity": "5"}}, "QueryParameterException", "GE_quantity"),
        ({"name": "x", "query": {"perPage": 5}}, "QueryParameterException", "perPage"),
        ({"name": "x", "query": {"EQ_eventID": []}}, "QueryParameterException", "EQ_eventID"),
        ({"name": "x", "query": {"GE_eventTime": None}}, "QueryParameterException", "GE_eventTime"),
    ],
)  # fmt: skip
async def test_a_query_that_is_none_is_refused(
    client: httpx.AsyncClient, world: World, body: Any, kind: str, pointer: str
) -> None:
    firm = await world.firm("recycler")
    answer = await client.post("/epcis/queries", json=body, headers=firm.bearer)
    assert (answer.status_code, answer.json()["type"]) == (400, f"epcisException:{kind}")
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert (await client.get("/epcis/queries", headers=firm.bearer)).json() == []


MASTER = {
    "epcisMasterData": {
        "vocabularyList": [
            {
                "type": "urn:epcglobal:epcis:vtype:BusinessLocation",
                "vocabularyElementList": [
                    {
                        "id": "https://a.example/id/SITE",
                        "attributes": [{"id": "cbvmda:countryCode", "attribute": "JP"}],
                        "children": ["https://a.example/id/HALL"],
                    },
                    {"id": "https://a.example/id/HALL", "children": ["urn:epc:id:sgln:0614141.07346.1234"]},
                ],
            }
        ]
    }
}


async def test_places_are_found_with_what_lies_in_them_and_by_their_attributes(
    client: httpx.AsyncClient, world: World
) -> None:
    firm = await world.firm("recycler")
    places = ["https://a.example/id/SITE", "https://a.example/id/HALL",
              "https://id.gs1.org/414/0614141073467/254/1234", "https://a.example/id/FAR"]  # fmt: skip
    events = [{**EVENT, "eventID": f"urn:e:{at}", "bizLocation": {"id": place}} for at, place in enumerate(places)]
    await capture(client, firm, *events, epcisHeader=MASTER)

    async def found(query: str) -> list[str]:
        answer = await client.get(f"/epcis/events?{query}", headers=firm.bearer)
        assert answer.status_code == 200, answer.text
        return [each["eventID"] for each in events_of(answer.content)]

    assert await found("WD_bizLocation=https://a.example/id/SITE") == ["urn:e:0", "urn:e:1", "urn:e:2"]
    assert await found("WD_bizLocation=https://a.example/id/HALL") == ["urn:e:1", "urn:e:2"]
    assert await found("EQ_bizLocation=https://a.example/id/SITE") == ["urn:e:0"]
    # A place with an extension lies in the place of its GLN.
    assert await found("WD_bizLocation=https://id.gs1.org/414/0614141073467") == ["urn:e:2"]
    assert await found("HASATTR_bizLocation=cbvmda:countryCode") == ["urn:e:0"]
    assert await found("EQATTR_bizLocation_cbvmda:countryCode=JP") == ["urn:e:0"]
    assert await found("EQATTR_bizLocation_cbvmda:countryCode=VN") == []
    other = await world.firm("recycler")
    await capture(client, other, *events)
    answer = await client.get("/epcis/events?HASATTR_bizLocation=cbvmda:countryCode", headers=other.bearer)
    assert events_of(answer.content) == []


async def test_epcs_are_translated_only_where_the_client_asks(
    client: httpx.AsyncClient, world: World, owner: Any
) -> None:
    firm = await world.firm("recycler")
    await capture(client, firm, EVENT)

    async def read(wanted: str | None) -> dict[str, Any]:
        headers = firm.bearer | ({"GS1-EPC-Format": wanted} if wanted else {})
        return events_of((await client.get("/epcis/events", headers=headers)).content)[0]

    for wanted in (None, "Never_Translates", "No_Preference"):
        assert (await read(wanted))["epcList"] == EVENT["epcList"]
    linked = await read("Always_GS1_Digital_Link")
    assert linked["epcList"] == ["https://id.gs1.org/01/10614141073464/21/2017", *EVENT["epcList"][1:]]  # type: ignore[index]
    assert linked["quantityList"][0]["epcClass"] == "https://id.gs1.org/01/00614141123452/10/A"
    assert linked["readPoint"]["id"] == "https://id.gs1.org/414/0614141073467/254/1234"
    assert linked["sourceList"][0]["source"] == "https://id.gs1.org/417/0614141007776"
    await capture(client, firm, {**linked, "eventID": "urn:e:linked", "eventTime": "2026-11-20T11:00:00Z"})
    path = "/epcis/events/urn:e:linked"
    headers = {**firm.bearer, "GS1-EPC-Format": "Always_EPC_URN"}
    unknown = events_of((await client.get(path, headers=headers)).content)[0]
    assert unknown["epcList"] == linked["epcList"]  # nobody has told where the company prefix ends
    await owner.execute("UPDATE organisation SET gs1_prefixes = '{0614141}' WHERE id = $1", firm.actor.organisation_id)
    back = events_of((await client.get(path, headers=headers)).content)[0]
    for name in ("epcList", "quantityList", "readPoint", "sourceList"):
        assert back[name] == EVENT[name]
    listed = (await client.get("/epcis/epcs", headers=headers)).json()["member"]
    assert sum("10614141073464" in each or "107346.2017" in each for each in listed) == 1


URNS = ("id:sgtin:0614141.107346.2017", "class:lgtin:0614141.012345.A", "idpat:sgtin:0614141.107346.*",
        "id:sscc:0614141.1234567890", "id:sgln:0614141.07346.1234", "id:sgln:0614141.07346.0",
        "id:grai:0614141.12345.400", "idpat:grai:0614141.12345.*", "id:giai:0614141.12345400",
        "id:gsrn:0614141.1234567890", "id:gsrnp:0614141.1234567890", "id:gdti:0614141.12345.400",
        "id:gsin:0614141.123456789", "id:ginc:0614141.xyz47", "id:pgln:0614141.00777", "id:upui:0614141.107346.51q",
        "id:itip:0614141.012345.01.02.987", "id:cpi:0614141.5PQ7.12345", "id:sgcn:0614141.67890.04711")  # fmt: skip


@pytest.mark.parametrize("name", URNS)
def test_an_epc_comes_back_from_its_digital_link(name: str) -> None:
    urn = f"urn:epc:{name}"
    link = canonical_link(urn)
    assert link is not None
    assert epc_urn(link, ["0614141"]) == urn
    assert epc_urn(link, ["06141", "061414", "0614141"]) == urn
    assert epc_urn(link, ["9999999"]) is None


def published_urns() -> list[str]:
    file = CONFORMANCE / "gs1-digital-link/epc-urn-to-digital-link.json"
    if not file.is_file():
        return []
    return [each["urn"] for each in json.loads(file.read_text("utf-8"))["cases"] if "urn" in each]


@needs_shared
def test_published_epcs_come_back_from_their_digital_links() -> None:
    for urn in published_urns():
        link = canonical_link(urn)
        if link is None:
            continue
        prefix = urn.split(":")[4].split(".")[0]
        back = epc_urn(link, [prefix])
        assert back is not None
        assert canonical_link(back) == link


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=6,
)


@given(ANYTHING, st.sampled_from(["epcList", "readPoint", "quantityList", "sourceList", "x:y"]))
def test_translating_leaves_whatever_it_does_not_know(value: Any, name: str) -> None:
    write = writer_of(EpcFormat.DIGITAL_LINK)
    assert write is not None
    assert translated({name: value}, write) == {name: value}


async def test_identifiers_come_whole_through_a_real_server(app: Any, client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    await capture(client, firm, {**EVENT, "eventID": "urn:e:a%2Fb/c?d"})
    async with served(app) as address, httpx.AsyncClient(base_url=address, headers=firm.bearer) as real:
        for path in ("events/urn:e:a%252Fb%2Fc%3Fd", "epcs/https:%2F%2Fa.example%2Fa%252Fb/events",
                     "epcs/https%3A%2F%2Fa.example%2Fid%2F7%2Fevents/events"):  # fmt: skip
            answer = await real.get(f"/epcis/{path}")
            assert answer.status_code == 200, path
            assert len(events_of(answer.content)) == 1, path
        assert (await real.options("/epcis/events")).headers["gs1-epcis-version"] == "2.0.0"
