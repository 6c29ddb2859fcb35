"""A witness sees one history of a log, or none; a proof file convinces offline; our own log is cosigned by others."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from app.cli import main
from app.process import Process
from app.server import create_app
from foundation.keys import derived, signing_key
from foundation.outgoing import Answer, Outgoing
from tests.conftest import BASE, Hands, World
from tests.serving import served
from tests.tiers import times
from traceability.log import publish
from traceability.tree.checkpoint import (
    BadNote,
    Verifier,
    checkpoint_text,
    format_vkey,
    open_checkpoint,
    sign_note,
    split_note,
)
from traceability.tree.cosignature import COSIGNATURE, Witness, cosign, cosigned_by, parse_witness
from traceability.tree.merkle import consistency_proof, inclusion_proof, leaf_hash
from traceability.tree.proving import ProofFile, check_proof, parse_proof, proof_text
from traceability.tree.submission import parse_submission, submission_text
from traceability.witness.collecting import Asked, NoCosignature, collect, parse_asked
from traceability.witness.serving import watch_of

ORIGIN = "other.example/log"
LOG, WITNESS = signing_key(bytes([1] * 32)), signing_key(bytes([2] * 32))
NOTE = sign_note(checkpoint_text(ORIGIN, 3, bytes(32)), LOG, ORIGIN)
THEIRS = signing_key(bytes([9] * 32))
AT = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)


def merkle(leaves: list[bytes]) -> bytes:
    """The RFC's own definition, by recursion: an oracle that shares nothing with the tree under test."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + merkle(leaves[:split]) + merkle(leaves[split:])).digest()


class Branch:
    """Another log, one letter a leaf, so that two branches differ from a chosen leaf on."""

    def __init__(self, letters: str) -> None:
        self.leaves = [leaf_hash(letter.encode()) for letter in letters]

    def note(self, size: int) -> str:
        return sign_note(checkpoint_text(ORIGIN, size, merkle(self.leaves[:size])), LOG, ORIGIN)

    def sent(self, old: int, size: int) -> str:
        def node(level: int, index: int) -> bytes:
            return merkle(self.leaves[index << level : (index + 1) << level])

        return submission_text(old, consistency_proof(old, size, node) if 0 < old < size else (), self.note(size))


@pytest.fixture(scope="module")
def watching(process: Process) -> Process:
    """The process as a witness of the other log."""
    watch = watch_of("we.example/w", WITNESS, (Verifier(ORIGIN, LOG.public),))
    return replace(process, watch=watch)


@pytest.fixture
async def witness(watching: Process, owner: asyncpg.Connection) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(watching)), base_url=BASE) as made:
        yield made


async def send(witness: httpx.AsyncClient, text: str) -> httpx.Response:
    return await witness.post("/witness/add-checkpoint", content=text.encode())


def test_a_cosignature_names_witness_and_moment_and_belongs_to_its_text_only() -> None:
    known = parse_witness(format_vkey("we.example/w", WITNESS.public, COSIGNATURE))
    line = cosign(split_note(NOTE)[0], WITNESS, known.name, AT)
    (found,) = cosigned_by(NOTE + line, [known])
    assert (found.witness, found.at) == (known, AT)
    assert open_checkpoint(NOTE + line, [Verifier(ORIGIN, LOG.public)]).size == 3
    other = sign_note(checkpoint_text(ORIGIN, 4, bytes(32)), LOG, ORIGIN)
    with pytest.raises(BadNote, match="does not belong"):
        cosigned_by(other + line, [known])
    assert cosigned_by(NOTE + line, [Witness("we.example/w", LOG.public)]) == ()


def test_a_log_key_is_no_witness_key_and_the_other_way_round() -> None:
    with pytest.raises(BadNote, match="signature type 4"):
        parse_witness(format_vkey(ORIGIN, LOG.public))
    assert derived(LOG, "witness").public != LOG.public
    assert derived(LOG, "witness") == derived(LOG, "witness")


@given(st.integers(0, 2**60), st.lists(st.binary(min_size=32, max_size=32), max_size=63))
def test_a_submission_is_read_as_it_was_written(old: int, hashes: list[bytes]) -> None:
    found = parse_submission(submission_text(old, hashes, NOTE).encode())
    assert (found.old, list(found.hashes), found.note) == (old, hashes, NOTE)


@pytest.mark.parametrize(
    "bad",
    [
        b"", b"old 3", b"old 03\n\nx", b"new 3\n\nx", b"old -1\n\nx", b"old 3\nnot base64\n\nx", b"\xff\n\n",
        b"old 3\nAAAA\n\nx", b"old 3\n" + b"A" * 65_000,
    ],
)  # fmt: skip
async def test_what_is_no_submission_is_refused(bad: bytes, witness: httpx.AsyncClient) -> None:
    answer = await witness.post("/witness/add-checkpoint", content=bad)
    assert answer.status_code in {400, 413}


