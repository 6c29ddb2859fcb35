"""A small chain for page tests: collected in Thailand, sorted and recycled in Japan, by firms with planted names."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import httpx
from litestar import Litestar

from app.routes import ROUTES
from app.server import create_app
from foundation.access import sign_in
from foundation.database import Scope
from marketplace.listings import Terms
from marketplace.listings import publish as publish_listing
from standards.conformity import Lot, judge, standards
from tests.conftest import BASE, PASSWORD, PET, Firm, World
from traceability import composing
from traceability.evidence import Certificate, Measurement, certify, measure
from traceability.identifiers import lot_uri, new_token
from traceability.ledger.interpretation import RECYCLING, REPROCESSING, SORTING
from traceability.log import publish
from traceability.sequencing.commands import Accepted

KG = 1_000


@dataclass(frozen=True)
class Chain:
    """Who took part, and the lots from waste to pellet."""

    collector: Firm
    sorter: Firm
    recycler: Firm
    waste: str
    bale: str
    pellet: str

    @property
    def token(self) -> str:
        return self.pellet.rpartition("/")[2]


def page_app(world: World, *rooms: list) -> Litestar:  # type: ignore[type-arg]
    """The real application, with these rooms where the roof does not list them yet."""
    extra = [each for room in rooms for each in room if each not in ROUTES]
    return create_app(world.process, [*ROUTES, *extra])


async def publish_now(world: World) -> None:
    """Sign a checkpoint over everything."""
    process = world.process
    await publish(process.database.writer, process.keys.active, process.origin, process.clock)


async def moved(world: World, sender: Firm, receiver: Firm, lot: str, grams: int) -> None:
    """From one firm to another, weighed the same on both scales."""
    parties = sender.actor.organisation_uri, receiver.actor.organisation_uri
    sent = await world.capture(sender, composing.shipped(world.at(sender), *parties, {lot: grams}))
    assert sent.success, sent
    got = await world.capture(receiver, composing.received(world.at(receiver), *parties, {lot: (grams, grams)}))
    assert got.success, got


async def chain(world: World) -> Chain:
    """Waste in Thailand, bale and pellet in Japan, a certificate, two measurements, a checkpoint."""
    collector = await world.firm("collector", "TH", "Asia/Bangkok")
    sorter, recycler = await world.firm("sorter"), await world.firm("recycler")
    waste, bale, flake, pellet = (lot_uri(BASE, new_token()) for _ in range(4))
    made = composing.Making(waste, 10_000 * KG, PET, "loose", "post")
    assert (await world.capture(collector, composing.arrived(world.at(collector), made))).success
    await moved(world, collector, sorter, waste, 10_000 * KG)
    out = composing.Making(bale, 8_400 * KG, PET, "bale")
    await _made(world, sorter, SORTING, (waste, 10_000 * KG), out, {"residue:sorting": 1_400 * KG})
    await moved(world, sorter, recycler, bale, 8_400 * KG)
    out = composing.Making(flake, 6_300 * KG, PET, "flake")
    await _made(world, recycler, REPROCESSING, (bale, 8_400 * KG), out, {"residue:process": 1_500 * KG})
    out = composing.Making(pellet, 6_100 * KG, PET, "pellet")
    await _made(world, recycler, RECYCLING, (flake, 6_300 * KG), out, {})
    made_chain = Chain(collector, sorter, recycler, waste, bale, pellet)
    await _evidence(world, made_chain)
    await publish_now(world)
    return made_chain


async def _made(
    world: World, firm: Firm, step: str, drawn: tuple[str, int], out: composing.Making, sinks: dict[str, int]
) -> None:
    done = await world.capture(firm, composing.transformed(world.at(firm), step, dict([drawn]), [out], sinks))
    (event,) = done.events
    assert isinstance(event, Accepted), event
    assert event.outcome == "counted", event


async def _evidence(world: World, made: Chain) -> None:
    today, process = world.clock().date(), world.process
    results = [("intrinsic_viscosity", "0.78", "dL/g"), ("moisture", "0.05", "%"), ("pvc", "12", "mg/kg")]
    async with process.database.begin(made.recycler.actor.organisation_id) as session:
        for name, value, unit in results:
            world.clock.forward(milliseconds=5)
            stated = Measurement(made.pellet, name, Decimal(value), unit, today, evidence="E2")
            await measure(session, process.sequencer, made.recycler.actor, process.catalogue, stated, world.clock())
        scope = Certificate(
            "te-grs", "scope", "MC-4711", "Certifier of the test", (PET,), date(2025, 1, 1), date(2099, 1, 1)
        )
        await certify(session, process.sequencer, made.recycler.actor, scope, world.clock())


async def listed(world: World, seller: Firm, lot: str, price: str = "118500", currency: str = "JPY") -> int:
    """The lot is offered; answers the number of its listing."""
    terms = Terms(Decimal(price), currency, 500 * KG, "FCA", "Hot-washed, for fibre and sheet")
    known = standards(world.process.catalogue)
    judged = [judge(known[code], Lot(PET, "pellet", origin="post"), world.clock().date()) for code in ("en-15348",)]
    async with world.process.database.begin(seller.actor.organisation_id) as session:
        row = await publish_listing(
            session, seller.actor, world.process.catalogue, lot, terms, judged, world.clock().date(), world.clock()
        )
        return row.id


async def signed_in(app: Litestar, world: World, firm: Firm) -> httpx.AsyncClient:
    """A browser in which this firm's person is signed in."""
    async with world.process.database.begin(None, Scope.AUTHENTICATION) as session:
        token = await sign_in(session, firm.email, PASSWORD, world.clock())
    assert token
    browser = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE)
    browser.cookies.set("junkan", token)
    browser.headers["accept"] = "text/html,application/xhtml+xml"
    return browser


def csrf_of(page: str) -> str:
    """The token that the page's forms carry."""
    found = re.search(r'name="_csrf_token" value="([0-9a-f]+)"', page)
    assert found, page
    return found[1]
