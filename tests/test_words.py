"""Words: a page never shows an empty sentence, a raw key or a placeholder, in any of the seven languages."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.words import (
    FALLBACK,
    LANGUAGES,
    NATIVE,
    Lang,
    Speech,
    UnknownWord,
    Words,
    language,
    load_words,
    negotiate,
    placeholders,
    switches,
)

APP = Path(__file__).resolve().parents[1] / "app"
WORDS = load_words()
ENGLISH = WORDS.sentences[FALLBACK]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_language_lacks_a_word(lang: Lang) -> None:
    assert ENGLISH.keys() - WORDS.sentences[lang].keys() == set()


@pytest.mark.parametrize("lang", [each for each in LANGUAGES if each != FALLBACK])
def test_a_long_sentence_is_not_english_in_another_language(lang: Lang) -> None:
    same = {key for key, said in WORDS.sentences[lang].items() if said == ENGLISH[key] and len(said.split()) > 3}
    assert same == set()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_language_has_a_word_that_english_lacks(lang: Lang) -> None:
    assert WORDS.sentences[lang].keys() - ENGLISH.keys() == set()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_translation_takes_the_same_facts(lang: Lang) -> None:
    theirs = WORDS.sentences[lang]
    assert {key: placeholders(theirs[key]) ^ placeholders(ENGLISH[key]) for key in theirs} == dict.fromkeys(
        theirs, frozenset()
    )


def test_every_reason_of_the_ledger_and_the_controls_has_a_name() -> None:
    said = "".join(path.read_text(encoding="utf-8") for path in sorted(APP.parent.glob("traceability/**/*.py")))
    given = set(re.findall(r"""(?:Unmoved\(|reasons=\(|flags\.add\()["'](\w+)["']""", said))
    given |= {"LATE_REPORT", "YIELD_IMPLAUSIBLE", "STOCK_DIFFERS"}
    assert len(given) > 15
    assert {each for each in given if f"reason.{each.lower()}" not in ENGLISH} == set()


def test_every_reason_why_a_rate_or_target_decides_nothing_has_a_name() -> None:
    said = "".join(path.read_text(encoding="utf-8") for path in (APP.parent / "standards/responsibility").glob("*.py"))
    given = set(re.findall(r"""NoFigure\(f?["'](\w+)""", said)) | set(re.findall(r'"(edition_\w+)"', said))
    given |= set(re.findall(r'lit\("(\w+)"\)', (APP.parent / "reports/targets.py").read_text().split("def label")[0]))
    assert {"no_figure", "denominator_zero", "edition_draft", "no_target", "no_rate"} <= given
    assert {each for each in given if f"why.{each}" not in ENGLISH} == set()


def _uses() -> dict[str, set[str]]:
    """Keys asked for as t('...') in templates and pages, each with the files that do."""
    found: dict[str, set[str]] = {}
    for path in (*APP.glob("templates/**/*.html"), *APP.glob("**/*.py")):
        for key in re.findall(r"""\bt\(\s*["']([\w.]+)["']""", path.read_text(encoding="utf-8")):
            found.setdefault(key, set()).add(path.name)
    return found


def test_every_word_that_a_page_asks_for_is_there() -> None:
    # A key that is put together from parts ends in a point here; its group must exist.
    missing = {
        key: sorted(files)
        for key, files in _uses().items()
        if not (any(known.startswith(key) for known in ENGLISH) if key.endswith(".") else key in ENGLISH)
    }
    assert missing == {}


def test_pages_do_ask_for_words() -> None:
    assert "nav.skip" in _uses()


def test_sentences_are_spoken_in_the_readers_language_with_its_facts() -> None:
    assert WORDS.text("ja", "scan.steps", count=3) == "工程数: 3"
    assert WORDS.text("ja", "scan.steps", count=3).lang == "ja"


def test_a_missing_translation_is_shown_in_english_and_says_so() -> None:
    words = Words({lang: {"nav.home": "Home"} if lang == "en" else {} for lang in LANGUAGES})
    assert words.text("th", "nav.home") == "Home"
    assert words.text("th", "nav.home").lang == "en"
    with pytest.raises(UnknownWord):
        words.text("th", "nav.nowhere")


def test_a_fact_that_is_not_given_is_our_fault_and_shows() -> None:
    with pytest.raises(KeyError):
        WORDS.text("en", "scan.steps")


@pytest.mark.parametrize(
    "bad", ["a:\n  b: ''\n", "a:\n  b: 1\n", "a:\n  no: x\n", "a:\n  b: '{x!r}'\n", "a:\n  b: '{0}'\n"]
)
def test_a_file_with_an_empty_or_unsafe_sentence_is_refused_at_start(bad: str, tmp_path: Path) -> None:
    for lang in LANGUAGES:
        (tmp_path / lang).mkdir()
        (tmp_path / lang / "a.yaml").write_text("a:\n  b: x\n" if lang != "vi" else bad, encoding="utf-8")
    with pytest.raises(ValueError, match=r"vi/a\.yaml|plain names"):
        load_words(tmp_path)


def test_a_sentence_is_said_in_one_file_only(tmp_path: Path) -> None:
    for lang in LANGUAGES:
        (tmp_path / lang).mkdir()
        for name in ("a", "b"):
            (tmp_path / lang / f"{name}.yaml").write_text("a:\n  b: x\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"en/b\.yaml: a\.b is said in another file too"):
        load_words(tmp_path)


@pytest.mark.parametrize(
    ("accept", "cookie", "query", "lang"),
    [
        ("ja,en;q=0.8", None, None, "ja"),
        ("de, fr;q=0.9, th;q=0.2", None, None, "th"),
        ("en;q=0.5, vi", None, None, "vi"),
        ("tl-PH", None, None, "fil"),
        ("in", None, None, "id"),
        ("ms-Latn-MY", None, None, "ms"),
        ("zh-CN", None, None, "en"),
        ("ja;q=0, en", None, None, "en"),
        ("ja", "id", None, "id"),
        ("ja", "id", "TH", "th"),
        ("ja", "xx", "yy", "ja"),
        (None, None, None, "en"),
        ("*", "", "", "en"),
        (";;q=x,,ja;q=high", None, None, "en"),
    ],
)
def test_the_language_is_the_one_asked_for(
    accept: str | None, cookie: str | None, query: str | None, lang: Lang
) -> None:
    assert negotiate(accept, cookie, query) == lang


@given(st.text(), st.text(), st.text())
def test_any_header_gives_a_language(accept: str, cookie: str, query: str) -> None:
    assert negotiate(accept, cookie, query) in LANGUAGES


def test_codes_of_growing_lists_have_names_and_unknown_ones_show_as_they_are() -> None:
    t = Speech(WORDS, "en")
    assert t.name("material", "plastics.pe.hd") == "HDPE"
    assert t.name("material", "PET") == "PET"
    assert t.name("account", "loss:moisture") == "Moisture loss"
    assert t.name("biz_step", "https://example.org/epcis#BizStep-opening") == "Opening stock"
    assert t.name("biz_step", "junkan:BizStep-opening") == "Opening stock"
    assert t.name("reason", "RECEIPT_MISMATCH") == "Received mass differs from sent mass"
    assert t.name("material", "plastics.unheard") == "plastics.unheard"


def test_a_party_without_a_name_is_told_by_role_and_country() -> None:
    assert WORDS.speech("en").party("recycler", "TH", verified=True) == "verified recycler, Thailand"
    assert WORDS.speech("ja").party("recycler", "TH", verified=True) == "確認済みのリサイクル業者、タイ"
    assert WORDS.speech("en").party("sorter", "ZZ", verified=False) == "Sorter, not stated (not verified)"


def test_a_refusal_is_told_by_its_code_or_else_in_its_own_sentence() -> None:
    t = WORDS.speech("ja")
    assert t.refusal("MASS_CREATED", "Surplus.").lang == "ja"
    assert t.refusal("DAY_BUDDHIST", "A Buddhist year.") == "A Buddhist year."
    assert t.refusal("NEVER_HEARD", "Something else.").lang == "en"


def test_the_language_switch_keeps_the_page_and_its_question() -> None:
    here = switches("/market", "material=PET&lang=en&q=a%26b", "ja")
    assert [entry.lang for entry in here] == list(LANGUAGES)
    assert here[1].href == "/market?material=PET&q=a%26b&lang=ja"
    assert [entry.lang for entry in here if entry.current] == ["ja"]
    assert here[0].native == NATIVE["en"] == "English"
    assert switches("//elsewhere.example", "", "en")[0].href.startswith("/elsewhere")


def test_tags_of_other_languages_are_not_ours() -> None:
    assert [language(tag) for tag in ("EN_us", "ja-JP", "enx", "", None)] == ["en", "ja", None, None, None]
