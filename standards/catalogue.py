"""Catalogue: the one shelf of dated documents of law and standards, each checked against its kind's schema at load."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jsonschema_rs
import yaml

from standards.exactyaml import Unreadable, frozen, json_view, line_of, read
from standards.faults import faults, nearest

CATALOGUE = Path(__file__).parent / "catalogue"
SCHEMAS = CATALOGUE / "schema"
KINDS = frozenset(
    {
        "material-taxonomy", "property-list", "code-list", "standard", "rule-pack", "controls", "recognition",
        "trade-practice", "border-law", "mass-balance-scheme",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """One thing wrong in one file: where it stands (line from 1, key as a/b/0) and what to do."""

    path: str
    line: int
    key: str
    sentence: str
    fix: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.key or 'document'}: {self.sentence} - {self.fix}"


class CatalogueError(ValueError):
    """The catalogue cannot be read; `problems` holds everything found, in every file."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True)
class Document:
    """One YAML document; `data` is deeply read-only (mappings, tuples), numbers are int or Decimal, days are date."""

    kind: str
    id: str
    path: str
    data: Mapping[str, Any] = field(repr=False, compare=False)
    digest: str


@dataclass(frozen=True)
class Catalogue:
    """All documents of one root; `digest` is sha256 over the sorted lines of path and sha256 of the file's bytes.

    Two with the same digest are the same, so that what is kept for one is found for the other without reading either.
    """

    digest: str
    _documents: Mapping[str, Mapping[str, Document]] = field(repr=False, compare=False)

    def documents(self, kind: str) -> tuple[Document, ...]:
        """Every document of a kind, ordered by id; ValueError for a kind that does not exist."""
        return tuple(self._of(kind).values())

    def document(self, kind: str, id: str) -> Document:
        """The document of that kind and id; LookupError names what there is."""
        if (document := self._of(kind).get(id)) is None:
            raise LookupError(f"no {kind} {id!r} in the catalogue; known: {', '.join(self._of(kind)) or 'none'}")
        return document

    def _of(self, kind: str) -> Mapping[str, Document]:
        if kind not in KINDS:
            raise ValueError(f"no such kind of document: {kind!r}; known: {', '.join(sorted(KINDS))}")
        return self._documents[kind]


@cache
def load() -> Catalogue:
    """The catalogue that came with this release, read once a process."""
    return read_catalogue(CATALOGUE)


def read_catalogue(root: Path) -> Catalogue:
    """Read and check every `**/*.yaml` under `root`; CatalogueError lists every problem of every file."""
    problems: list[Problem] = []
    shelf: dict[tuple[str, str], Document] = {}
    for file in sorted(root.rglob("*.yaml")):
        path = file.relative_to(root).as_posix()
        try:
            document = read_document(file.read_bytes(), path).document
        except CatalogueError as error:
            problems.extend(error.problems)
            continue
        if (twin := shelf.setdefault((document.kind, document.id), document)) is not document:
            sentence = f"{document.kind} {document.id!r} already stands in {twin.path}"
            problems.append(Problem(path, 1, "id", sentence, "give it another id"))
    if problems:
        raise CatalogueError(*problems)
    by_kind = {kind: MappingProxyType({i: shelf[k, i] for k, i in sorted(shelf) if k == kind}) for kind in KINDS}
    lines = "".join(f"{d.path}\n{d.digest}\n" for d in sorted(shelf.values(), key=lambda d: d.path))
    return Catalogue(hashlib.sha256(lines.encode()).hexdigest(), MappingProxyType(by_kind))


@dataclass(frozen=True)
class Read:
    """A document and where its lines are, so that a fault found later can still be told at its place."""

    document: Document
    node: yaml.Node = field(repr=False)

    def problem(self, at: Sequence[str | int], sentence: str, fix: str) -> Problem:
        """Something wrong at a path of keys and indexes."""
        return Problem(self.document.path, line_of(self.node, at), "/".join(map(str, at)), sentence, fix)


def read_document(raw: bytes, path: str, *, trusted: bool = True) -> Read:
    """One document, checked against its kind's schema; CatalogueError lists everything that is wrong with it.

    A stranger's (not `trusted`) may not be nested or long beyond reason either.
    """
    try:
        data, node = read(raw.decode(), trusted=trusted)
    except Unreadable as error:
        raise CatalogueError(Problem(path, error.line, error.key, error.sentence, error.fix)) from None
    except UnicodeDecodeError as error:
        raise CatalogueError(Problem(path, 1, "", str(error), "save the file as UTF-8")) from None
    kind, id, digest = data.get("kind"), data.get("id"), hashlib.sha256(raw).hexdigest()
    told = Read(Document(str(kind), str(id), path, frozen(data), digest), node)
    if not isinstance(kind, str) or kind not in KINDS:
        raise CatalogueError(told.problem(["kind"], f"unknown kind {kind!r}", nearest(kind, sorted(KINDS), "use")))
    if not isinstance(id, str) or not id:
        raise CatalogueError(told.problem(["id"], "the id is missing or not text", "write id: with a text"))
    schema, validator = schema_of(kind)
    if found := faults(validator, schema, json_view(data)):
        raise CatalogueError(*(told.problem(*fault) for fault in found))
    return told


@cache
def schema_of(kind: str) -> tuple[dict[str, Any], jsonschema_rs.Draft202012Validator]:
    """The schema of a kind of document, and its validator; LookupError for a kind without one."""
    file = SCHEMAS / f"{kind}.json"
    if not file.is_file():
        raise LookupError(f"the kind {kind!r} has no schema: write schema/{kind}.json")
    schema = json.loads(file.read_text("utf-8"))
    return schema, jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
