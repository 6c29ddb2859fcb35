"""The query language: every parameter finds exactly the events that a plain reading of them finds."""

import json
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests import querying as plain
from tests.conftest import BASE, Firm, World
from tests.querying import CLASSES, CONTEXTS, NS, OTHER, PARTIES, PLACES, STATES, STEPS, THINGS, UNITS, Event
from tests.shared import CONFORMANCE, needs_shared
from tests.test_epcis_capture import all_events, events_of

SEED = 20261123
EVENTS = 150
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
Meaning = Callable[[Event, dict[str, str]], bool]


@dataclass(frozen=True, repr=False)
class Corpus:
    """What was captured for one firm: each event with the prefixes that its document bound."""

    firm: Firm
    events: list[tuple[Event, dict[str, str]]]

    def __repr__(self) -> str:
        return f"Corpus(seed={SEED})"

    def expected(self, meanings: list[Meaning]) -> set[str]:
        return {each["eventID"] for each, bound in self.events if all(mean(each, bound) for mean in meanings)}


def document(events: list[Event], bound: dict[str, str]) -> bytes:
    body = {
        "@context": [CONTEXT, bound], "type": "EPCISDocument", "schemaVersion": "2.0",
        "creationDate": "2026-11-23T09:30:00Z", "epcisBody": {"eventList": events},
    }  # fmt: skip
    return msgspec.json.Encoder(decimal_format="number").encode(body)


