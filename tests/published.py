"""The published catalogue of material standards, read in place and told in this house's words."""

from functools import cache
from typing import Any

from standards.catalogue import Catalogue, load
from standards.conformity import Standard, standard_from
from standards.exactyaml import read
from standards.materials import taxonomy
from standards.properties import properties
from tests.shared import REFERENCE_DATA

PUBLISHED = REFERENCE_DATA / "material-standards"
CASE_FILES = ("plastics", "grades", "end-of-waste", "substances", "schemes")
ABOUT = {"recyclate_characterisation": "characterisation", "grade_specification": "grade"}
RELATIONS = {"identical": "identical", "equivalent": "equivalent", "similar": "similar"}


@cache
def catalogue() -> Catalogue:
    return load()


def cases(*names: str) -> list[dict[str, Any]]:
    """Every published case of these files; none where the data are not beside this clone (the tests then skip)."""
    files = [PUBLISHED / f"cases/{name}.yaml" for name in names or CASE_FILES]
    return [case for file in files if file.is_file() for case in read(file.read_text("utf-8"))[0]["cases"]]


def names() -> list[str]:
    """The ids of the published standards."""
    return [file.stem for file in sorted((PUBLISHED / "standards").glob("*.yaml"))]


def raw(name: str) -> dict[str, Any]:
    """A published file as it stands."""
    return read((PUBLISHED / f"{name}.yaml").read_text("utf-8"))[0]


def in_house_words(value: Any) -> Any:
    """The published files say `verification` where this house says `certainty`, and nest what follows a failure."""
    match value:
        case dict():
            told = {{"verification": "certainty"}.get(key, key): in_house_words(item) for key, item in value.items()}
            return {**told, **told.pop("on_fail", {})}
        case list():
            return [in_house_words(item) for item in value]
        case _:
            return value


@cache
def published(id: str) -> Standard:
    """A published standard as this engine reads it."""
    data = in_house_words(raw(f"standards/{id}"))
    places, kind = data["jurisdictions"], data["kind"]
    related = [
        {"in": item["in"], "standard": item["standard"], "relation": item.get("relation", RELATIONS[name])}
        for name in RELATIONS
        for item in places.get(name, ())
    ]
    ours = {
        **data, "kind": "standard", "about": ABOUT.get(kind, kind), "jurisdictions": places["native"],
        "used_in": places.get("commonly_used_in", ()), "related": related,
    }  # fmt: skip
    return standard_from(ours, properties(catalogue()), taxonomy(catalogue()))
