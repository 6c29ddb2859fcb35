"""Queries and webhooks on a page: made, looked at, ended; each tells its last delivery and its last failure."""

import re
from typing import Any

import pytest
from litestar import Litestar

from app.standing import courier_of
from app.words import LANGUAGES
from foundation.settings import Settings
from tests.conftest import Firm, World
from tests.pagework import Browser, hidden, said
from tests.test_outgoing import Heard, listening
from tests.test_pages_holds import as_person
from traceability.subscriptions.delivering import deliver_all


@pytest.fixture(scope="module")
def settings(template: Settings) -> Settings:
    """This process may send to this machine."""
    return template.model_copy(update={"outgoing_loopback": True})


async def told(browser: Browser, firm: Firm, path: str) -> Any:
    """What a machine of the firm reads."""
    answer = await browser.client.get(path, headers={**firm.bearer, "accept": "application/json"})
    return answer.json()


NEW = {"name": "sent", "biz_step": "shipping", "kind": "ObjectEvent", "lot": "", "more": ""}


async def test_a_query_is_made_told_and_deleted_after_a_look(app: Litestar, world: World) -> None:
    firm = await world.firm("recycler")
    async with as_person(app, firm) as browser:
        assert "No query has a name yet" in said(await browser.open("/queries"))
        assert 'href="/queries"' in await browser.open("/")
        made = await browser.send("/queries/new", {**NEW, "more": '{"EQ_action": ["OBSERVE"]}'})
        assert made.headers["location"] == "/queries?done=made"
        page = said(await browser.open(made.headers["location"]))
        assert "The query has its name" in page
        assert "EQ_action OBSERVE eventType ObjectEvent EQ_bizStep shipping" in page
        listed = await told(browser, firm, "/epcis/queries")
        assert listed == [
            {"name": "sent", "query": {"EQ_action": ["OBSERVE"], "eventType": ["ObjectEvent"],
                                       "EQ_bizStep": ["shipping"]}}
        ]  # fmt: skip
        again = await browser.send("/queries/new", NEW)
        assert again.status_code == 409
        assert 'value="sent"' in again.text
        look = await browser.open("/queries/remove", name="sent")
        assert "Its webhooks end with it" in said(look)
        back = await browser.send("/queries/remove?name=sent", {"step": "change"})
        assert back.headers["location"] == "/queries"
        gone = await browser.send("/queries/remove?name=sent", {**hidden(look), "step": "commit"})
        assert gone.headers["location"] == "/queries?done=removed"
        assert "No query has a name yet" in said(await browser.open("/queries"))