@pytest.fixture(scope="module")
async def api(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as made:
        yield made


@pytest.fixture(scope="module")
async def corpus(api: httpx.AsyncClient, world: World) -> Corpus:
    """Random events of one firm, in documents with different prefixes, and of another firm beside them."""
    firm, other = await world.firm("recycler"), await world.firm("recycler")
    chance = random.Random(SEED)
    found: list[tuple[Event, dict[str, str]]] = []
    for at, bound in enumerate(CONTEXTS):
        events = [plain.event(chance, at * EVENTS + number, bound) for number in range(EVENTS // len(CONTEXTS))]
        for sender in (firm, other):
            answer = await api.post("/epcis/capture", content=document(events, bound), headers=sender.bearer)
            assert answer.status_code == 202, answer.text
        world.clock.forward(seconds=10)
        found += [(each, bound) for each in events]
    return Corpus(firm, found)


def one_of(values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(sorted(values))


def _match(*names: str) -> Callable[[list[str]], Meaning]:
    return lambda wanted: (
        lambda event, _: any(plain.is_match(uri, each) for uri in plain.fields(event, *names) for each in wanted)
    )


ALL_SPELLINGS = [each for table in (THINGS, CLASSES) for entry in table.values() for row in entry for each in row]
EPCS = ("epcList", "childEPCs")
QUANTITIES = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
LISTS: dict[str, Callable[[list[str]], Meaning]] = {
    "eventType": lambda wanted: lambda event, _: event["type"] in wanted,
    "EQ_action": lambda wanted: lambda event, _: event.get("action") in wanted,
    "EQ_bizStep": lambda wanted: (
        lambda event, _: (
            "bizStep" in event
            and any(STEPS.get(event["bizStep"], event["bizStep"]) == STEPS.get(each, each) for each in wanted)
        )
    ),
    "EQ_disposition": lambda wanted: (
        lambda event, _: (
            "disposition" in event
            and any(STATES.get(event["disposition"], event["disposition"]) == STATES.get(each, each) for each in wanted)
        )
    ),
    "EQ_persistentDisposition_set": lambda wanted: (
        lambda event, _: bool(set(event.get("persistentDisposition", {}).get("set", ())) & set(wanted))
    ),
    "EQ_readPoint": lambda wanted: (
        lambda event, _: (
            "readPoint" in event
            and any(plain.named(PLACES, event["readPoint"]["id"]) == plain.named(PLACES, each) for each in wanted)
        )
    ),
    "EQ_bizLocation": lambda wanted: (
        lambda event, _: (
            "bizLocation" in event
            and any(plain.named(PLACES, event["bizLocation"]["id"]) == plain.named(PLACES, each) for each in wanted)
        )
    ),
    "EQ_transformationID": lambda wanted: lambda event, _: event.get("transformationID") in wanted,
    "EQ_eventID": lambda wanted: lambda event, _: event["eventID"] in wanted,
    "EQ_bizTransaction_po": lambda wanted: (
        lambda event, _: any(each["bizTransaction"] in wanted for each in event.get("bizTransactionList", []))
    ),
    "EQ_source_owning_party": lambda wanted: (
        lambda event, _: any(each["source"] in wanted for each in event.get("sourceList", []))
    ),
    "EQ_source_possessing_party": lambda wanted: lambda event, _: False,
    "EQ_destination_possessing_party": lambda wanted: (
        lambda event, _: any(each["destination"] in wanted for each in event.get("destinationList", []))
    ),
    "EQ_errorReason": lambda wanted: (
        lambda event, _: (
            "errorDeclaration" in event
            and event["errorDeclaration"]["reason"].removeprefix("https://ref.gs1.org/cbv/ER-") in wanted
        )
    ),
    "EQ_correctiveEventID": lambda wanted: (
        lambda event, _: bool(set(event.get("errorDeclaration", {}).get("correctiveEventIDs", ())) & set(wanted))
    ),
    "EQ_type": lambda wanted: lambda event, _: any(each.get("type") in wanted for each in plain.reports(event)),
    "EQ_deviceID": lambda wanted: lambda event, _: any("deviceID" in each for each in plain.reports(event)),
    "EQ_stringValue": lambda wanted: (
        lambda event, _: any(each.get("stringValue") in wanted for each in plain.reports(event))
    ),
    "MATCH_epc": _match(*EPCS),
    "MATCH_parentID": _match("parentID"),
    "MATCH_inputEPC": _match("inputEPCList"),
    "MATCH_outputEPC": _match("outputEPCList"),
    "MATCH_anyEPC": _match(*EPCS, "parentID", "inputEPCList", "outputEPCList"),
    "MATCH_epcClass": _match("quantityList", "childQuantityList"),
    "MATCH_inputEPCClass": _match("inputQuantityList"),
    "MATCH_outputEPCClass": _match("outputQuantityList"),
    "MATCH_anyEPCClass": _match(*QUANTITIES),
}
VALUES: dict[str, list[str]] = {
    "eventType": ["ObjectEvent", "TransformationEvent", "AssociationEvent"], "EQ_action": ["ADD", "DELETE"],
    "EQ_bizStep": [*STEPS, *STEPS.values()], "EQ_disposition": [*STATES, *STATES.values()],
    "EQ_persistentDisposition_set": ["active", "in_transit"],
    "EQ_readPoint": [each for row in PLACES.values() for each in row],
    "EQ_bizLocation": [each for row in PLACES.values() for each in row],
    "EQ_transformationID": ["urn:x:1", "urn:x:2", "urn:x:9"], "EQ_eventID": ["urn:uuid:3", "urn:uuid:160", "urn:no"],
    "EQ_bizTransaction_po": list(PARTIES), "EQ_source_owning_party": list(PARTIES),
    "EQ_source_possessing_party": list(PARTIES), "EQ_destination_possessing_party": list(PARTIES),
    "EQ_errorReason": ["incorrect_data", "did_not_occur"], "EQ_correctiveEventID": ["urn:uuid:c1", "urn:uuid:c2"],
    "EQ_type": ["Temperature", "Mass", "https://sensor.example/Moisture"],
    "EQ_deviceID": ["urn:epc:id:giai:4000001.111", "https://id.gs1.org/8004/4000001111"],
    "EQ_stringValue": ["a,b", "x"],
}  # fmt: skip

Asked = tuple[str, str, Meaning]


@st.composite
def listed(draw: st.DrawFn) -> Asked:
    name = draw(one_of(LISTS))
    values = draw(st.lists(st.sampled_from(VALUES.get(name, ALL_SPELLINGS)), min_size=1, max_size=2))
    return name, "|".join(values), LISTS[name](values)


@st.composite
def times(draw: st.DrawFn) -> Asked:
    operator, name = draw(one_of(["GE", "LT"])), draw(one_of(["eventTime", "errorDeclarationTime", "time"]))
    day = draw(st.integers(1, 20))
    offset, hour = draw(st.sampled_from([("Z", 0), ("+09:00", 9), ("-06:00", -6)]))
    text = f"2026-11-{day:02d}T{12 + hour:02d}:00:00{offset}"
    bound = datetime.fromisoformat(text)

    def mean(event: Event, _: dict[str, str]) -> bool:
        if name == "eventTime":
            found = [event["eventTime"]]
        elif name == "time":
            found = [each["time"] for each in plain.reports(event) if "time" in each]
        else:
            found = [event["errorDeclaration"]["declarationTime"]] if "errorDeclaration" in event else []
        return any(plain.compare(operator, datetime.fromisoformat(each), bound) for each in found)

    return f"{operator}_{name}", text, mean


@st.composite
def amounts(draw: st.DrawFn) -> Asked:
    operator = draw(one_of(plain_operators := ["EQ", "GT", "GE", "LT", "LE"]))
    kind = draw(one_of(["quantity", "value", "percRank"]))
    operator = operator if kind != "percRank" or operator != "EQ" else plain_operators[1]
    unit = draw(one_of(UNITS)) if kind == "quantity" and draw(st.booleans()) else None
    unit = draw(one_of(["CEL", "KGM"])) if kind == "value" else unit
    wanted = draw(st.sampled_from(["1", "2.5", "10", "100", "0.001", "-2.5", "0", "26", "1e2", "50"]))

    def mean(event: Event, _: dict[str, str]) -> bool:
        holders = plain.all_quantities(event) if kind == "quantity" else plain.reports(event)
        return any(
            plain.compare(operator, Decimal(each[kind]), Decimal(wanted))
            for each in holders
            if kind in each and (unit is None or each.get("uom") == unit)
        )

    return f"{operator}_{kind}" + (f"_{unit}" if unit else ""), wanted, mean


@st.composite
def of_others(draw: st.DrawFn) -> Asked:
    operator = draw(one_of(["EQ", "GT", "GE", "LT", "LE", "EXISTS"]))
    scope = draw(one_of(["", "ILMD", "ERROR_DECLARATION", "SENSORELEMENT", "SENSORREPORT", "readPoint"]))
    inner = draw(st.booleans())
    prefix, namespace = draw(st.sampled_from([("ex", NS), ("own", NS), ("ot", OTHER), (NS, ""), ("far", OTHER)]))
    local = draw(one_of(["field", "size", "when"]))
    spelled = f"{prefix}{local}" if prefix == NS else f"{prefix}:{local}"
    address = (prefix if prefix == NS else namespace) + local
    numbers, moments = ["12", "12.5", "-3", "5"], ["2026-11-05T00:00:00Z", "2026-11-05T00:00:00+00:00"]
    words = ["clear", "blue", "true", "false"] if operator == "EQ" else []
    wanted = "true" if operator == "EXISTS" else draw(st.sampled_from([*numbers, *moments, *words]))
    name = f"{operator}_{'INNER_' if inner else ''}{scope + '_' if scope else ''}{spelled}"
    return name, wanted, lambda event, bound: plain.says(event, bound, operator, scope, inner, address, wanted)


FLAGS: list[Asked] = [
    ("EXISTS_errorDeclaration", "true", lambda event, _: "errorDeclaration" in event),
    ("EXISTS_errorDeclaration", "false", lambda event, _: True),
    ("EXISTS_sensorElementList", "", lambda event, _: "sensorElementList" in event),
    (
        "EQ_booleanValue",
        "true",
        lambda event, _: any(each.get("booleanValue") is True for each in plain.reports(event)),
    ),
]
PARAMETER = st.one_of(listed(), listed(), times(), amounts(), of_others(), st.sampled_from(FLAGS))


def address(parameters: list[tuple[str, str]]) -> str:
    return "/epcis/events?" + "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in parameters)


@settings(max_examples=250, suppress_health_check=list(HealthCheck))
@given(asked=st.lists(PARAMETER, min_size=1, max_size=3, unique_by=lambda each: each[0]))
async def test_a_query_finds_what_a_plain_reading_finds(
    api: httpx.AsyncClient, corpus: Corpus, asked: list[Asked]
) -> None:
    expected = corpus.expected([mean for _, _, mean in asked])
    path = address([("perPage", "1000"), *((name, value) for name, value, _ in asked)])
    answer = await api.get(path, headers=corpus.firm.bearer)
    assert answer.status_code == 200, answer.text
    found = {each["eventID"] for each in events_of(answer.content)}
    assert not found - expected
    assert not expected - found


async def test_the_parameters_tell_events_apart_at_all(corpus: Corpus) -> None:
    """The corpus is no trivial one: every parameter with a list takes some events and leaves some."""
    for name, meaning in LISTS.items():
        found = [len(corpus.expected([meaning([each])])) for each in VALUES.get(name, ALL_SPELLINGS)]
        assert name == "EQ_source_possessing_party" or max(found) > 0, name
        assert min(found) < len(corpus.events), name


async def test_the_same_query_in_json_finds_the_same(api: httpx.AsyncClient, corpus: Corpus) -> None:
    for query in (
        {"EQ_action": ["ADD"], "GE_quantity": 2, "EQ_quantity_KGM": [2.5, 10]},
        {"MATCH_anyEPC": ["urn:epc:idpat:sgtin:0614141.*.*"], "LT_eventTime": "2026-11-10T00:00:00Z"},
        {"@context": {"q": NS}, "EQ_q:size": 12, "EXISTS_q:field": None},
        {"EQ_INNER_ex:size": 5}, {"EQ_booleanValue": True}, {"EXISTS_errorDeclaration": 1},
    ):  # fmt: skip
        name = f"q{abs(hash(json.dumps(query)))}"
        made = await api.post("/epcis/queries", json={"name": name, "query": query}, headers=corpus.firm.bearer)
        assert made.status_code == 201, made.text
        pairs = [
            (parameter.replace("q:", NS), "|".join(map(str, value)) if isinstance(value, list) else _text(value))
            for parameter, value in query.items() if parameter != "@context"
        ]  # fmt: skip
        by_name = await all_events(api, corpus.firm, f"/epcis/queries/{name}/events")
        answer = await api.get(address([("perPage", "1000"), *pairs]), headers=corpus.firm.bearer)
        assert [each["eventID"] for each in by_name] == [each["eventID"] for each in events_of(answer.content)]
        assert by_name


def _text(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("direction", ["ASC", "DESC", None])
@pytest.mark.parametrize("by", ["eventTime", "recordTime", "ex:size", f"{NS}size"])
async def test_pages_in_any_order_give_every_event_once(
    api: httpx.AsyncClient, corpus: Corpus, by: str, direction: str | None
) -> None:
    asked = [("perPage", "7"), ("orderBy", by)] + ([("orderDirection", direction)] if direction else [])
    found: list[Event] = []
    path: str | None = address(asked)
    while path is not None:
        answer = await api.get(path, headers=corpus.firm.bearer)
        assert answer.status_code == 200, answer.text
        found += events_of(answer.content)
        link = answer.headers.get("link")
        path = link.partition(">")[0].removeprefix("<") if link else None
    assert len({each["eventID"] for each in found}) == len(found) == len(corpus.events)
    if by in {"eventTime", "recordTime"}:
        keys = [datetime.fromisoformat(each[by]) for each in found]
        assert keys == sorted(keys, reverse=direction != "ASC")
    else:
        own = [_own_number(each) for each in found]
        numbers = [each for each in own if each is not None]
        assert numbers == sorted(numbers, reverse=direction != "ASC")
        assert len(numbers) > 4


def _own_number(event: Event) -> Decimal | None:
    """A plain number in the field; lists and moments are ordered by rules of their own."""
    value = event.get("ex:size", event.get("own:size"))
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


async def test_counts_limit_the_answer_or_refuse_it(api: httpx.AsyncClient, corpus: Corpus) -> None:
    first = await all_events(api, corpus.firm, "/epcis/events")
    limited = address([("orderBy", "eventTime"), ("orderDirection", "ASC"), ("eventCountLimit", "11")])
    asked: str | None = limited + "&perPage=4"
    found: list[str] = []
    while asked is not None:
        answer = await api.get(asked, headers=corpus.firm.bearer)
        found += [each["eventID"] for each in events_of(answer.content)]
        link = answer.headers.get("link")
        asked = link.partition(">")[0].removeprefix("<") if link else None
    earliest = sorted(first, key=lambda each: str(datetime.fromisoformat(each["eventTime"])))
    assert found == [each["eventID"] for each in earliest[:11]]
    enough = await api.get(address([("maxEventCount", str(len(first)))]), headers=corpus.firm.bearer)
    assert enough.status_code == 200
    many = await api.get(address([("maxEventCount", str(len(first) - 1))]), headers=corpus.firm.bearer)
    assert (many.status_code, many.json()["type"]) == (413, "epcisException:QueryTooLargeException")


async def test_what_was_recorded_when_bounds_the_answer(api: httpx.AsyncClient, corpus: Corpus) -> None:
    events = await all_events(api, corpus.firm)
    moments = sorted({datetime.fromisoformat(each["recordTime"]) for each in events})
    assert len(moments) == len(CONTEXTS)
    for operator in ("GE", "LT"):
        path = address([(f"{operator}_recordTime", moments[1].isoformat()), ("perPage", "1000")])
        found = {each["eventID"] for each in events_of((await api.get(path, headers=corpus.firm.bearer)).content)}
        assert found == {
            each["eventID"] for each in events
            if plain.compare(operator, datetime.fromisoformat(each["recordTime"]), moments[1])
        }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GE_eventDate", "2026-01-01T00:00:00Z"), ("eq_action", "ADD"), ("EQ_actions", "ADD"), ("EQ_action", "LOOK"),
        ("EQ_action", ""), ("eventType", "ObjectEvents"), ("EQ_bizStep", "shiping"), ("GE_eventTime", "yesterday"),
        ("GE_eventTime", "2026-01-01T00:00:00"), ("GE_eventTime", "2026-02-30T00:00:00Z"), ("GE_quantity", "many"),
        ("GE_quantity", "1|2"), ("EQ_quantity_kg", "1"), ("EQ_percValue_CEL", "1"), ("GE_readPoint", "urn:x:y"),
        ("EQ_field", "1"), ("EQ_ILMD_", "1"), ("GE_ex:field", "blue"), ("orderBy", "size"), ("orderBy", "quantity"),
        ("orderDirection", "UP"), ("eventCountLimit", "5"), ("maxEventCount", "0"), ("maxEventCount", "x"),
        ("EXISTS_errorDeclaration", "perhaps"), ("MATCH_epc", "urn:epc:idpat:sgtin:*.107346.*"), ("MATCH_epc", "|"),
        ("MATCH_epc", "urn:epc:idpat:sgtin:0614141.1*.*"), ("perPage", "0"), ("perPage", "-1"), ("perPage", "x"),
        ("nextPageToken", "x"), ("nextPageToken", "W10"), ("HASATTR_action", "x"), ("WD_disposition", "active"),
        ("EQ_bizTransaction", "urn:x:y"), ("", "x"),
    ],
)  # fmt: skip
async def test_what_the_standard_does_not_know_is_refused_by_name_value_and_fix(
    api: httpx.AsyncClient, corpus: Corpus, name: str, value: str
) -> None:
    answer = await api.get(address([(name, value)]), headers=corpus.firm.bearer)
    problem = answer.json()
    assert answer.status_code == 400, answer.text
    if name != "perPage":
        assert problem["type"] == "epcisException:QueryParameterException"
    assert problem["errors"][0]["pointer"] == name
    assert problem["errors"][0]["fix"]


async def test_a_page_of_another_query_is_refused(api: httpx.AsyncClient, corpus: Corpus) -> None:
    answer = await api.get(address([("perPage", "1"), ("EQ_action", "ADD")]), headers=corpus.firm.bearer)
    token = answer.headers["link"].partition("nextPageToken=")[2].partition(">")[0]
    other = await api.get(f"/epcis/events?EQ_action=OBSERVE&nextPageToken={token}", headers=corpus.firm.bearer)
    assert (other.status_code, other.json()["code"]) == (400, "PAGE_TOKEN")


async def test_limits_that_exclude_each_other_are_refused(api: httpx.AsyncClient, corpus: Corpus) -> None:
    both = [("orderBy", "eventTime"), ("eventCountLimit", "5"), ("maxEventCount", "5")]
    answer = await api.get(address(both), headers=corpus.firm.bearer)
    assert (answer.status_code, answer.json()["type"]) == (400, "epcisException:QueryParameterException")


async def test_a_prefix_bound_by_a_header_means_its_namespace(api: httpx.AsyncClient, corpus: Corpus) -> None:
    expected = corpus.expected([lambda event, bound: plain.says(event, bound, "EXISTS", "", False, NS + "size", "")])
    headers = {**corpus.firm.bearer, "GS1-Extensions": f"zz={NS}, yy={OTHER}"}
    answer = await api.get(address([("EXISTS_zz:size", ""), ("perPage", "1000")]), headers=headers)
    assert {each["eventID"] for each in events_of(answer.content)} == expected
    without = await api.get(address([("EXISTS_zz:size", "")]), headers=corpus.firm.bearer)
    assert events_of(without.content) == []


async def test_the_index_is_made_again_from_nothing(
    api: httpx.AsyncClient, corpus: Corpus, owner: asyncpg.Connection
) -> None:
    path = address([("MATCH_anyEPC", "urn:epc:idpat:sgtin:*.*.*"), ("GE_quantity", "2"), ("perPage", "1000")])
    before = events_of((await api.get(path, headers=corpus.firm.bearer)).content)
    counts = [await owner.fetchval(f"SELECT count(*) FROM {name}") for name in ("event_term", "event_number")]
    await owner.execute("UPDATE query_head SET version = 0")
    assert events_of((await api.get(path, headers=corpus.firm.bearer)).content) == before
    again = [await owner.fetchval(f"SELECT count(*) FROM {name}") for name in ("event_term", "event_number")]
    assert again == counts
    assert await owner.fetchval("SELECT q.size = l.size FROM query_head q, log_head l")


async def test_the_index_shows_nobody_what_is_anothers_and_takes_nothing_from_requests(
    api: httpx.AsyncClient, corpus: Corpus, world: World, as_app: Any
) -> None:
    await all_events(api, corpus.firm)
    own, stranger = corpus.firm.actor.organisation_id, (await world.firm("recycler")).actor.organisation_id
    for table in ("event_term", "event_number", "event_value", "event_prefix", "named_query"):
        counting = f"SELECT count(*) FROM {table} WHERE organisation_id = {own}"
        assert await (await as_app(own)).fetchval(counting) > 0 or table == "named_query"
        for reader in (stranger, None):
            assert await (await as_app(reader)).fetchval(counting) == 0, table
        if table == "named_query":
            continue
        for statement in (f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM {table}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await (await as_app(own)).execute(statement)


async def test_a_reader_sees_their_own_events_only(api: httpx.AsyncClient, corpus: Corpus, world: World) -> None:
    stranger = await world.firm("manufacturer")
    assert await all_events(api, stranger) == []
    for path in (
        "/epcis/events/urn:uuid:3", "/epcis/epcs/urn:epc:id:sscc:0614141.1234567890",
        "/epcis/epcs/urn:epc:id:sscc:0614141.1234567890/events",
    ):  # fmt: skip
        assert (await api.get(path, headers=stranger.bearer)).status_code == 404
        assert (await api.get(path, headers=corpus.firm.bearer)).status_code == 200
    for kind in ("epcs", "readPoints", "bizLocations"):
        assert (await api.get(f"/epcis/{kind}", headers=stranger.bearer)).json()["member"] == []


@needs_shared
async def test_published_queries_are_kept_or_refused(api: httpx.AsyncClient, corpus: Corpus) -> None:
    folder = CONFORMANCE / "openepcis-test-resources/Query/Queries"
    for file in sorted(folder.rglob("*.json")):
        body = {"name": f"published-{file.stem}", "query": json.loads(file.read_text("utf-8"))}
        answer = await api.post("/epcis/queries", json=body, headers=corpus.firm.bearer)
        if "Invalid" in file.parts:
            assert answer.status_code == 400
            assert answer.json()["type"] in {
                "epcisException:QueryParameterException", "epcisException:QueryValidationException",
            }  # fmt: skip
        else:
            assert answer.status_code == 201, answer.text
            found = await api.get(f"{answer.headers['location']}/events", headers=corpus.firm.bearer)
            assert found.status_code == 200, found.text


NAMES = st.one_of(
    st.text(max_size=12), st.sampled_from([*LISTS, "EQ_ILMD_ex:", "GE_", "HASATTR_", "EQATTR_readPoint_", "orderBy"]),
    st.builds(lambda a, b: a + b, st.sampled_from(["EQ_", "GE_INNER_", "EXISTS_ILMD_", "EQ_source_", "EQATTR_ex:a_"]),
              st.text(min_size=1, max_size=8)),
)  # fmt: skip


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(pairs=st.lists(st.tuples(NAMES, st.text(max_size=12)), max_size=3), path=st.text(max_size=9))
@example(pairs=[("EQATTR_readPoint_ex:a", "0"), ("EQATTR_bizLocation_ex:a", "0")], path="")
@example(pairs=[("WD_readPoint", "urn:x:1"), ("WD_bizLocation", "urn:x:1")], path="")
async def test_whatever_is_asked_is_answered_or_refused(
    api: httpx.AsyncClient, corpus: Corpus, pairs: list[tuple[str, str]], path: str
) -> None:
    def quoted(text: str) -> str:
        return quote(text.encode("utf-8", "surrogatepass"), safe="")

    query = "&".join(f"{quoted(name)}={quoted(value)}" for name, value in pairs)
    for asked in ("events", f"events/{quoted(path)}", f"epcs/{quoted(path)}/events", f"queries/{quoted(path)}"):
        answer = await api.get(f"/epcis/{asked}?{query}", headers=corpus.firm.bearer)
        assert answer.status_code in {200, 400, 404}, (asked, answer.text)
