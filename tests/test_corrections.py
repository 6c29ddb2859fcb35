"""A correction never doubles mass: what corrects an event counts only once the event itself is taken back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest

from foundation.registry import Directory
from tests.conftest import BASE, PET, Firm, World
from traceability import composing
from traceability.capture import together
from traceability.composing import Composed
from traceability.events import parse_document
from traceability.identifiers import lot_uri, new_token
from traceability.preparing import Setting, prepare
from traceability.refusals import CorrectionHeld
from traceability.sequencing.commands import Command, Prepared

Send = Callable[..., Any]


@dataclass(frozen=True)
class Case:
    """An opening of 1,000 kg under an id of its own, already used up; its declaration of error; the right 900 kg."""

    firm: Firm
    lot: str
    opening: Composed
    used: Composed
    declared: Composed
    right: Composed

    async def opened(self, owner: asyncpg.Connection) -> int:
        """Grams of the lot that the ledger says ever came in as opening stock."""
        return int(
            await owner.fetchval(
                "SELECT coalesce(sum(e.grams), 0) FROM entry e JOIN lot l ON l.id = e.lot_id"
                " JOIN entry o ON o.event_index = e.event_index AND o.account = 'opening' WHERE l.uri = $1",
                self.lot,
            )
        )


def case_of(world: World, firm: Firm) -> Case:
    making = composing.Making(lot_uri(BASE, new_token()), 1_000_000, PET, "bale")
    wrong, right = (f"urn:junkan:event:{new_token()}" for _ in range(2))
    opening = composing.opening(world.at(firm), making) | {"eventID": wrong}
    out = composing.Making(lot_uri(BASE, new_token()), 750_000, PET, "flake")
    step = "https://w3id.org/junkan/epcis/BizStep-reprocessing"
    used = composing.transformed(world.at(firm), step, {making.lot: 1_000_000}, [out], {}) | {
        "eventID": f"urn:junkan:event:{new_token()}"
    }
    declared = composing.wrong(opening, wrong, world.clock(), [right])
    corrective = opening | {"eventID": right, "quantityList": [composing.quantity(making.lot, 900_000)]}
    return Case(firm, making.lot, opening, used, declared, corrective)


@pytest.fixture
async def case(world: World) -> Case:
    """Opened and used up."""
    made = case_of(world, await world.firm("recycler"))
    assert (await world.capture(made.firm, made.opening, made.used)).success
    return made


async def sent(
    client: httpx.AsyncClient, world: World, firm: Firm, *events: Composed, behaviour: str = "rollback"
) -> httpx.Response:
    world.clock.forward(milliseconds=5)
    return await client.post(
        "/epcis/capture", content=composing.document(events, world.clock()),
        headers={**firm.bearer, "GS1-Capture-Error-Behaviour": behaviour},
    )  # fmt: skip


async def size(owner: asyncpg.Connection) -> int:
    return int(await owner.fetchval("SELECT size FROM log_head"))


@pytest.mark.parametrize("order", ["declared first", "right first"])
async def test_a_correction_that_cannot_take_back_is_refused_whole(
    client: httpx.AsyncClient, world: World, owner: asyncpg.Connection, case: Case, order: str
) -> None:
    before = await size(owner)
    events = [case.declared, case.right] if order == "declared first" else [case.right, case.declared]
    answer = await sent(client, world, case.firm, *events)
    assert (answer.status_code, answer.json()["code"]) == (409, "CORRECTION_HELD")
    assert answer.json()["errors"][0]["value"] == case.right["eventID"]
    assert answer.json()["declared"] == case.opening["eventID"]
    assert answer.json()["errors"][0]["fix"]
    assert await size(owner) == before
    assert await case.opened(owner) == 1_000_000


async def test_proceeding_takes_a_correction_whole_or_not_at_all(
    client: httpx.AsyncClient, world: World, owner: asyncpg.Connection, case: Case
) -> None:
    other = composing.opening(world.at(case.firm), composing.Making(lot_uri(BASE, new_token()), 5_000, PET, "bale"))
    answer = await sent(client, world, case.firm, case.right, other, case.declared, behaviour="proceed")
    job = answer.json()
    assert (answer.status_code, job["success"]) == (202, False)
    assert [each["code"] for each in job["errors"]] == ["CORRECTION_HELD"] * 2
    assert [each["outcome"] for each in job["events"]] == ["counted"]
    assert await case.opened(owner) == 1_000_000


async def test_a_corrective_of_a_later_document_waits_for_the_held_declaration(
    client: httpx.AsyncClient, world: World, owner: asyncpg.Connection, case: Case
) -> None:
    alone = (await sent(client, world, case.firm, case.declared)).json()
    assert [(each["outcome"], each["reasons"]) for each in alone["events"]] == [("held", ["ALREADY_CONSUMED"])]
    late = await sent(client, world, case.firm, case.right)
    assert (late.status_code, late.json()["code"]) == (409, "CORRECTION_HELD")
    assert await case.opened(owner) == 1_000_000
    # Once what came after is taken back, the same two are accepted.
    undone = composing.wrong(case.used, str(case.used["eventID"]), world.clock())
    assert (await sent(client, world, case.firm, undone)).json()["events"][0]["outcome"] == "counted"
    both = (await sent(client, world, case.firm, case.declared, case.right)).json()
    assert [each["outcome"] for each in both["events"]] == ["counted", "counted"]
    assert await case.opened(owner) == 900_000


async def test_of_two_documents_at_once_the_corrective_waits_too(
    world: World, owner: asyncpg.Connection, case: Case
) -> None:
    """Both come into one batch of the sequencer, so that the second is decided before the first is in the tables."""
    commands = []
    for event in (case.declared, case.right):
        setting = Setting(
            case.firm.actor, Directory({}, {}), world.process.sequencer.controls, world.clock()
        )  # fmt: skip
        (received,) = parse_document(composing.document([event], world.clock())).events
        assert received.event is not None
        commands.append(Command((prepare(received, received.event, composing.CONTEXT, setting),)))
    waiting = [await world.process.sequencer.enqueue(each) for each in commands]
    assert (await waiting[0]).accepted[0].outcome == "held"
    with pytest.raises(CorrectionHeld):
        await waiting[1]
    assert await case.opened(owner) == 1_000_000


async def test_the_correction_of_a_corrective_is_no_corrective(
    client: httpx.AsyncClient, world: World, owner: asyncpg.Connection, case: Case
) -> None:
    """The right event came first, unasked; then the declaration is held; taking the right one back is no doubling."""
    assert (await world.capture(case.firm, case.right)).success
    await world.capture(case.firm, case.declared)
    back = composing.wrong(case.right, str(case.right["eventID"]), world.clock())
    answer = (await sent(client, world, case.firm, back)).json()
    assert [each["outcome"] for each in answer["events"]] == ["counted"]
    assert await case.opened(owner) == 1_000_000


async def test_an_event_that_comes_after_its_declaration_of_error_makes_no_entries(
    client: httpx.AsyncClient, world: World, owner: asyncpg.Connection
) -> None:
    late = case_of(world, await world.firm("recycler"))
    first = (await sent(client, world, late.firm, late.declared, late.right)).json()
    assert [each["outcome"] for each in first["events"]] == ["recorded", "counted"]
    then = (await sent(client, world, late.firm, late.opening)).json()["events"][0]
    assert (then["outcome"], then["reasons"]) == ("recorded", ["declared_erroneous"])
    assert await late.opened(owner) == 900_000


async def test_what_another_firm_declares_says_nothing_of_my_events(
    client: httpx.AsyncClient, world: World, case: Case
) -> None:
    await world.capture(case.firm, case.declared)
    other = await world.firm("recycler")
    place = {"id": other.facility}
    mine = case.right | {"bizLocation": place, "readPoint": place, "quantityList": [
        composing.quantity(lot_uri(BASE, new_token()), 900_000)]}  # fmt: skip
    answer = await sent(client, world, other, mine)
    assert answer.status_code == 202, answer.text


async def test_what_corrects_a_corrective_waits_for_the_same_declaration(
    client: httpx.AsyncClient, world: World, owner: asyncpg.Connection, case: Case
) -> None:
    """a was wrong, b should be right, c rather than b: while a cannot be taken back, c would double it like b."""
    await world.capture(case.firm, case.declared)
    third = case.right | {"eventID": f"urn:junkan:event:{new_token()}"}
    back = composing.wrong(case.right, str(case.right["eventID"]), world.clock(), [str(third["eventID"])])
    whole = await sent(client, world, case.firm, back, third)
    assert (whole.status_code, whole.json()["code"]) == (409, "CORRECTION_HELD")
    await world.capture(case.firm, back)
    later = await sent(client, world, case.firm, third)
    assert (later.status_code, later.json()["code"]) == (409, "CORRECTION_HELD")
    assert await case.opened(owner) == 1_000_000


def test_what_stands_or_falls_together_is_found_over_any_number_of_steps() -> None:
    def fact(name: str, *correctives: str) -> Prepared:
        made = object.__new__(Prepared)
        for key, value in {"event_id": name, "correctives": correctives, "declares_error": bool(correctives)}.items():
            object.__setattr__(made, key, value)
        return made

    items = [fact("x"), fact("a", "b"), fact("y"), fact("b", "c"), fact("b"), fact("c"), fact("d", "c"), fact("e", "?")]
    assert together(items) == [[0], [1, 3, 4, 5, 6], [2], [7]]
    assert together([]) == []
