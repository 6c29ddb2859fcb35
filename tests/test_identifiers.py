"""Identifiers: GS1 keys and links against published vectors, our own tokens, and round trips."""

import json
import re
from itertools import permutations
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.shared import CONFORMANCE, needs_shared
from traceability.identifiers import (
    DigitalLink,
    KeyInvalid,
    build_link,
    canonical_key,
    canonical_link,
    check_digit,
    checks,
    element_string,
    human_code,
    lot_uri,
    new_token,
    parse_link,
    read_bracketed,
    read_elements,
    read_human_code,
    token_of,
)
from traceability.identifiers.application import APPLICATION_IDENTIFIERS, QUALIFIERS, is_path
from traceability.identifiers.contents import CHARACTERS, RULES, pair_checks
from traceability.identifiers.digital_link import path_escaped, path_plain, query_escaped, query_plain
from traceability.identifiers.own import ALPHABET

FOLDER = CONFORMANCE / "gs1-digital-link"
SETS = {"cset82": "X", "cset39": "Y", "cset64": "Z", "csetnumeric": "N"}


def cases(name: str) -> list[Any]:
    if not FOLDER.is_dir():
        return []
    found = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))["cases"]
    return [pytest.param(case, id=case["id"]) for case in found]


@needs_shared
@pytest.mark.parametrize("case", cases("parse-uri"))
def test_a_link_is_read_or_refused_as_published(case: dict[str, Any]) -> None:
    options = case.get("options", {})
    if "PermitUnknownAIs" in options and case["valid"]:
        pytest.skip("we never accept AIs that we do not know")
    short, words = "PermitZeroSuppressedGTINinDLuris" in options, "permitConvenienceAlphas" in options
    if case["valid"]:
        assert parse_link(case["uri"], short_gtin=short, words=words).element_string() == case["element_string"]
    else:
        with pytest.raises(KeyInvalid):
            parse_link(case["uri"], short_gtin=short, words=words)


@needs_shared
@pytest.mark.parametrize("case", cases("generate-uri"))
def test_a_link_is_built_as_published(case: dict[str, Any]) -> None:
    if case["valid"]:
        assert build_link(case["stem"], read_bracketed(case["bracketed_ai"])).uri() == case["uri"]
    else:
        with pytest.raises(KeyInvalid):
            build_link(case["stem"], read_bracketed(case["bracketed_ai"]))


@needs_shared
@pytest.mark.parametrize("case", cases("percent-encoding"))
def test_percent_encoding_is_the_published_one(case: dict[str, Any]) -> None:
    decoding = case["id"].startswith("unesc")
    path, query = (path_plain, query_plain) if decoding else (path_escaped, query_escaped)
    assert (path(case["input"]), query(case["input"])) == (case["path"], case["query"])


@needs_shared
@pytest.mark.parametrize("case", cases("bracketed-ai"))
def test_bracketed_keys_are_read_as_published(case: dict[str, Any]) -> None:
    if case["valid"]:
        assert element_string(read_bracketed(case["bracketed_ai"])) == case["element_string"]
    else:
        with pytest.raises(KeyInvalid):
            read_bracketed(case["bracketed_ai"])


@needs_shared
@pytest.mark.parametrize("case", cases("element-string"))
def test_element_strings_are_read_as_published(case: dict[str, Any]) -> None:
    if case["element_string"] is None:
        pytest.skip("the vector holds no element string")
    if case["valid"]:
        assert read_elements(case["element_string"])
    else:
        with pytest.raises(KeyInvalid):
            read_elements(case["element_string"])


@needs_shared
def test_contents_are_judged_as_published() -> None:
    wrong, left_out = [], set()
    for param in cases("linters"):
        case = param.values[0]
        name, text = case["linter"], case["input"]
        if name in RULES:
            verdict = RULES[name](text)
        elif name in SETS:
            verdict = CHARACTERS[SETS[name]].fullmatch(text) is not None
        else:
            left_out.add(name)
            continue
        if verdict is not case["valid"]:
            wrong.append((name, text, verdict))
    assert not wrong
    assert left_out == {"gcppos1", "packagetype"}


@needs_shared
def test_only_the_published_sequences_of_qualifiers_are_paths() -> None:
    listed = json.loads((FOLDER / "valid-key-qualifier-sequences.json").read_text("utf-8"))["sequences"]
    # The dictionary of July 2026 allows 415 with 8020 as well, the list of sequences does not name it.
    valid = {tuple(each) for each in listed} | {("415",), ("415", "8020")}
    words = sorted({ai for sequence in valid for ai in sequence})
    tried = {(key, *rest) for key in words for length in range(4) for rest in permutations(words, length)}
    assert {each for each in tried if is_path(each)} == valid