async def test_a_witness_cosigns_what_extends_what_it_saw_and_never_a_second_branch(
    witness: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    ours, theirs = Branch("abcdefgh"), Branch("abcdXYZW")
    first = await send(witness, ours.sent(0, 3))
    assert (first.status_code, first.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert cosigned_by(ours.note(3) + first.text, [Witness("we.example/w", WITNESS.public)])
    stale = await send(witness, ours.sent(0, 5))
    assert (stale.status_code, stale.headers["content-type"], stale.text) == (409, "text/x.tlog.size", "3\n")
    assert (await send(witness, ours.sent(3, 6))).status_code == 200
    assert (await send(witness, ours.sent(6, 6))).status_code == 200, "the same checkpoint again"
    fork = await send(witness, theirs.sent(6, 6))
    assert (fork.status_code, fork.headers["content-type"]) == (409, "text/plain; charset=utf-8")
    evidence = await owner.fetchrow("SELECT note, kept_note FROM witnessed_fork WHERE origin = $1", ORIGIN)
    assert evidence is not None
    assert tuple(evidence) == (theirs.note(6), ours.note(6))
    larger = await send(witness, theirs.sent(6, 8))
    assert (larger.status_code, larger.json()["code"]) == (422, "WITNESS_NOT_CONSISTENT")
    assert (await send(witness, submission_text(7, (), ours.note(6)))).status_code == 400
    assert await owner.fetchval("SELECT size FROM witnessed WHERE origin = $1", ORIGIN) == 6
    with pytest.raises(asyncpg.PostgresError, match="never goes back"):
        await owner.execute("UPDATE witnessed SET size = 2")


async def test_unknown_logs_and_unknown_keys_are_told_apart(witness: httpx.AsyncClient) -> None:
    stranger = sign_note(checkpoint_text("stranger.example", 1, bytes(32)), LOG, "stranger.example")
    assert (await send(witness, submission_text(0, (), stranger))).status_code == 404
    forged = sign_note(checkpoint_text(ORIGIN, 9, bytes(32)), WITNESS, ORIGIN)
    assert (await send(witness, submission_text(0, (), forged))).status_code == 403


@pytest.mark.fault("T18")
async def test_of_branches_that_race_at_most_one_is_ever_cosigned(watching: Process) -> None:
    """Two histories part at leaf 10 and are sent at the same moment, from the same state, in every round."""
    letters = [chr(97 + at % 26) for at in range(20)]
    branches = Branch("".join(letters)), Branch("".join([*letters[:10], *map(str.upper, letters[10:])]))
    origins = [f"raced-{number}.example" for number in range(times(12, 100))]
    watch = watch_of("we.example/w", WITNESS, tuple(Verifier(each, LOG.public) for each in origins))
    app = create_app(replace(watching, watch=watch))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        for number, origin in enumerate(origins):
            assert (await send(client, _renamed(branches[0], origin, 0, 10))).status_code == 200
            sent = [(each, to) for to in (11, 12, 13) for each in branches[:: -1 if number % 2 else 1]]
            texts = [_renamed(branch, origin, 10, to) for branch, to in sent]
            answers = await asyncio.gather(*(send(client, each) for each in texts))
            histories = {
                id(branch) for (branch, _), answer in zip(sent, answers, strict=True) if answer.status_code == 200
            }
            assert len(histories) == 1, [each.status_code for each in answers]


def _renamed(branch: Branch, origin: str, old: int, size: int) -> str:
    """What the log of this name sends of the branch."""
    hashes = parse_submission(branch.sent(old, size).encode()).hashes
    return submission_text(
        old, hashes, sign_note(checkpoint_text(origin, size, merkle(branch.leaves[:size])), LOG, origin)
    )


def proof_of(letters: str, index: int) -> ProofFile:
    branch = Branch(letters)
    path = inclusion_proof(index, len(letters), lambda lv, at: merkle(branch.leaves[at << lv : (at + 1) << lv]))
    return ProofFile(index, path, branch.note(len(letters)), letters[index].encode())


@given(st.integers(0, 12), st.booleans())
def test_a_proof_file_is_read_as_it_was_written_and_proves_its_leaf(index: int, carried: bool) -> None:
    proof = proof_of("abcdefghijklm", index)
    proof = proof if carried else replace(proof, leaf=None)
    assert parse_proof(proof_text(proof)) == proof
    leaf = None if carried else b"abcdefghijklm"[index : index + 1]
    proven = check_proof(parse_proof(proof_text(proof)), [Verifier(ORIGIN, LOG.public)], (), leaf)
    assert (proven.index, proven.checkpoint.size) == (index, 13)


@given(st.data())
def test_a_proof_file_with_any_other_letter_proves_nothing(data: st.DataObject) -> None:
    text = proof_text(proof_of("abcdefghijklm", 6))
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from([each for each in "AZaz09+/=\n e" if each != text[at]]))
    with pytest.raises(BadNote):
        check_proof(parse_proof(text[:at] + letter + text[at + 1 :]), [Verifier(ORIGIN, LOG.public)])


async def test_our_own_checkpoints_are_cosigned_and_the_proof_file_carries_it(
    world: World, process: Process, clock: Hands, tmp_path: Path
) -> None:
    firm = await world.firm("recycler")
    await world.stock(firm, 1_000)
    await publish(process.database.writer, process.keys.active, process.origin, clock)
    watch = watch_of("they.example/w", signing_key(bytes([9] * 32)), process.verifiers)
    app = create_app(replace(process, watch=watch))
    outgoing = Outgoing(loopback=True)

    async def post(address: str, text: str) -> Answer:
        return await outgoing.post(address, text.encode(), {"Content-Type": "text/plain"})

    async with served(app) as address:
        asked = Asked(watch.witness, f"{address}/witness")
        first = await collect(process.database.writer, asked, post, clock)
        assert first is not None
        assert await collect(process.database.writer, asked, post, clock) is None
        await world.stock(firm, 2_000)
        await publish(process.database.writer, process.keys.active, process.origin, clock)
        second = await collect(process.database.writer, asked, post, clock)
        assert second is not None
        assert second > first
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        note = (await client.get("/log/checkpoint")).text
        assert cosigned_by(note, [watch.witness])
        file = await client.get(f"/log/proof/file?index={second - 1}")
    saved = tmp_path / "leaf.tlog-proof"
    saved.write_text(file.text, "utf-8")
    key, vkey = format_vkey(process.origin, process.keys.active.public), watch.witness.vkey
    good = CliRunner().invoke(main, ["verify", str(saved), "--key", key, "--witness", vkey])
    assert good.exit_code == 0, good.output
    assert "seen by they.example/w" in good.output
    stranger = Witness("nobody.example", WITNESS.public).vkey
    assert CliRunner().invoke(main, ["verify", str(saved), "--key", key, "--witness", stranger]).exit_code == 1
    saved.write_text(file.text.replace(f"index {second - 1}", "index 0"), "utf-8")
    assert CliRunner().invoke(main, ["verify", str(saved), "--key", key]).exit_code == 1
    assert CliRunner().invoke(main, ["verify", str(saved)]).exit_code == 2


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (Answer(500, "text/plain", ""), "answered 500"),
        (Answer(409, "text/x.tlog.size", "99999999\n"), "has '99999999' leaves"),
        (Answer(200, "text/plain", "\u2014 they.example/w AAAAAA==\n"), "without a signature|too short"),
        (Answer(200, "text/plain", cosign("x\n", THEIRS, "they.example/w", AT)), "does not belong"),
    ],
)  # fmt: skip
async def test_a_witness_that_answers_nonsense_is_not_believed(
    told: Answer, why: str, world: World, process: Process, clock: Hands
) -> None:
    await world.stock(await world.firm("recycler"), 500)
    await publish(process.database.writer, process.keys.active, process.origin, clock)

    async def post(address: str, text: str) -> Answer:
        return told

    asked = Asked(Witness("they.example/w", signing_key(bytes([9] * 32)).public), "https://they.example")
    with pytest.raises(NoCosignature, match=why):
        await collect(process.database.writer, asked, post, clock)


async def test_a_cosignature_from_the_future_is_not_kept(world: World, process: Process, clock: Hands) -> None:
    await world.stock(await world.firm("recycler"), 500)
    await publish(process.database.writer, process.keys.active, process.origin, clock)
    key = signing_key(bytes([9] * 32))

    async def post(address: str, text: str) -> Answer:
        note = parse_submission(text.encode()).note
        late = cosign(split_note(note)[0], key, "they.example/w", clock() + timedelta(minutes=6))
        return Answer(200, "text/plain", late)

    asked = Asked(Witness("they.example/w", key.public), "https://they.example")
    with pytest.raises(NoCosignature, match="a time to come"):
        await collect(process.database.writer, asked, post, clock)


def test_the_settings_name_witnesses_by_key_and_address() -> None:
    vkey = Witness("they.example/w", WITNESS.public).vkey
    (asked,) = parse_asked(f" {vkey} https://they.example/ ,")
    assert (asked.witness.name, asked.prefix) == ("they.example/w", "https://they.example")
    with pytest.raises(BadNote, match="a web address"):
        parse_asked(f"{vkey} they.example")
