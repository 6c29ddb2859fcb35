"""Materials: families, materials, forms and origins, with their codes; scope and search ask who is whose parent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from standards.catalogue import Catalogue


class TaxonomyError(ValueError):
    """The taxonomy contradicts itself: an unknown parent or form, a code of another family, a code twice."""


@dataclass(frozen=True)
class HsCandidate:
    """A possible HS heading of six digits and the condition in words; never a binding classification."""

    code: str
    when: str | None


@dataclass(frozen=True)
class Family:
    """A family of materials with its names by language."""

    code: str
    names: Mapping[str, str]


@dataclass(frozen=True)
class Form:
    """How a material is handled; `usual_state` (waste, product, open) is a proposal, never a legal finding.

    `primary_form` in the sense of HS Chapter 39 Note 6; None where customs rulings differ.
    """

    code: str
    usual_state: str
    primary_form: bool | None
    names: Mapping[str, str]


@dataclass(frozen=True)
class Origin:
    """A class of origin and whether it counts as recycled (ISO 14021)."""

    code: str
    recycled: bool
    names: Mapping[str, str]


@dataclass(frozen=True)
class Material:
    """One material: its family, its parent material if any, symbol (ISO 1043-1), forms and HS candidates."""

    code: str
    family: str
    parent: str | None
    names: Mapping[str, str]
    forms: tuple[str, ...]
    symbol: str | None
    resin_code: int | None
    hs_scrap: tuple[str, ...]
    hs_primary: tuple[HsCandidate, ...]
    certainty: str
    note: str | None = None


@dataclass(frozen=True)
class Taxonomy:
    """All families, materials, forms and origins by code."""

    families: Mapping[str, Family]
    materials: Mapping[str, Material]
    forms: Mapping[str, Form]
    origins: Mapping[str, Origin]

    def material(self, code: str) -> Material:
        """The material of a code; LookupError for an unknown one."""
        if (found := self.materials.get(code)) is None:
            raise LookupError(f"no material {code!r} in the taxonomy")
        return found

    def ancestors(self, code: str) -> tuple[str, ...]:
        """What a material is a kind of: parents, nearest first, and its family last; LookupError if unknown."""
        material = self.material(code)
        return (material.parent, *self.ancestors(material.parent)) if material.parent else (material.family,)

    def covered(self, codes: Iterable[str], *, children: bool = True) -> frozenset[str]:
        """All materials that the codes (materials or families) speak of, with what is below them if `children`."""
        wanted = frozenset(codes)
        if unknown := wanted - self.materials.keys() - self.families.keys():
            raise LookupError(f"no material or family {', '.join(sorted(unknown))} in the taxonomy")
        below = (code for code in self.materials if children and wanted.intersection(self.ancestors(code)))
        return (wanted & self.materials.keys()) | frozenset(below)


def taxonomy(catalogue: Catalogue) -> Taxonomy:
    """The taxonomy of all `material-taxonomy` documents; TaxonomyError where they contradict each other."""
    families: dict[str, Family] = {}
    materials: dict[str, Material] = {}
    forms: dict[str, Form] = {}
    origins: dict[str, Origin] = {}
    for document in catalogue.documents("material-taxonomy"):
        data = document.data
        if "family" in data:
            families[document.id] = Family(document.id, data["family"]["names"])
        for item in data.get("materials", ()):
            if item["code"] in materials:
                raise TaxonomyError(f"{document.path}: material {item['code']} stands twice")
            materials[item["code"]] = _material(item, document.id, data["certainty"])
        for item in data.get("forms", ()):
            forms[item["code"]] = Form(item["code"], item["usual_state"], item["primary_form"], item["names"])
        for item in data.get("origins", ()):
            origins[item["code"]] = Origin(item["code"], item["recycled"], item["names"])
    _check(families, materials, forms)
    frozen = MappingProxyType
    return Taxonomy(frozen(families), frozen(materials), frozen(forms), frozen(origins))


def _material(item: Mapping[str, Any], family: str, certainty: str) -> Material:
    return Material(
        code=item["code"],
        family=family,
        parent=item.get("parent"),
        names=item["names"],
        forms=item["forms"],
        symbol=item.get("symbol"),
        resin_code=item.get("resin_code"),
        hs_scrap=item["hs_scrap"],
        hs_primary=tuple(
            HsCandidate(candidate["code"], candidate.get("when")) for candidate in item.get("hs_primary", ())
        ),
        certainty=certainty,
        note=item.get("note"),
    )


def _check(families: Mapping[str, Family], materials: Mapping[str, Material], forms: Mapping[str, Form]) -> None:
    for material in materials.values():
        if material.family not in families or not material.code.startswith(f"{material.family}."):
            raise TaxonomyError(f"material {material.code} does not belong to the family {material.family}")
        # a parent's code is a prefix of its child's, so no circle can arise
        if material.parent and (
            material.parent not in materials or not material.code.startswith(f"{material.parent}.")
        ):
            raise TaxonomyError(f"material {material.code} names the parent {material.parent}, which cannot be it")
        if unknown := set(material.forms) - forms.keys():
            raise TaxonomyError(f"material {material.code} names unknown forms {', '.join(sorted(unknown))}")
