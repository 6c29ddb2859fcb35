"""Subscribing: a query is given a name, sent to a webhook, forgotten; each act is looked at before it is done."""

import json
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.forms import choices
from app.pages.forms.checking import Act, check_page, filled
from app.pages.forms.filling import Filled
from app.pages.machines.queries import HERE, SCHEDULES, rhythm
from app.pages.rendering import AnyRequest, show
from app.words import Speech
from foundation.access import Actor, May
from foundation.database import Clock, Database
from foundation.errors import Refusal
from foundation.outgoing import Outgoing
from foundation.settings import Settings, secret
from foundation.webhooks import sealing_key
from traceability.http.epcis.events import reader_of
from traceability.ledger.interpretation import OPENING, RECYCLING, REJECTING, REPROCESSING, SORTING
from traceability.querying.named import body_of, create, named, remove
from traceability.querying.parameters import KINDS
from traceability.querying.translating import EpcFormat
from traceability.subscriptions.subscribing import subscribe, subscription, unsubscribe

LONGEST: Final = 2_000
STEPS: Final = (
    "collecting", "receiving", "shipping", OPENING, SORTING, REPROCESSING, RECYCLING, REJECTING, "inspecting",
    "storing", "destroying",
)  # fmt: skip


def _choices(t: Speech) -> dict[str, list[choices.Choice]]:
    return {"steps": choices.named(t, "biz_step", STEPS), "kinds": [(each, each) for each in KINDS]}


def _form(form: Filled, status: int = 200) -> Response[str]:
    kept = {"name": "", "biz_step": "", "kind": "", "lot": "", "more": "", **form.values}
    return show(
        form.request, "machines/query_form.html", status=status, form=kept, errors=form.errors, **_choices(form.t)
    )  # fmt: skip


@get(f"{HERE}/new", opt={"access": May("read")}, include_in_schema=False)
async def query_page(request: AnyRequest) -> Response[str]:
    """The form for a new query."""
    return _form(Filled(request, speech_of(request), {}))


def asked(form: Filled) -> dict[str, Any]:
    """The parameters that the form states, those written as JSON among them; what cannot be read is said."""
    query: dict[str, Any] = {}
    if form.get("more"):
        try:
            query = body_of(form.text("more", form.t("queries.more"), longest=LONGEST).encode())
        except Refusal:
            form.say("more", form.t("queries.no_json"))
    if kind := form.choice("kind", form.t("queries.kind"), KINDS, needed=False):
        query["eventType"] = [kind]
    if step := form.choice("biz_step", form.t("queries.step"), STEPS, needed=False):
        query["EQ_bizStep"] = [step]
    if lot := form.text("lot", form.t("common.lot"), needed=False):
        query["MATCH_anyEPCClass"] = [lot]
    return query


@post(f"{HERE}/new", opt={"access": May("read")}, include_in_schema=False)
async def query_form(
    request: AnyRequest, transaction: Given[AsyncSession], database: Given[Database], actor: Given[Actor],
    clock: Given[Clock],
) -> Response[Any]:  # fmt: skip
    """Give a query its name."""
    form = await filled(request)
    name, query = form.text("name", form.t("common.name_label"), longest=255), asked(form)
    if form.errors:
        return _form(form, 400)
    body = json.dumps({"name": name, "query": query}).encode()
    try:
        await create(reader_of(request, transaction, database, actor), body, clock())
    except Refusal as refusal:
        form.refuse(refusal)
        return _form(form, refusal.status)
    return Redirect(f"{HERE}?done=made", status_code=303)


def _subscribe(form: Filled, name: str, status: int = 200) -> Response[str]:
    kept = {"dest": "", "rhythm": "stream", "signatureToken": "", "empty": "", **form.values}
    rhythms = [(code, form.t(f"queries.{code}")) for code in SCHEDULES]
    return show(
        form.request, "machines/subscribe.html", status=status, form=kept, errors=form.errors, name=name,
        rhythms=rhythms,
    )  # fmt: skip


@get(f"{HERE}/subscribe", opt={"access": May("read")}, include_in_schema=False)
async def subscribe_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], name: FromQuery[str]
) -> Response[str]:
    """The form for a webhook of a query. Raises NoSuchQuery."""
    row = await named(transaction, actor.organisation_id, name)
    return _subscribe(Filled(request, speech_of(request), {}), row.name)


