"""A checkpoint is what the log signs: read, signed and verified as C2SP says, with keys that rotate."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation import keys
from foundation.keys import BadKey, PublicKey, load_keys, rotate, signing_key
from tests.shared import CONFORMANCE, needs_shared
from traceability.tree.checkpoint import (
    BadNote,
    Checkpoint,
    Verifier,
    add_signature,
    checkpoint_text,
    format_vkey,
    open_checkpoint,
    open_note,
    parse_checkpoint,
    parse_vkey,
    sign_note,
    split_note,
)

ORIGIN = "junkan.example/log"
KEY, OTHER = signing_key(bytes(32)), signing_key(bytes([7] * 32))
ROOT = bytes(range(32))


def published(name: str) -> dict[str, Any]:
    file = CONFORMANCE / "merkle-rfc6962" / name
    return json.loads(file.read_text("utf-8")) if file.is_file() else {"cases": [], "format_only": []}


@needs_shared
@pytest.mark.parametrize("case", published("checkpoint-parse.json")["cases"], ids=lambda case: case["id"])
def test_published_checkpoints(case: dict[str, Any]) -> None:
    if not case["valid"]:
        with pytest.raises(BadNote):
            parse_checkpoint(case["checkpoint_body"])
        return
    found = parse_checkpoint(case["checkpoint_body"])
    assert (found.origin, found.size, found.root.decode()) == (case["origin"], case["size"], case["hash_text"])


@needs_shared
def test_the_published_note_opens_and_a_changed_one_does_not() -> None:
    (case,) = published("signed-note.json")["cases"]
    verifier = parse_vkey(case["vkey"])
    assert format_vkey(verifier.name, verifier.key) == case["vkey"]
    text, signed = open_note(case["note"], [verifier])
    assert (text, signed) == ("This is an example message.\n", (verifier,))
    with pytest.raises(BadNote, match="does not belong"):
        open_note(case["note"].replace("example message", "example massage"), [verifier])


@needs_shared
def test_the_published_cosigned_checkpoint_is_read() -> None:
    (case,) = published("signed-note.json")["format_only"]
    text, signatures = split_note(case["note"])
    assert parse_checkpoint(text).size == 20852163
    assert [each.name for each in signatures] == ["example.com/behind-the-sofa", "witness.example.com/w1"]
    assert [len(each.signature) for each in signatures] == [64, 72]


def test_a_signed_checkpoint_opens_with_its_key() -> None:
    note = sign_note(checkpoint_text(ORIGIN, 5, ROOT), KEY, ORIGIN)
    assert note.startswith(f"{ORIGIN}\n5\n{base64.b64encode(ROOT).decode()}\n\n\u2014 {ORIGIN} ")
    opened = open_checkpoint(note, [parse_vkey(format_vkey(ORIGIN, KEY.public))])
    assert opened == Checkpoint(ORIGIN, 5, ROOT)


def test_every_flipped_bit_of_a_note_is_noticed() -> None:
    note = sign_note(checkpoint_text(ORIGIN, 5, ROOT), KEY, ORIGIN).encode()
    verifier = Verifier(ORIGIN, KEY.public)
    for bit in range(8 * len(note)):
        changed = bytearray(note)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ValueError, match=r"."):
            open_checkpoint(changed.decode(), [verifier])


def test_several_may_sign_and_strangers_are_passed_over() -> None:
    note = add_signature(sign_note(checkpoint_text(ORIGIN, 5, ROOT), KEY, ORIGIN), OTHER, "witness.example")
    log, witness = Verifier(ORIGIN, KEY.public), Verifier("witness.example", OTHER.public)
    assert open_note(note, [witness, log])[1] == (log, witness)
    assert open_note(note, [witness])[1] == (witness,)
    with pytest.raises(BadNote, match="none of the known keys"):
        open_note(note, [Verifier(ORIGIN, OTHER.public)])
    with pytest.raises(BadNote, match="not signed its own"):
        open_checkpoint(note, [witness])


def test_a_wrong_signature_of_a_known_key_spoils_the_note() -> None:
    note = add_signature(sign_note(checkpoint_text(ORIGIN, 5, ROOT), KEY, ORIGIN), OTHER, "witness.example")
    forged = note.replace("\n5\n", "\n6\n")
    resigned = add_signature(forged, signing_key(bytes([8] * 32)), "new.example")
    with pytest.raises(BadNote, match="does not belong"):
        open_note(
            resigned, [Verifier("new.example", signing_key(bytes([8] * 32)).public), Verifier(ORIGIN, KEY.public)]
        )


@pytest.mark.parametrize(
    "note",
    ["", "text\n", "text\n\n", "text\n\n\u2014 name AAAAAAAA", "text\n\n- name AAAAAAAA\n",
     "text\n\n\u2014 na+me AAAAAAAA\n",
     "text\n\n\u2014 name AAA=\n", "text\n\n\u2014 name !!\n", "te\rxt\n\n\u2014 name AAAAAAAA\n",
     "text\n\n\u2014 name AAAAAAAA\n\n", "text\n\n" + "\u2014 name AAAAAAAA\n" * 101],
)  # fmt: skip
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(BadNote):
        split_note(note)


def test_a_checkpoint_that_could_not_be_read_back_is_not_written() -> None:
    for origin, size in (("", 1), ("a\nb", 1), ("a", -1)):
        with pytest.raises(BadNote):
            checkpoint_text(origin, size, ROOT)
    with pytest.raises(BadNote, match="line break"):
        sign_note("no end", KEY, ORIGIN)
    with pytest.raises(BadNote, match="32 bytes"):
        open_checkpoint(sign_note(checkpoint_text(ORIGIN, 5, b"short"), KEY, ORIGIN), [Verifier(ORIGIN, KEY.public)])


@given(
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(st.from_regex(r"[a-z ]{0,9}", fullmatch=True)),
)
def test_checkpoints_are_read_as_written(size: int, root: bytes, extensions: list[str]) -> None:
    written = Checkpoint(ORIGIN, size, root, tuple(extensions))
    assert parse_checkpoint(checkpoint_text(ORIGIN, size, root, extensions)) == written
    note = sign_note(checkpoint_text(ORIGIN, size, root, extensions), KEY, ORIGIN)
    assert open_checkpoint(note, [Verifier(ORIGIN, KEY.public)]) == written


@pytest.mark.parametrize("change", [("+", "-"), ("junkan", "jankun")])
def test_a_changed_verifier_key_is_refused(change: tuple[str, str]) -> None:
    with pytest.raises(BadNote):
        parse_vkey(format_vkey(ORIGIN, KEY.public).replace(*change))


def test_the_first_start_makes_a_key_only_its_owner_reads(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    ring = load_keys(None, tmp_path / "data")
    file = tmp_path / "data" / keys.FILE
    assert load_keys(None, tmp_path / "data") == ring
    assert [each.name for each in file.parent.iterdir()] == [keys.FILE]
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600


def test_two_that_start_together_share_one_key(tmp_path: Path) -> None:
    first = load_keys(None, tmp_path)
    keys._create(tmp_path / keys.FILE, keys.KeyRing(OTHER))
    assert load_keys(None, tmp_path) == first
    assert len(list(tmp_path.iterdir())) == 1


def test_a_retired_key_stays_verifiable_and_its_seed_is_forgotten(tmp_path: Path) -> None:
    old = load_keys(None, tmp_path)
    signature = old.active.sign(b"message")
    new = rotate(tmp_path)
    assert load_keys(None, tmp_path) == new
    assert new.active != old.active
    assert [key.verifies(signature, b"message") for key in new.public] == [False, True]
    assert not new.public[1].verifies(signature, b"other")
    assert keys.encode(old.active.seed) not in (tmp_path / keys.FILE).read_text("utf-8")


def test_the_setting_comes_before_the_file(tmp_path: Path) -> None:
    setting = f"{keys.encode(KEY.seed)}, {keys.encode(OTHER.public.raw)}"
    ring = load_keys(setting, tmp_path)
    assert (ring.active, ring.retired) == (KEY, (OTHER.public,))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("setting", ["not base64!", "AAAA", f"{keys.encode(KEY.seed)},AAAA"])
def test_a_setting_that_is_no_key_is_refused(setting: str, tmp_path: Path) -> None:
    with pytest.raises(BadKey):
        load_keys(setting, tmp_path)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"seed": 3, "retired": []}', '{"seed": "AAAA", "retired": 5}'])
def test_a_broken_key_file_is_named(content: str, tmp_path: Path) -> None:
    file = tmp_path / keys.FILE
    file.write_text(content, "utf-8")
    file.chmod(0o600)
    with pytest.raises(BadKey, match=keys.FILE):
        load_keys(None, tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="file modes are a matter of POSIX")
def test_a_key_file_others_may_read_is_refused(tmp_path: Path) -> None:
    load_keys(None, tmp_path)
    (tmp_path / keys.FILE).chmod(0o644)
    with pytest.raises(BadKey, match="read by others"):
        load_keys(None, tmp_path)


def test_a_key_does_not_show_its_seed() -> None:
    assert "seed" not in repr(KEY)
    assert len(KEY.id) == 16
    assert PublicKey(KEY.public.raw).id == KEY.id
