"""A movement tells how each side weighed when its month is in the archive, too, or says which month is missing."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from foundation.settings import archive_home
from tests.conftest import Hands, World
from tests.test_archive import MARCH, _published, archivist, taken
from tests.test_movements import T, told
from traceability import composing
from traceability.archive.acting import attach, detach
from traceability.archive.months import NotAtHand
from traceability.ledger.weighing import Weighing


@pytest.fixture(scope="module")
def clock() -> Hands:
    return Hands(datetime(2026, 3, 10, tzinfo=UTC))


async def test_how_both_sides_weighed_is_told_out_of_the_archive(world: World) -> None:
    sender, receiver = await world.firm("recycler", "TH", "Asia/Bangkok"), await world.firm("manufacturer")
    folder: Path = archive_home(world.process.settings)
    lot, scale = await world.stock(sender, 10 * T), Weighing("weighed", 16 * T, 12 * T, 0)
    parties = sender.actor.organisation_uri, receiver.actor.organisation_uri
    shipped = composing.weighed(composing.shipped(world.at(sender), *parties, {lot: 4 * T}), scale)
    captured = await world.capture(sender, shipped)
    index = int(captured.events[0].index)  # type: ignore[union-attr]
    got = composing.received(world.at(receiver), *parties, {lot: (4 * T, 4 * T)})
    assert (await world.capture(receiver, got)).success
    world.clock.forward(days=30)
    await world.stock(sender, T)
    await _published(world)
    before = await told(world, receiver, index)
    assert [each.weighing for each in before.said] == [scale, None]
    await taken(world, folder)
    await detach(archivist(world, sender, folder), MARCH, drop=True)
    assert (await told(world, receiver, index)).said == before.said
    away = shutil.move(folder, folder.with_name("elsewhere"))
    with pytest.raises(NotAtHand):
        await told(world, receiver, index)
    shutil.move(away, folder)
    await attach(archivist(world, sender, folder), MARCH)
    shutil.rmtree(folder, ignore_errors=True)
