"""The rule book over HTTP: open to anyone, exact, bounded, and honest about every field that it cannot read."""

import json
from hashlib import sha256
from typing import Any

import httpx
import jsonschema_rs
import pytest
import rfc8785

from standards.catalogue import CATALOGUE, KINDS, load, schema_of
from tests.conftest import World
from tests.published import cases, in_house_words
from tests.shared import needs_shared
from tests.test_rulebook import IRON, results

DRAFT = (CATALOGUE / "standards/eu-eow-333-2011-fe.yaml").read_text("utf-8").replace("value: 2, unit", "value: 1, unit")


async def judged(client: httpx.AsyncClient, *lots: Any, **more: Any) -> dict[str, Any]:
    answer = await client.post("/api/v1/judge", json={"lots": list(lots), **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def refused(client: httpx.AsyncClient, body: Any, path: str = "/api/v1/judge") -> dict[str, Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = await client.post(path, content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 413, 422}, answer.text
    return dict(answer.json())


async def test_anyone_can_judge_a_lot_against_every_standard_at_once(client: httpx.AsyncClient) -> None:
    told = await judged(client, {**IRON, "name": "mine"}, as_of="2026-03-01")
    (lot,) = told["lots"]
    assert (lot["name"], told["as_of"], told["catalogue"]) == ("mine", "2026-03-01", load().digest)
    verdicts = {each["standard"]["id"]: each["verdict"] for each in lot["evaluations"]}
    assert verdicts["eu-eow-333-2011-fe"] == "conforming"
    assert verdicts["te-grs"] == "incomplete"
    for each in lot["evaluations"]:
        body = {key: value for key, value in each.items() if key != "sha256"}
        assert sha256(rfc8785.dumps(body)).hexdigest() == each["sha256"]
        assert {"certainty", "advisory", "missing", "expires_on", "findings"} <= body.keys()


async def test_numbers_are_taken_digit_by_digit_from_json(client: httpx.AsyncClient) -> None:
    verdicts = []
    for number in ("2.0", "2.00000000000000000000000001"):
        raw = json.dumps({"lots": [{**IRON, "measurements": [{"property": "foreign_material", "value": "@", "unit": "%",
                          "evidence": "E2", "sampled_on": "2026-02-10"}]}], "as_of": "2026-03-01",
                          "standards": ["eu-eow-333-2011-fe"]}).replace('"@"', number)  # fmt: skip
        answer = await client.post("/api/v1/judge", content=raw.encode())
        verdicts.append(answer.json()["lots"][0]["evaluations"][0]["verdict"])
    assert verdicts == ["conforming", "nonconforming"]


@needs_shared
async def test_published_cases_have_the_published_verdicts_over_http(client: httpx.AsyncClient) -> None:
    for case in cases():
        told = json.loads(json.dumps(in_house_words(case["lot"]), default=str))
        day, rule = case["as_of"].isoformat(), case.get("decision_rule", "simple")
        answer = await judged(client, told, as_of=day, decision_rule=rule, standards=[case["standard"]])
        (found,) = answer["lots"][0]["evaluations"]
        assert found["verdict"] == case["expected"]["verdict"], case["id"]


@needs_shared
def test_every_published_lot_keeps_the_published_schema_of_a_lot() -> None:
    validator = jsonschema_rs.Draft202012Validator(schema_of("lot")[0], validate_formats=True)
    for case in cases():
        assert list(validator.iter_errors(json.loads(json.dumps(case["lot"], default=str)))) == []
    for example in schema_of("lot")[0]["examples"]:
        assert list(validator.iter_errors(example)) == []


async def test_a_table_of_lots_is_judged_too(client: httpx.AsyncClient) -> None:
    table = (
        "name;material;form;evidence;moisture [%];pvc;statement:free_of_pvc;document:reach_declaration;method:pvc\n"
        "one;plastics.pet;flake;E2;0,7;< 10;yes;E1 2030-01-01;GC\n"
    )
    wrong = await client.post("/api/v1/judge", content=table.encode(), headers={"Content-Type": "text/csv"})
    (error,) = wrong.json()["errors"]
    assert (error["pointer"], error["value"]) == ("lots/0/moisture [%]", "0,7")
    answer = await client.post(
        "/api/v1/judge", content=table.replace("0,7", "0.7").encode(), headers={"Content-Type": "text/csv"}
    )
    assert answer.status_code == 200
    (lot,) = answer.json()["lots"]
    assert lot["name"] == "one"
    assert len(lot["evaluations"]) > 10


@pytest.mark.parametrize(
    ("body", "pointer", "fix"),
    [
        (b"{", "", "JSON object"),
        (b"[" * 100_000, "", "JSON object"),
        (b'{"lots": [{"material": NaN}]}', "", "JSON object"),
        ([], "", "lots"),
        ({}, "lots", "several"),
        ({"lots": []}, "lots", "several"),
        ({"lots": [{}] * 101}, "lots", "several"),
        ({"lots": [1]}, "lots/0/lot", "material"),
        ({"lots": [{}]}, "lots/0/material", "material"),
        ({"lots": [{"material": "plastics.pat", "form": "flake"}]}, "lots/0/material", "plastics.pet"),
        ({"lots": [{"material": "plastics.pet", "form": "flakes"}]}, "lots/0/form", "flake"),
        ({"lots": [{**IRON, "measurements": results(moistur="1 %")}]}, "lots/0/measurements/0/property", "moisture"),
        ({"lots": [{**IRON, "measurements": results(ash="wet %")}]}, "lots/0/measurements/0/value", "digits"),
        ({"lots": [{**IRON, "statements": {"x": "yes"}}]}, "lots/0/statements/x", "true or false"),
        ({"lots": [{**IRON, "measurements": results(ash="1 %") * 501}]}, "lots/0", "500"),
        ({"lots": [IRON], "as_of": "tomorrow"}, "as_of", "YYYY-MM-DD"),
        ({"lots": [IRON], "as_of": 5}, "as_of", "YYYY-MM-DD"),
        ({"lots": [IRON], "decision_rule": "kind"}, "decision_rule", "guard_band"),
        ({"lots": [IRON], "standards": ["en-15349"]}, "standards", "en-1534"),
        ({"lots": [IRON], "standards": "en-15348"}, "standards", "list"),
        ({"lots": [IRON], "standard": []}, "standard", "standards"),
        ({"lots": [{**IRON, "name": "\ud800"}]}, "lots/0/name", "one line"),
    ],
)  # fmt: skip
async def test_what_cannot_be_read_is_refused_at_its_place(
    client: httpx.AsyncClient, body: Any, pointer: str, fix: str
) -> None:
    told = await refused(client, body)
    assert told["errors"][0]["pointer"] == pointer
    assert fix in told["errors"][0]["fix"]


async def test_all_lots_that_are_wrong_are_told_at_once_and_too_much_is_refused(client: httpx.AsyncClient) -> None:
    told = await refused(client, {"lots": [{"form": "x"}, IRON, {"material": "plastics.pet"}]})
    assert [each["pointer"] for each in told["errors"]] == ["lots/0/material", "lots/2/form"]
    answer = await client.post("/api/v1/judge", content=b'{"lots": ["' + b"x" * 600_000 + b'"]}')
    assert answer.status_code == 413


async def test_what_nobody_reads_is_told(client: httpx.AsyncClient) -> None:
    told = await judged(client, {**IRON, "results": [1], "measurements": [{**results(ash="1 %")[0], "evidnce": "E4"}]})
    assert told["lots"][0]["unread"] == ["results", "measurements/0/evidnce"]


async def test_equivalents_come_over_http_with_what_each_lacks(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/equivalents", json={"lots": [IRON], "as_of": "2026-03-01"})
    found = {(each["standard"], each["grade"]): each for each in answer.json()["lots"][0]["equivalents"]}
    assert found["jp-ferrous-unified", "HS"]["missing"][0]["wants"] == ["limit:piece_mass"]
    assert {each["jurisdiction"] for each in found["eu-eow-333-2011-fe", None]["recognition"]} == {"EU", "VN", "JP"}


async def test_a_draft_is_tried_and_never_kept(client: httpx.AsyncClient) -> None:
    body = {"lots": [IRON], "as_of": "2026-03-01", "draft": DRAFT}
    told = (await client.post("/api/v1/standards/draft", json=body)).json()
    assert (told["status"], told["against"], told["changed"]) == ("draft", "eu-eow-333-2011-fe", 1)
    assert told["lots"][0]["then"] == {"verdict": "nonconforming", "grade": None, "draft": True}
    assert told["draft"]["sha256"] == sha256(DRAFT.encode()).hexdigest()
    again = await judged(client, IRON, as_of="2026-03-01", standards=["eu-eow-333-2011-fe"])
    assert again["lots"][0]["evaluations"][0]["verdict"] == "conforming"
    path = "/api/v1/standards/draft"
    wrong = await refused(client, {**body, "draft": DRAFT.replace("foreign_material", "beauty")}, path)
    assert (wrong["errors"][0]["line"], wrong["errors"][0]["key"]) == (19, "clauses/1/rule/limit/property")
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    for text in ("", "[" * 50_000, bomb):
        await refused(client, {**body, "draft": text}, path)


async def test_standards_are_found_by_material_country_day_and_subject(client: httpx.AsyncClient) -> None:
    async def found(**query: str) -> set[str]:
        answer = await client.get("/api/v1/standards", params=query)
        assert answer.status_code == 200, answer.text
        return {each["id"] for each in answer.json()["standards"]}

    assert len(await found()) == len(load().documents("standard"))
    paper = await found(material="paper.corrugated", jurisdiction="VN")
    assert paper == {"vn-qcvn-33-2018"}
    assert "vn-qcvn-33-2018" not in await found(material="paper", on="2026-03-01")
    assert "vn-qcvn-33-2018" in await found(material="paper", on="2025-06-29")
    assert await found(about="end_of_waste", material="metals.copper") == {"eu-eow-715-2013-cu"}
    assert "en-15343" in await found(jurisdiction="TH")
    for query in ({"material": "gold"}, {"form": "cube"}, {"on": "soon"}):
        assert (await client.get("/api/v1/standards", params=query)).status_code == 400


async def test_one_standard_is_told_whole_and_exact_with_its_days(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/standards/eu-pops-pbde")
    told = answer.json()["standard"]
    steps = told["clauses"][1]["rule"]["schedule"]["steps"]
    assert steps[1] == {"from": "2025-12-30", "value": "350"}
    assert {"day": "2027-05-17", "what": "limit", "clause": "toys"} in told["changes"]
    assert told["certainties"] == {"verified": 2, "secondary": 1, "unverified": 0}
    again = await client.get("/api/v1/standards/eu-pops-pbde", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    missing = await client.get("/api/v1/standards/eu-pop-pbde")
    assert missing.status_code == 404
    assert "did you mean 'eu-pops-pbde'" in missing.json()["errors"][0]["fix"].replace("?", "")


async def test_two_standards_are_compared_over_http(client: httpx.AsyncClient) -> None:
    query = {"left": "eu-eow-333-2011-fe", "right": "eu-eow-715-2013-cu"}
    lines = {
        each["subject"]: each for each in (await client.get("/api/v1/standards/compare", params=query)).json()["lines"]
    }
    assert lines["foreign_material"]["left"][0]["asks"] == "<= 2 %"
    assert not lines["foreign_material"]["same"]
    assert (await client.get("/api/v1/standards/compare", params={**query, "right": "x"})).status_code == 404


async def test_schemas_stand_at_addresses_that_stay_and_the_shelf_keeps_them(client: httpx.AsyncClient) -> None:
    for kind in sorted(KINDS | {"lot"}):
        answer = await client.get(f"/standards/schemas/{kind}.json")
        assert answer.headers["content-type"].startswith("application/schema+json")
        jsonschema_rs.meta.validate(answer.json())
        assert answer.json()["$id"].endswith(f"/standards/schemas/{kind}.json")
    assert (await client.get("/standards/schemas/..%2fstandard.json")).status_code == 404
    assert (await client.get("/standards/schemas/law.json")).status_code == 404


async def test_properties_and_materials_are_open_data(client: httpx.AsyncClient) -> None:
    told = (await client.get("/api/v1/standards/properties")).json()
    assert len(told["properties"]) == 93
    assert {"unit": "t", "kind": "mass", "factor": "1000000", "names": ["TNE", "tonne", "tonnes", "mt", "MT"]} in told[
        "units"
    ]
    materials = (await client.get("/api/v1/standards/materials")).json()
    assert {"families", "materials", "forms", "origins"} <= materials.keys()
    assert len(materials["families"]) == 8


async def test_the_interface_describes_judging_with_an_example_that_works(client: httpx.AsyncClient) -> None:
    whole = (await client.get("/openapi.json")).json()
    body = whole["paths"]["/api/v1/judge"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    example = body["properties"]["lots"]["examples"][0]
    assert (await judged(client, *example))["lots"][0]["evaluations"]
    page = await client.get("/docs", headers={"Accept": "text/html"})
    assert "/api/v1/judge" in page.text
    assert "PET flake 117" in page.text


async def test_a_recorded_lot_has_snapshots_for_its_holder_only(client: httpx.AsyncClient, world: World) -> None:
    mine, stranger = await world.firm("recycler"), await world.firm("recycler")
    lot = await world.stock(mine, 1_000)
    answer = await client.get("/api/v1/evaluations", params={"lot": lot}, headers=mine.bearer)
    assert answer.status_code == 200, answer.text
    told = answer.json()["evaluations"]
    again = await client.get("/api/v1/evaluations", params={"lot": lot}, headers=mine.bearer)
    assert [each["sha256"] for each in told] == [each["sha256"] for each in again.json()["evaluations"]]
    assert told
    for query in ({"lot": lot}, {"lot": f"{lot[:-1]}0"}):
        refused_ = await client.get("/api/v1/evaluations", params=query, headers=stranger.bearer)
        assert (refused_.status_code, refused_.json()["detail"]) == (404, "You have no such lot.")
    wrong = await client.get("/api/v1/evaluations", params={"lot": lot, "standard": "en-0"}, headers=mine.bearer)
    assert wrong.status_code == 400
