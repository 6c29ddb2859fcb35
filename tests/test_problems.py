"""Problems: whatever goes wrong is told as RFC 9457 with a stable code, and nothing of our insides with it."""

from collections.abc import AsyncIterator
from typing import Any, ClassVar

import httpx
import pytest
from litestar import get, post
from litestar.params import JSONBody
from pydantic import BaseModel, ConfigDict

from app.problems import plain
from app.server import create_app
from foundation.access import PUBLIC
from foundation.errors import Refusal
from tests.conftest import BASE, World, with_key

HTML = {"Accept": "text/html,*/*;q=0.8"}
MEMBERS = {"type", "title", "status", "detail", "instance", "code", "errors"}


class Shape(BaseModel):
    """What the test's route takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    grams: int


class Surplus(Refusal):
    """A refusal of this test."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "SURPLUS_OF_THE_TEST"


@get("/broken", opt={"access": PUBLIC})
async def broken() -> None:
    password = "".join(["hid", "den"])
    raise ZeroDivisionError("SELECT of " + str(len(password)))


@get("/away", opt={"access": PUBLIC})
async def away() -> None:
    raise ConnectionRefusedError("10.1.2.3:5432")


@get("/surplus", opt={"access": PUBLIC})
async def surplus() -> None:
    raise Surplus(
        "More came out than went in.", field="/outputList/0", value=5, fix="Weigh again.", surplus_grams=5,
        status="no", code="no", request="r", title="no", errors="no",
    )  # fmt: skip


@get("/plain", opt={"access": PUBLIC})
async def plainly() -> None:
    raise Surplus("More came out than went in.", surplus_grams=5)


@post("/shape", opt={"access": PUBLIC})
async def shape(data: JSONBody[Shape]) -> int:
    return data.grams


@pytest.fixture
async def away_client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    made = create_app(world.process, [broken, away, surplus, plainly, shape])
    transport = httpx.ASGITransport(made, raise_app_exceptions=False)
    hooks = {"request": [with_key]}
    async with httpx.AsyncClient(transport=transport, base_url=BASE, event_hooks=hooks) as client:
        yield client


def problem_of(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem an answer tells, its own members checked."""
    assert answer.headers["content-type"].startswith("application/problem+json")
    told: dict[str, Any] = answer.json()
    assert told.keys() >= MEMBERS
    assert (answer.status_code, told["status"], told["code"]) == (status, status, code)
    assert told["type"] == f"{BASE}/problems/{code}"
    assert told["instance"] == answer.request.url.path
    assert told["title"]
    assert told["detail"]
    return told


async def test_a_refusal_tells_where_what_and_how_to_mend_it(away_client: httpx.AsyncClient) -> None:
    told = problem_of(await away_client.get("/surplus"), 409, "SURPLUS_OF_THE_TEST")
    assert told["detail"] == "More came out than went in."
    assert told["errors"] == [
        {"pointer": "/outputList/0", "code": "SURPLUS_OF_THE_TEST", "message": "More came out than went in.",
         "value": 5, "fix": "Weigh again."}
    ]  # fmt: skip
    assert told["surplus_grams"] == 5


async def test_our_own_fault_tells_a_number_and_nothing_else(
    away_client: httpx.AsyncClient, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = await away_client.get("/broken")
    told = problem_of(answer, 500, "INTERNAL")
    assert told["request_id"] == answer.headers["x-request-id"]
    for inside in ("hidden", "SELECT", "ZeroDivision", "Traceback", ".py"):
        assert inside not in answer.text
    logged = capfd.readouterr().err
    assert told["request_id"] in logged
    assert "ZeroDivisionError" in logged
    assert "hidden" not in logged  # of a variable only its name, never what it held


async def test_a_part_that_is_away_is_said_to_be_and_the_caller_may_come_again(away_client: httpx.AsyncClient) -> None:
    answer = await away_client.get("/away")
    problem_of(answer, 503, "UNAVAILABLE")
    assert answer.headers["retry-after"]
    assert "10.1.2.3" not in answer.text


async def test_what_the_framework_refuses_is_told_alike(away_client: httpx.AsyncClient) -> None:
    problem_of(await away_client.get("/nowhere"), 404, "NOT_FOUND")
    problem_of(await away_client.get("/shape"), 405, "METHOD_NOT_ALLOWED")
    problem_of(await away_client.post("/shape", content=b'{"grams": '), 400, "MALFORMED")


@pytest.mark.parametrize("body", [{}, {"grams": "x"}, {"grams": 1, "status": "sold"}, {"grams": 1.5}, [], None])
async def test_a_payload_of_another_shape_names_its_fields(away_client: httpx.AsyncClient, body: object) -> None:
    told = problem_of(await away_client.post("/shape", json=body), 422, "MALFORMED")
    assert told["errors"]
    assert all(each["message"] and each["fix"] for each in told["errors"])


@pytest.mark.parametrize(("path", "status"), [("/plain", 409), ("/broken", 500), ("/away", 503), ("/nowhere", 404)])
async def test_a_person_gets_a_page(away_client: httpx.AsyncClient, path: str, status: int) -> None:
    answer = await away_client.get(path, headers=HTML)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert "</html>" in answer.text
    assert "SELECT" not in answer.text


async def test_a_person_who_is_not_signed_in_gets_the_form_and_comes_back(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/holdings?a=1&b=<", headers=HTML)
    assert answer.status_code == 401
    assert 'name="password"' in answer.text
    assert 'value="/api/v1/holdings?a=1&amp;b=' in answer.text


async def test_a_person_with_a_key_gets_json(away_client: httpx.AsyncClient) -> None:
    problem_of(await away_client.get("/nowhere", headers={**HTML, "Authorization": "Bearer x"}), 404, "NOT_FOUND")


def test_facts_are_told_as_json_can_say_them() -> None:
    assert plain({1: frozenset({"a"}), "x": (1, None, object)}) == {"1": ["a"], "x": [1, None, str(object)]}