@needs_shared
def test_our_table_of_ais_says_what_the_dictionary_says() -> None:
    told: dict[str, tuple[str, str]] = {}
    for line in (FOLDER / "gs1-syntax-dictionary.txt").read_text("utf-8").splitlines():
        found = re.match(r"([0-9]{2,4})(?:-([0-9]+))?\s+([*?]*)\s+((?:\[?[NXYZ][^\s=]*\s*)+)", line)
        if found:
            first, last = found[1], found[2] or found[1]
            rules = re.sub(r",(?:gcppos\d|coupon\w+|packagetype)", "", " ".join(found[4].split()))
            for ai in range(int(first), int(last) + 1):
                told[f"{ai:0{len(first)}d}"] = (found[3], rules)
    ours = {
        ai: (
            ("*" if each.fixed else "") + ("?" if each.attribute else ""),
            " ".join(
                f"{'[' if part.optional else ''}{part.kind}{'..' if part.least < part.most else ''}{part.most}"
                + ("]" if part.optional else "")
                + "".join(f",{rule}" for rule in part.rules)
                for part in each.parts
            ),
        )
        for ai, each in APPLICATION_IDENTIFIERS.items()
    }
    assert ours == told


@needs_shared
@pytest.mark.parametrize("case", cases("epc-urn-to-digital-link"))
def test_every_way_to_write_a_key_has_one_canonical_link(case: dict[str, Any]) -> None:
    assert canonical_link(case["input"]) == case["canonical_digital_link"]


DIGITS = st.text("0123456789", min_size=1, max_size=17)
FREE = st.text("!\"%&'()*+,-./0123456789:;<=>?ABCXYZ_abcxyz", min_size=1, max_size=20)
STEMS = st.sampled_from(["https://example.com", "https://a.example/some/stem", "HTTP://[2001:db8::1]:8080"])


@given(DIGITS, st.data())
def test_a_check_digit_finds_every_single_wrong_digit(digits: str, data: st.DataObject) -> None:
    whole = digits + check_digit(digits)
    assert checks(whole)
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != whole[at]]))
    assert not checks(whole[:at] + other + whole[at + 1 :])


@pytest.mark.parametrize("text", ["", "0", "12a", "\u0661\u0662\u0663", " 12"])
def test_what_is_no_number_has_no_check_digit(text: str) -> None:
    assert not checks(text)


def test_the_check_character_pair_of_a_gmn() -> None:
    assert pair_checks("1987654Ad4X4bL5ttr2310c2K")
    assert not pair_checks("1987654Ad4X4bL5ttr2310c2X")


@given(
    STEMS, st.integers(0, 10**13 - 1), st.dictionaries(st.sampled_from(["22", "10", "21"]), FREE),
    st.dictionaries(st.sampled_from(["99", "98", "240", "8008"]), FREE),
)  # fmt: skip
def test_what_is_built_is_read_back(stem: str, number: int, own: dict[str, str], more: dict[str, str]) -> None:
    gtin = f"{number:013d}" + check_digit(f"{number:013d}")
    more.pop("8008", None)
    elements = [("01", gtin), *own.items(), *more.items()]
    link = build_link(stem, elements)
    read = parse_link(link.uri())
    assert dict(read.elements) == dict(elements)
    assert read == DigitalLink(stem, link.path, link.attributes)
    assert dict(read_elements(read.element_string())) == dict(elements)
    assert [ai for ai, _ in read.path] == ["01", *(ai for ai in ("22", "10", "21") if ai in own)]


@given(st.text(max_size=60))
def test_any_text_is_a_link_or_is_refused(text: str) -> None:
    for uri in (text, f"https://a.example/{text}", f"https://a.example/01/09521234543213?{text}"):
        try:
            link = parse_link(uri)
        except KeyInvalid:
            continue
        assert link.key[0] in QUALIFIERS
    canonical_link(text)
    canonical_link("urn:epc:id:sgtin:" + text)


def test_a_canonical_link_is_its_own_canonical_link() -> None:
    for case in cases("epc-urn-to-digital-link"):
        link = case.values[0]["canonical_digital_link"]
        if link is not None and "%" not in link:
            assert canonical_link(link) == link


def test_tokens_are_long_and_never_the_same() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(re.fullmatch(f"[{ALPHABET}]{{26}}", token) for token in tokens)
    # 130 bits, all of them used: every character appears in every place.
    assert all(len({token[at] for token in tokens}) == 32 for at in range(26))


@pytest.mark.parametrize("public_url", ["https://a.example", "http://localhost:8000", "https://b.example/base/"])
def test_the_token_of_an_address_does_not_depend_on_the_host(public_url: str) -> None:
    token = new_token()
    uri = lot_uri(public_url, token)
    assert uri == f"{public_url.rstrip('/')}/id/{token}"
    assert token_of(uri) == token


