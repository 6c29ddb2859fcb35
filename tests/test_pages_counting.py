"""A stock-take by page: what was found beside the books, nothing moved, a difference flagged."""

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text

from app.words import LANGUAGES
from tests.conftest import Firm, World
from tests.pagework import Browser, hidden, said
from tests.test_pages_holds import as_person

KG = 1_000


@pytest.fixture
async def firm(world: World) -> Firm:
    return await world.firm("recycler")


async def fields(world: World, browser: Browser) -> list[str]:
    return [part.split('"')[0] for part in (await browser.open("/record/count")).split('name="counted_')[1:]]


async def test_what_is_found_stands_beside_the_books_and_moves_nothing(app: Litestar, world: World, firm: Firm) -> None:
    first, second, third = [await world.stock(firm, grams * KG) for grams in (5_000, 3_000, 2_000)]
    async with as_person(app, firm) as browser:
        names = {part for part in await fields(world, browser) if not part.endswith("_unit")}
        assert len(names) == 3
        page = await browser.open("/record/count", lot=second)
        assert page.index(second[-6:]) < page.index(first[-6:])
        ids = dict(zip((first, second, third), sorted(names, key=int), strict=True))
        typed = {
            f"counted_{ids[first]}": "4900", f"counted_{ids[third]}": "0", "day": world.clock().date().isoformat(),
            "facility": hidden(page)["facility"],
        }  # fmt: skip
        check = said(await browser.check("/record/count", typed))
        assert "4.9 t counted, 5 t in the books" in check.replace("\u00a0", " ")
        assert "0 kg counted, 2 t in the books" in check.replace("\u00a0", " ")
        receipt = said(await browser.do("/record/count", typed))
        assert "Stock-take" in receipt
        assert "recorded" in receipt.lower()
        stock = said(await browser.open("/stock")).replace("\u00a0", " ")
        assert "10 t" in stock
    async with world.process.database.begin(firm.actor.organisation_id) as session:
        row = (await session.execute(text("SELECT outcome, flags FROM event ORDER BY index DESC LIMIT 1"))).one()
        assert tuple(row) == ("recorded", ["STOCK_DIFFERS"])


async def test_nothing_counted_is_said_and_what_is_typed_stays(app: Litestar, world: World, firm: Firm) -> None:
    await world.stock(firm, 5_000 * KG)
    async with as_person(app, firm) as browser:
        (name,) = {part for part in await fields(world, browser) if not part.endswith("_unit")}
        page = await browser.open("/record/count")
        kept = {"day": world.clock().date().isoformat(), "facility": hidden(page)["facility"], "step": "check"}
        nothing = await browser.send("/record/count", kept)
        assert nothing.status_code == 400
        assert "Enter the weight of at least one lot" in said(nothing.text)
        wrong = await browser.send("/record/count", {**kept, f"counted_{name}": "-5"})
        assert wrong.status_code == 400
        assert 'value="-5"' in wrong.text


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_it_speaks_every_language(app: Litestar, world: World, firm: Firm, lang: str) -> None:
    await world.stock(firm, 5_000 * KG)
    async with as_person(app, firm) as browser:
        page = await browser.open("/record/count", lang=lang)
        assert f'<html lang="{lang}"' in page
        assert 'name="counted_' in page


async def test_only_who_may_record_counts(client: httpx.AsyncClient) -> None:
    answer = await client.get("/record/count", headers={"accept": "text/html"})
    assert answer.status_code in {303, 401, 403}
