"""Pictures: well-formed, told in words, the same for the same facts, and never wider than asked."""

import re
from datetime import date
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from app.formats import LANGUAGES
from app.pictures import Bar, ChainStep, Line, Link, Mark, Node, bars, chain, lines, sankey, yield_band
from app.pictures.canvas import breadth, nice_ticks, num, shorten, wrap

SVG = "{http://www.w3.org/2000/svg}"
TOLD: dict[str, Any] = {"title": "Flows", "description": "Where it went", "lang": "en"}
NODES = [Node("a", "Collection", "collection"), Node("b", "Recycling", "recycling"), Node("c", "Residue", "loss")]
LINKS = [Link("a", "b", 900_000), Link("a", "c", 100_000)]
STEPS = [ChainStep("collection", "Collection", "verified collector, Thailand", "4 Nov 2026", 1_800_000)] * 6
DAYS = [(date(2026, month, 1), month * 1_000_000) for month in range(1, 12)]


def _read(picture: Markup) -> ET.Element:
    assert isinstance(picture, Markup)
    return ET.fromstring(picture)


def _texts(root: ET.Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}text")]


def _all(width: int) -> list[Markup]:
    return [
        sankey(NODES, LINKS, width=width, **TOLD),
        chain(STEPS, width=width, **TOLD),
        lines([Line("One", DAYS)], marks=[Mark("Target", 5_000_000)], width=width, **TOLD),
        bars([Bar("PET", 5_000_000, 1_000_000, 8_000_000), Bar("HDPE", 1)], width=width, **TOLD),
        yield_band(Decimal("0.71"), Decimal("0.6"), Decimal("0.85"), width=width, **TOLD),
    ]


@pytest.mark.parametrize("width", [320, 360, 720, 1040])
def test_each_picture_has_a_title_and_a_description_that_name_it(width: int) -> None:
    for root in map(_read, _all(width)):
        title, description = root[0], root[1]
        assert (title.text, description.text) == ("Flows", "Where it went")
        assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
        assert root.get("role") == "img"
        assert root.get("width") == str(width)


def test_the_same_facts_give_the_same_bytes_and_others_other_ids() -> None:
    assert _all(720) == _all(720)
    ids = re.findall(r' id="(\w+)"', "".join(_all(720)))
    assert len(ids) == len(set(ids)) > 10


def test_no_picture_brings_its_own_style_script_or_address() -> None:
    for picture in _all(720) + _all(340):
        assert not re.search(r"style=|<style|<script|href|javascript", picture)
        assert set(re.findall(r"https?://[^\"<]+", picture)) == {"http://www.w3.org/2000/svg"}


def test_what_a_person_wrote_cannot_become_markup() -> None:
    bad = '<script>"&'
    told: dict[str, Any] = {**TOLD, "title": bad, "description": bad}
    for picture in (
        sankey([Node("a", bad), Node("b", bad)], [Link("a", "b", 1)], **told),
        chain([ChainStep("other", bad, bad, bad, 1, bad)], width=900, **told),
        lines([Line(bad, DAYS)], marks=[Mark(bad, 1)], **told),
        bars([Bar(bad, 1)], **told),
        yield_band(Decimal("0.7"), Decimal("0.6"), Decimal("0.8"), **told),
    ):
        assert "<script" not in picture
        assert _read(picture)[0].text == bad


@pytest.mark.parametrize("width", [340, 720])
def test_nothing_to_show_is_a_picture_too(width: int) -> None:
    for picture in (sankey([], [], width=width, **TOLD), chain([], width=width, **TOLD), bars([], width=width, **TOLD),
                    lines([], width=width, **TOLD), lines([Line("One", [])], width=width, **TOLD)):  # fmt: skip
        assert _read(picture)[0].text == "Flows"


def test_ribbons_are_as_wide_as_their_grams() -> None:
    root = _read(sankey(NODES, LINKS, **TOLD))
    heights = {each[0].text: float(each.get("height", "0")) for each in root.iter(f"{SVG}rect") if len(each)}
    assert heights["Collection: 1\u00a0t"] == pytest.approx(heights["Recycling: 900\u00a0kg"] * 10 / 9, abs=0.2)
    assert "Collection → Residue: 100\u00a0kg" in {each.text for each in root.iter(f"{SVG}title")}


@pytest.mark.parametrize("width", [340, 720])
def test_material_that_comes_back_is_drawn_and_does_not_hang(width: int) -> None:
    around = [*LINKS, Link("b", "a", 200_000)]
    flows = list(_read(sankey(NODES, around, width=width, **TOLD)).iter(f"{SVG}path"))
    assert len(flows) == 3