@pytest.mark.parametrize(
    "uri",
    [
        "https://a.example/id/", "https://a.example/id/SHORT", "https://a.example/id/0123456789ABCDEFGHJKMNPQRI",
        "https://a.example/id/0123456789ABCDEFGHJKMNPQRS/x", "https://a.example/id/0123456789ABCDEFGHJKMNPQRS?x",
        "https://a.example/id/0123456789abcdefghjkmnpqrs", "urn:uuid:0123456789ABCDEFGHJKMNPQRS",
        "https://id.gs1.org/01/09521234543213/10/0123456789ABCDEFGHJKMNPQRS", "/id/0123456789ABCDEFGHJKMNPQRS",
    ],
)  # fmt: skip
def test_another_address_has_no_token(uri: str) -> None:
    assert token_of(uri) is None


def test_a_wrong_token_makes_no_address() -> None:
    with pytest.raises(ValueError, match="not a token"):
        lot_uri("https://a.example", "U" * 26)
    with pytest.raises(ValueError, match="not a token"):
        human_code("short")


@given(st.data())
def test_a_human_code_read_wrong_is_noticed(data: st.DataObject) -> None:
    token = new_token()
    code = human_code(token)
    assert re.fullmatch("[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", code)
    assert read_human_code(code.lower().replace("-", " ").replace("0", "o").replace("1", "l")) == token[:11]
    plain = code.replace("-", "")
    at, to = data.draw(st.tuples(st.integers(0, 11), st.integers(0, 11)))
    other = data.draw(st.sampled_from(ALPHABET))
    changed = plain[:at] + other + plain[at + 1 :]
    assume(changed != plain)
    assert read_human_code(changed) is None
    swapped = list(plain)
    swapped[at], swapped[to] = swapped[to], swapped[at]
    assert "".join(swapped) == plain or read_human_code("".join(swapped)) is None


LOT = "https://id.gs1.org/01/09506000134376/10/LOT-7"


@pytest.mark.parametrize(
    "spelled",
    [
        LOT, "urn:epc:class:lgtin:9506000.013437.LOT-7", "urn:epc:class:lgtin:950600013437.0.LOT-7",
        "https://junkan.example/01/09506000134376/10/LOT-7", "http://127.0.0.1:8000/01/09506000134376/10/LOT-7",
        "http://localhost/trace/01/09506000134376/10/LOT-7", f"{LOT}?17=261231&linkType=all", f"{LOT}#top",
        "https://brand.example/gtin/9506000134376/lot/LOT-7", "https://x.example/01/09506000134376/22/2A/10/LOT-7",
        "https://x.example/01/09506000134376/10/LOT%2D7",
    ],
)  # fmt: skip
def test_every_spelling_of_a_batch_is_one_key(spelled: str) -> None:
    assert canonical_key(spelled) == LOT


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("urn:epc:id:sgtin:9506000.013437.5%2FA", "https://x.example/01/09506000134376/10/B/21/5%2fA"),
        ("urn:epc:id:sscc:9506000.0134567892", "https://x.example/00/095060001345678921"),
        ("urn:epc:class:lgtin:9506000.013437.A'B=C", "https://x.example/01/09506000134376/10/A%27B=C"),
        ("urn:epc:idpat:sgtin:9506000.013437.*", "https://x.example/01/9506000134376"),
    ],
)
def test_keys_of_other_kinds_meet_too(one: str, other: str) -> None:
    assert canonical_key(one) == canonical_key(other)
    assert canonical_key(one).startswith("https://id.gs1.org/")


@pytest.mark.parametrize(
    "other",
    [
        "https://junkan.example/id/5PG7ZXKJSB6RXQYB7HH8K62B68", "urn:uuid:6f1c1b2e-3f0a-4c1d-9d57-2b7f3e0c9a10",
        "https://firm.example/01/20240101", "https://firm.example/01/09506000134375/10/A",  # their digits do not check
        "https://firm.example/lots/2024-01", "urn:epc:class:lgtin:9506000.013437", "not a uri", "",
        "https://firm.example/01/09506000134376/98/x",
    ],
)  # fmt: skip
def test_what_is_no_gs1_key_names_itself(other: str) -> None:
    assert canonical_key(other) == other


@given(st.text())
def test_a_key_is_its_own_key(text: str) -> None:
    for uri in (text, f"https://x.example/01/09506000134376/10/{text}", f"urn:epc:class:lgtin:9506000.013437.{text}"):
        assert canonical_key(canonical_key(uri)) == canonical_key(uri)


@given(st.from_regex(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}", fullmatch=True), st.sampled_from(range(6, 13)))
def test_a_batch_is_found_from_its_urn_whatever_the_length_of_the_prefix(batch: str, digits: int) -> None:
    body, escaped = "950600013437", path_escaped(batch)
    urn = f"urn:epc:class:lgtin:{body[:digits]}.0{body[digits:]}.{escaped}"
    assert canonical_key(urn) == canonical_key(f"https://x.example/01/09506000134376/10/{escaped}")