@pytest.mark.parametrize(
    ("typed", "said_of"),
    [
        ({"name": "two words"}, "A query needs a name"), ({"name": ""}, "Enter: Name"),
        ({"more": "[1]"}, "This is no JSON object"), ({"more": "{"}, "This is no JSON object"),
        ({"more": '{"EQ_bizStap": ["shipping"]}'}, "EQ_bizStap"), ({"kind": "Party"}, "Choose: Kind of event"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_query_is_said_and_nothing_typed_is_lost(
    app: Litestar, world: World, typed: dict[str, str], said_of: str
) -> None:
    firm = await world.firm("recycler")
    async with as_person(app, firm) as browser:
        answer = await browser.send("/queries/new", {**NEW, **typed})
        assert answer.status_code == 400, said(answer.text)
        assert said_of in said(answer.text)
        if name := {**NEW, **typed}["name"]:
            assert f'value="{name}"' in answer.text
        assert "No query has a name yet" in said(await browser.open("/queries"))


async def test_a_webhook_tells_its_last_delivery_and_its_last_failure(app: Litestar, world: World) -> None:
    firm = await world.firm("recycler")
    courier = courier_of(world.process)
    async with as_person(app, firm) as browser:
        await browser.send("/queries/new", {**NEW, "name": "all", "biz_step": "", "kind": ""})
        async with listening(Heard()) as heard:
            dest = f"http://127.0.0.1:{heard.port}/hook"
            form = {"name": "all", "dest": dest, "rhythm": "stream", "signatureToken": ""}
            made = await browser.send("/queries/subscribe", form)
            assert made.status_code == 201, said(made.text)
            secret = re.search(r'class="card mono">([^<]+)<', made.text)
            assert secret
            listed = await browser.open("/queries")
            assert secret[1] not in listed
            assert "Works" in said(listed)
            assert "Last delivery None yet Last failure None yet" in said(listed)
            await world.stock(firm, 1_000)
            await deliver_all(courier)
            assert heard.requests
            assert not re.search(r"Last delivery None yet", said(await browser.open("/queries")))
            good, heard.answer = heard.answer, b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n"
            await world.stock(firm, 2_000)
            world.clock.forward(seconds=1)
            await deliver_all(courier)
            failing = said(await browser.open("/queries"))
            assert "Fails" in failing
            assert "Failures in a row: 1" in failing
            failure = re.search(r"Last failure (.+?answered 503)", failing)
            assert failure
            (row,) = await told(browser, firm, "/epcis/queries/all/subscriptions")
            assert row["lastFailure"] == row["lastError"]
            heard.answer = good
            world.clock.forward(minutes=5)
            await deliver_all(courier)
            assert len(heard.requests) == 3
        mended = said(await browser.open("/queries"))
        assert "Works" in mended
        assert f"Last failure {failure[1]}" in mended  # it stays told when it works again
        end = re.search(r'href="(/queries/end\?[^"]+)"', await browser.open("/queries"))
        assert end
        path = end[1].replace("&amp;", "&")
        look = await browser.open(path)
        assert dest in said(look)
        done = await browser.send(path, {**hidden(look), "step": "commit"})
        assert done.headers["location"] == "/queries?done=ended"
        assert "Nobody is told what it finds" in said(await browser.open("/queries"))


async def test_an_address_that_is_not_public_or_a_weak_secret_is_refused_at_its_field(
    app: Litestar, world: World
) -> None:
    firm = await world.firm("recycler")
    async with as_person(app, firm) as browser:
        await browser.send("/queries/new", NEW)
        form = {"name": "sent", "dest": "https://example.org/hook", "rhythm": "stream"}
        for wrong in ({"dest": "ftp://example.org"}, {"dest": ""}, {"rhythm": "now"}, {"signatureToken": "short"}):
            answer = await browser.send("/queries/subscribe", {**form, **wrong})
            assert answer.status_code == 400, wrong
            assert 'class="error"' in answer.text, wrong
        assert "Nobody is told" in said(await browser.open("/queries"))
        daily = await browser.send("/queries/subscribe", {**form, "rhythm": "daily", "empty": "yes"})
        assert daily.status_code == 201
        (row,) = await told(browser, firm, "/epcis/queries/sent/subscriptions")
        assert (row["schedule"], row["reportIfEmpty"]) == ({"hour": "1"}, True)
        assert "Every day at 1:00" in said(await browser.open("/queries"))


async def test_nobody_else_sees_or_changes_them(app: Litestar, world: World) -> None:
    firm, other = await world.firm("recycler"), await world.firm("recycler")
    async with as_person(app, firm) as browser:
        await browser.send("/queries/new", NEW)
        await browser.send("/queries/subscribe", {"name": "sent", "dest": "https://example.org/h", "rhythm": "stream"})
        (row,) = await told(browser, firm, "/epcis/queries/sent/subscriptions")
    acts = ("/queries/remove?name=sent", f"/queries/end?name=sent&number={row['subscriptionID']}")
    async with as_person(app, other) as browser:
        assert "sent" not in said(await browser.open("/queries")).split()
        for path in (
            "/queries/subscribe?name=sent",
            *acts,
        ):
            assert (await browser.client.get(path)).status_code == 404, path
        for path in acts:
            assert (await browser.send(path, {"step": "commit"})).status_code == 404, path
    trader = await world.colleague(firm, "trade")
    async with as_person(app, trader) as browser:
        assert 'href="/queries/new"' not in await browser.open("/queries")
        assert (await browser.client.get("/queries/new")).status_code == 403
        assert (await browser.send("/queries/new", {**NEW, "name": "x"})).status_code == 403
    async with as_person(app, firm) as browser:
        assert "https://example.org/h" in said(await browser.open("/queries"))


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_they_speak_every_language(app: Litestar, world: World, lang: str) -> None:
    firm = await world.firm("recycler")
    async with as_person(app, firm) as browser:
        await browser.send("/queries/new", NEW)
        await browser.send("/queries/subscribe", {"name": "sent", "dest": "https://example.org/h", "rhythm": "weekly"})
        for path in ("/queries", "/queries/new", "/queries/subscribe?name=sent", "/queries/remove?name=sent"):
            answer = await browser.client.get(path, params={"lang": lang} if "?" not in path else None)
            text = said(answer.text if "?" not in path else (await browser.client.get(f"{path}&lang={lang}")).text)
            assert not re.search(r"\b(?:queries|captures|common)\.[a-z_]+", text), (path, text)
