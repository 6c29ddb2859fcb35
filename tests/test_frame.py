"""The frame of the pages: what was typed is kept, what is wrong is linked, nothing inline, nothing unescaped."""

import re
from pathlib import Path
from types import SimpleNamespace as Bag
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.words import LANGUAGES, Lang, load_words, switches

APP = Path(__file__).resolve().parents[1] / "app"
WORDS = load_words()
FORM = """{% extends "base.html" %}
{% from "macros/forms.html" import mass, field, choose, radios, ticks, area, day, file, submit, cancel %}
{% from "macros/forms.html" import csrf, error_of %}
{% from "macros/show.html" import verdict, checks, seal, facts, fill, pages, crumbs, flash, big, card, step, picture %}
{% from "macros/tables.html" import table, link %}
{% block title %}Receive{% endblock %}
{% block content %}<form method="post" novalidate>{{ csrf('token') }}
{{ mass(t, 'received', 'Received', typed, 'kg', hint='Sent', error=error_of(errors, 'received')) }}
{{ field(t, 'inputs[0].lot', 'Lot', typed) }}{{ area(t, 'note', 'Note', typed) }}
{{ day(t, 'day', 'Day', '2026-11-24') }}
{{ choose(t, 'unit', 'Unit', [('a', 'A'), ('b', 'B')], 'b') }}{{ radios(t, 'kind', 'Kind', [('x', 'X')], 'x') }}
{{ ticks(t, 'many', 'Many', [('y', 'Y'), ('z', 'Z')], ['z']) }}{{ file(t, 'sheet', 'Sheet') }}
{{ submit('Go') }}{{ cancel(t, '/') }}
</form>{{ table(t, ['Lot', '#Mass'], [[link('/l', typed), t.mass(1500)]], caption='Stock', foot=['Sum', '']) }}
{{ table(t, ['Lot'], []) }}{{ verdict(t, 'conforming') }}
{{ checks(t, [('Signed', true), ('Logged', none), ('Live', false)]) }}
{{ seal(t, 'good', 'Verified', typed) }}{{ facts([('a', typed)]) }}{{ fill('Yield', 71, 100, '71%') }}
{{ big('Mass', '1 t') }}
{{ pages(t, '/newer', '/older') }}{{ crumbs(t, [('A', '/a'), ('B', '/b')]) }}{{ flash('bad', typed) }}
{% call card('Card', '/c') %}{{ typed }}{% endcall %}{% call step('Step') %}{{ typed }}{% endcall %}
{{ picture(t, 'svg', 'Picture', narrow='small', table='table') }}{% endblock %}"""


def _render(lang: Lang = "en", template: str = FORM, **context: Any) -> str:
    environment = Environment(loader=FileSystemLoader(APP / "templates"), autoescape=True, undefined=StrictUndefined)
    site = Bag(host="junkan.example", loopback=False, demo=True, version="1")
    told = {"t": WORDS.speech(lang), "here": "/stock", "site": site, "switches": switches("/stock", "", lang)}
    return environment.from_string(template).render({**told, "typed": "1.234", **context})


WRONG = [
    Bag(field="received", text="Two readings"),
    Bag(field="inputs[0].lot", text="Unknown lot"),
    Bag(field=None, text="All"),
]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_frame_and_every_macro_speak_each_language_without_a_gap(lang: Lang) -> None:
    page = _render(lang, errors=[])
    assert f'<html lang="{lang}">' in page
    assert WORDS.text(lang, "nav.skip") in page
    assert WORDS.text(lang, "scan.pending") in page


def test_what_is_wrong_stands_on_top_in_the_title_and_at_the_field_in_the_same_words() -> None:
    page = _render(errors=WRONG)
    assert "<title>Error: Receive" in page
    top = page.index('class="problem"')
    assert top < page.index("<form", page.index("<main"))
    for target in re.findall(r'<li><a href="#(f-[^"]+)"', page):
        assert f'id="{target}"' in page
    assert page.count("Two readings") == 2
    assert 'aria-describedby="f-received-hint f-received-error" aria-invalid="true"' in page


def test_a_page_without_problems_has_no_summary() -> None:
    page = _render(errors=[])
    assert 'class="problem"' not in page
    assert "<title>Receive" in page


def test_what_was_typed_is_kept_and_escaped_everywhere() -> None:
    page = _render(errors=[], typed='"><script>alert(1)</script>')
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") >= 9


def test_choices_are_kept() -> None:
    page = _render(errors=[])
    assert '<option value="b" selected>' in page
    assert 'value="x" checked' in page
    assert 'value="z" checked' in page
    assert '<option value="kg" selected>' in page


def test_every_label_has_its_field_and_no_id_stands_twice() -> None:
    page = _render(errors=WRONG)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'<label for="([^"]+)"', page)) <= set(ids)


def test_pages_hold_to_a_strict_content_security_policy() -> None:
    page = _render(
        errors=WRONG, viewer=Bag(name="A", organisation="B", roles=["recycler"], may=["trade"]), csrf="token", htmx=True
    )
    assert not re.search(r'\sstyle="|<style|\son\w+="|javascript:', page)
    assert all(src.startswith("/static/") for src in re.findall(r'(?:src|href)="([^"]+\.(?:js|css|svg)[^"]*)"', page))
    assert not re.search(r"<script(?! src=)", page)


@pytest.mark.parametrize(
    ("roles", "may", "seen", "hidden"),
    [
        (["recycler"], ["trade"], "/listings", "/declarations"), (["recycler"], ["read"], "/stock", "/listings"),
        (["regulator"], ["read"], "/reports", "/stock"), (["pro"], ["declare"], "/declarations", "/offers"),
        (["producer"], ["declare"], "/declarations", "/reports"), (["producer"], ["read"], "/log", "/declarations"),
        (["regulator"], ["declare"], "/reports", "/declarations"), (["collector"], ["read"], "/market", "/record"),
    ],
)  # fmt: skip
def test_readers_are_led_to_the_pages_of_their_role(roles: list[str], may: list[str], seen: str, hidden: str) -> None:
    page = _render(errors=[], viewer=Bag(name="A", organisation="B", roles=roles, may=may), csrf="token")
    menu = page[: page.index("<main")]
    assert f'href="{seen}"' in menu
    assert f'href="{hidden}"' not in menu
    assert 'action="/sign-out"' in menu


def test_a_stranger_is_led_to_the_sign_in_and_to_what_is_public() -> None:
    menu = _render(errors=[]).split("<main")[0]
    assert 'href="/sign-in"' in menu
    assert 'href="/log"' in menu
    assert "/sign-out" not in menu


def test_the_frame_is_light() -> None:
    assert len(_render("th", errors=[], viewer=None).encode()) < 16_000
    assert (APP / "static" / "junkan.css").stat().st_size < 30_000
    assert (APP / "static" / "junkan.js").stat().st_size < 5_000


def test_every_tone_has_its_sign_so_that_no_status_is_told_by_colour_only() -> None:
    for tone in ("good", "warn", "bad", "info", "off"):
        told = _render(template='{% from "macros/show.html" import tag %}{{ tag("' + tone + '", "Words") }}')
        assert re.fullmatch(rf'<span class="tag {tone}"><svg.+<path d="M[^"]+"/></svg>Words</span>', told.strip())
