"""Controls measured: an honest world is left alone, and each of fourteen real frauds is stopped."""

from app.corpus.measuring import measure
from tests.conftest import World

SEED = 20_261_124
"""Never tuned on: those were 1 to 5."""


async def test_honest_lots_pass_and_every_fraud_is_stopped(world: World) -> None:
    found = await measure(world.process, SEED, lots=450, rounds=1)
    assert found.missed == ()
    assert {each.case for each in found.attempts} == {f"F{n}" for n in range(1, 15)}
    assert found.events > 1_000
    assert found.false_holds * 100 <= 1, found.held
    assert found.flags * 20 <= 1, found.flagged
    assert found.good