@post(f"{HERE}/subscribe", opt={"access": May("read")}, include_in_schema=False)
async def subscribe_form(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], settings: Given[Settings],
    clock: Given[Clock],
) -> Response[Any]:  # fmt: skip
    """Subscribe; the secret that signs the messages is shown this once, where we made it."""
    form = await filled(request)
    row = await named(transaction, actor.organisation_id, form.get("name"))
    chosen = form.choice("rhythm", form.t("queries.rhythm"), SCHEDULES)
    dest = form.text("dest", form.t("queries.dest"), longest=LONGEST)
    if form.errors:
        return _subscribe(form, row.name, 400)
    schedule = SCHEDULES[chosen]
    when: dict[str, Any] = {"stream": True} if schedule is None else {
        "schedule": schedule, "reportIfEmpty": form.get("empty") == "yes",
    }  # fmt: skip
    own = {"signatureToken": form.get("signatureToken")} if form.get("signatureToken") else {}
    body = json.dumps({"dest": dest, **when, **own}).encode()
    outgoing, key = Outgoing(settings.outgoing_loopback), sealing_key(secret(settings))
    try:
        made, token = await subscribe(
            transaction, actor, row.name, body, outgoing, key, EpcFormat.AS_RECEIVED, clock()
        )  # fmt: skip
    except Refusal as refusal:
        form.refuse(refusal)
        return _subscribe(form, row.name, refusal.status)
    return show(
        request, "machines/subscribed.html", status=201, name=row.name, dest=made.dest, rhythm=rhythm(form.t, made),
        token=token or "",
    )  # fmt: skip


def _removal(t: Speech, name: str) -> Act:
    return Act(
        (t("queries.title"), HERE), t("queries.remove"), [(t("common.name_label"), name)], t("queries.remove"),
        note=t("queries.remove_means"),
    )  # fmt: skip


@get(f"{HERE}/remove", opt={"access": May("read")}, include_in_schema=False)
async def remove_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], clock: Given[Clock],
    name: FromQuery[str],
) -> Response[str]:  # fmt: skip
    """What ends with a query, before it is forgotten. Raises NoSuchQuery."""
    row = await named(transaction, actor.organisation_id, name)
    form = Filled(request, speech_of(request), {})
    return check_page(form, _removal(form.t, row.name), clock(), f"{HERE}/remove?{urlencode({'name': row.name})}")


@post(f"{HERE}/remove", opt={"access": May("read")}, include_in_schema=False)
async def remove_form(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], name: FromQuery[str]
) -> Redirect:
    """Forget a query and end its subscriptions. Raises NoSuchQuery."""
    form = await filled(request)
    if form.step != "commit":
        return Redirect(HERE, status_code=303)
    await remove(transaction, actor.organisation_id, name)
    return Redirect(f"{HERE}?done=removed", status_code=303)


@get(f"{HERE}/end", opt={"access": May("read")}, include_in_schema=False)
async def end_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], clock: Given[Clock],
    name: FromQuery[str], number: FromQuery[str],
) -> Response[str]:  # fmt: skip
    """A subscription, before it is ended. Raises NoSuchQuery."""
    form = Filled(request, speech_of(request), {})
    t, row = form.t, await subscription(transaction, actor.organisation_id, name, number)
    facts = [(t("queries.dest"), row.dest), (t("queries.one"), row.query_name), (t("queries.rhythm"), rhythm(t, row))]
    act = Act((t("queries.title"), HERE), t("queries.end"), facts, t("queries.end"), note=t("queries.end_means"))
    return check_page(form, act, clock(), f"{HERE}/end?{urlencode({'name': row.query_name, 'number': row.id})}")


@post(f"{HERE}/end", opt={"access": May("read")}, include_in_schema=False)
async def end_form(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], name: FromQuery[str],
    number: FromQuery[str],
) -> Redirect:  # fmt: skip
    """End a subscription. Raises NoSuchQuery."""
    form = await filled(request)
    if form.step != "commit":
        return Redirect(HERE, status_code=303)
    await unsubscribe(transaction, actor.organisation_id, name, number)
    return Redirect(f"{HERE}?done=ended", status_code=303)


ROUTES: Final = [query_page, query_form, subscribe_page, subscribe_form, remove_page, remove_form, end_page, end_form]