@pytest.mark.parametrize("link", [Link("a", "z", 1), Link("a", "a", 1), Link("a", "b", 0), Link("a", "b", -1)])
def test_a_flow_that_cannot_be_is_refused(link: Link) -> None:
    with pytest.raises(ValueError, match="not a flow"):
        sankey(NODES, [link], **TOLD)


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(1, 10**15)), max_size=20), st.booleans())
def test_any_network_of_flows_is_drawn_with_each_node_once(flows: list[tuple[int, int, int]], narrow: bool) -> None:
    links = [Link(str(one), str(two), grams) for one, two, grams in flows if one != two]
    nodes = [Node(str(at), f"Place {at}") for at in range(8)]
    texts = _texts(_read(sankey(nodes, links, width=340 if narrow else 720, **TOLD)))
    part = {link.source for link in links} | {link.target for link in links}
    assert sorted(text for text in texts if text.startswith("Place")) == sorted(f"Place {name}" for name in part)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("width", [340, 720])
def test_the_chain_tells_every_step_with_its_mass_in_each_language(lang: str, width: int) -> None:
    texts = _texts(_read(chain(STEPS, width=width, **{**TOLD, "lang": lang})))
    assert texts.count("Collection") == 6
    assert sum(text.endswith("\u00a0t") for text in texts) == 6


def test_a_wide_chain_wraps_into_even_rows() -> None:
    spots = [(float(c.get("cx", 0)), float(c.get("cy", 0))) for c in _read(chain(STEPS, **TOLD)).iter(f"{SVG}circle")]
    assert len({y for _, y in spots}) == 2
    assert len({x for x, _ in spots}) == 3
    assert max(x for x, _ in spots) < 720


def test_left_out_mass_is_hatched_not_only_coloured() -> None:
    picture = bars([Bar("PET", 5_000_000, 1_000_000)], **TOLD)
    assert re.search(r'fill="url\(#(h\w+)\)"', picture)[1] in re.findall(r'pattern id="(\w+)"', picture)  # type: ignore[index]
    assert "5\u00a0t + 1\u00a0t" in _texts(_read(picture))


def test_a_yield_outside_its_band_looks_different_and_a_band_must_be_one() -> None:
    low, high = Decimal("0.6"), Decimal("0.85")
    usual, unusual, beyond = (
        yield_band(Decimal(value), low, high, hard=(Decimal("0.45"), Decimal("0.95")), **TOLD)
        for value in ("0.85", "0.9", "0.97")
    )
    assert "p-fill p-a" in usual
    assert "p-fill p-c" in unusual
    assert "p-fill p-bad" in beyond
    with pytest.raises(ValueError, match="before it begins"):
        yield_band(low, high, low, **TOLD)


def test_lines_are_told_apart_without_colour_and_only_as_many_as_can_be() -> None:
    root = _read(lines([Line("One", DAYS), Line("Two", DAYS)], **TOLD))
    assert len(list(root.iter(f"{SVG}circle"))) == len(DAYS) + 1
    assert len([each for each in root.iter(f"{SVG}path") if "p-dash" in each.get("class", "")]) == 2
    with pytest.raises(ValueError, match="told apart"):
        lines([Line(str(at), DAYS) for at in range(7)], **TOLD)


def test_a_rate_has_a_scale_in_percent() -> None:
    rate = [(date(year, 1, 1), Decimal("0.01") * (year - 1980)) for year in range(2015, 2027)]
    texts = _texts(_read(lines([Line("Rate", rate)], measure="percent", period="year", **TOLD)))
    assert {"0", "20%", "40%", "60%", "2015"} <= set(texts)


@given(st.floats(0.001, 1e15))
def test_ticks_are_few_begin_at_zero_and_cover_the_figures(most: float) -> None:
    ticks = nice_ticks(most)
    assert ticks[0] == 0
    assert ticks[-1] >= most * 0.999
    assert 2 <= len(ticks) <= 5


@given(st.text(max_size=60), st.floats(20, 300))
def test_words_keep_to_their_room(text: str, room: float) -> None:
    assert breadth(shorten(text, room)) <= room or shorten(text, room) == "…"
    assert all(breadth(row) <= room or len(row) == 1 for row in wrap(text, room))


def test_thai_marks_take_no_room_and_han_take_double() -> None:
    assert breadth("ที่") == breadth("ท")
    assert breadth("循環") > breadth("ring") / 2
    assert [num(value) for value in (1.04, -0.01, 2.0, 2.5)] == ["1", "0", "2", "2.5"]
