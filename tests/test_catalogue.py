"""The catalogue: exact or refused with file, line, key and fix; the shelf we ship is whole."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards.catalogue import CatalogueError, load, read_catalogue
from standards.exactyaml import Unreadable, frozen, read
from standards.materials import TaxonomyError, taxonomy
from standards.properties import properties

PROPERTY_LIST = """\
kind: property-list
id: trial
certainty: secondary
source: a test
properties:
  - {code: ash, unit: "%", names: {en: Ash}, physical: [0, 100]}
"""


def shelf(root: Path, **files: str) -> Path:
    for name, text in files.items():
        (root / f"{name}.yaml").write_text(text, "utf-8")
    return root


def test_the_shelf_we_ship_loads_and_speaks_of_itself_by_digest() -> None:
    catalogue = load()
    assert len(catalogue.digest) == 64
    assert catalogue.digest == load().digest
    for kind in ("material-taxonomy", "property-list", "code-list", "standard", "controls", "border-law"):
        assert catalogue.documents(kind), kind
        for document in catalogue.documents(kind):
            assert catalogue.document(kind, document.id) is document


def test_the_digest_changes_with_any_byte_and_with_any_name(tmp_path: Path) -> None:
    first = read_catalogue(shelf(tmp_path, a=PROPERTY_LIST)).digest
    assert read_catalogue(shelf(tmp_path, a=PROPERTY_LIST + "# a remark\n")).digest != first
    assert read_catalogue(shelf(tmp_path, a=PROPERTY_LIST)).digest == first
    (tmp_path / "a.yaml").rename(tmp_path / "b.yaml")
    assert read_catalogue(tmp_path).digest != first


def test_a_document_cannot_be_changed_after_reading(tmp_path: Path) -> None:
    data = read_catalogue(shelf(tmp_path, a=PROPERTY_LIST)).document("property-list", "trial").data
    with pytest.raises(TypeError):
        data["id"] = "other"  # type: ignore[index]
    assert isinstance(data["properties"], tuple)


@pytest.mark.parametrize(
    ("text", "line", "key", "sentence"),
    [
        (PROPERTY_LIST + "id: twice\n", 7, "id", "stands twice"),
        (PROPERTY_LIST.replace("[0, 100]", "[0]"), 6, "properties/0/physical", "[0]"),
        (PROPERTY_LIST.replace("certainty: secondary", "certainty: sure"), 3, "certainty", "sure"),
        (PROPERTY_LIST.replace("source: a test", "sauce: a test"), 1, "", "source"),
        (PROPERTY_LIST.replace("property-list", "wish-list"), 1, "kind", "unknown kind"),
        (PROPERTY_LIST.replace("property-list", "{}"), 1, "kind", "unknown kind"),
        (PROPERTY_LIST.replace("id: trial", "id: 5"), 2, "id", "not text"),
        (PROPERTY_LIST + "valid: 2026-01-01T00:00:00Z\n", 7, "2026-01-01T00:00:00Z", "not a day"),
        (PROPERTY_LIST + "valid: 2026-02-30\n", 7, "2026-02-30", "not a day"),
        (PROPERTY_LIST + "1: one\n", 7, "1", "not text"),
        (PROPERTY_LIST + "x: [1\n", 8, "", "expected"),
        ("- a list\n", 1, "", "not a mapping"),
        ("", 1, "", "not a mapping"),
    ],
)
def test_a_fault_is_told_with_file_line_key_and_fix(
    tmp_path: Path, text: str, line: int, key: str, sentence: str
) -> None:
    with pytest.raises(CatalogueError) as refused:
        read_catalogue(shelf(tmp_path, faulty=text))
    told = refused.value.problems[0]
    assert (told.path, told.line, told.key) == ("faulty.yaml", line, key)
    assert sentence in told.sentence
    assert told.fix
    assert f"faulty.yaml:{line}" in str(refused.value)


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    twin = PROPERTY_LIST.replace("ash", "filler")
    with pytest.raises(CatalogueError) as refused:
        read_catalogue(shelf(tmp_path, a=PROPERTY_LIST, b=twin, c="kind: nothing\nid: c\n", d="x: 1\nx: 2\n"))
    assert [problem.path for problem in refused.value.problems] == ["b.yaml", "c.yaml", "d.yaml"]


def test_an_unknown_kind_or_id_is_a_question_that_gets_an_answer() -> None:
    with pytest.raises(ValueError, match="known: "):
        load().documents("wish-list")
    with pytest.raises(LookupError, match="en-15348"):
        load().document("standard", "en-0")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**20), max_value=10**20))
def test_numbers_arrive_digit_by_digit(value: Decimal) -> None:
    assert f"{read(f'x: {value:f}')[0]['x']:f}" == f"{value:f}"


@given(st.dates())
def test_days_arrive_as_days(day: date) -> None:
    assert read(f"x: {day.isoformat()}")[0]["x"] == day


def test_yaml_guesses_nothing() -> None:
    text = "a: no\nb: 010\nc: 1:30\nd: 0x1F\ne: 1.05.00\nf: .inf\ng: 1_000\nh: true\ni: ~\nj: 1.50\n"
    assert list(read(text)[0].values()) == [
        "no",
        "010",
        "1:30",
        "0x1F",
        "1.05.00",
        ".inf",
        "1_000",
        True,
        None,
        Decimal("1.50"),
    ]
    with pytest.raises(Unreadable):
        read("a: !!python/object/apply:os.getcwd []")


@given(st.recursive(st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_freezing_keeps_the_shape(value: object) -> None:
    def thawed(item: object) -> object:
        if isinstance(item, tuple):
            return [thawed(part) for part in item]
        return {key: thawed(part) for key, part in item.items()} if hasattr(item, "items") else item

    assert thawed(frozen(value)) == value


# --- materials and properties on the shelf


def test_the_ten_first_materials_are_there_with_names_in_seven_languages() -> None:
    known = taxonomy(load())
    codes = ["pet", "pe.hd", "pe.ld", "pp", "ps", "pvc"]
    wanted = [f"plastics.{code}" for code in codes]
    wanted += ["paper.corrugated", "glass.container", "metals.aluminium", "metals.ferrous"]
    for code in wanted:
        assert set(known.material(code).names) == {"en", "ja", "id", "th", "vi", "ms", "fil"}, code
    for form in known.forms.values():
        assert set(form.names) == {"en", "ja", "id", "th", "vi", "ms", "fil"}, form.code


def test_a_scope_covers_what_is_below_it_and_nothing_beside() -> None:
    known = taxonomy(load())
    assert known.ancestors("plastics.pe.hd") == ("plastics.pe", "plastics")
    assert known.covered(["plastics.pe"]) == {"plastics.pe", "plastics.pe.hd", "plastics.pe.ld", "plastics.pe.lld"}
    assert known.covered(["plastics.pe"], children=False) == {"plastics.pe"}
    assert "plastics.pp" in known.covered(["plastics"])
    with pytest.raises(LookupError):
        known.covered(["plastics.gold"])


def test_a_material_of_a_foreign_family_or_with_an_unknown_form_is_refused(tmp_path: Path) -> None:
    head = "kind: material-taxonomy\nid: wood\ncertainty: secondary\nsource: a test\nfamily: {names: {en: Wood}}\n"
    chips = 'materials: [{code: wood.chips, names: {en: Chips}, forms: [loose], hs_scrap: ["440100"]}]\n'
    with pytest.raises(TaxonomyError, match="forms loose"):
        taxonomy(read_catalogue(shelf(tmp_path, wood=head + chips)))
    with pytest.raises(TaxonomyError, match="family wood"):
        taxonomy(read_catalogue(shelf(tmp_path, wood=head + chips.replace("wood.chips", "straw.chips"))))


def test_every_range_of_a_property_lies_inside_what_is_physically_possible() -> None:
    known, materials = properties(load()), taxonomy(load())
    assert len(known) >= 93
    for found in known.values():
        for code, plausible in found.plausible.items():
            assert code in materials.materials
            assert found.physical is not None
            assert found.physical.low <= plausible.low < plausible.high <= found.physical.high, found.code
