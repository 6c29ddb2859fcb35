"""Catalogue: the one shelf of dated documents of law and standards, each checked against its kind's schema at load."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jsonschema_rs

from standards.exactyaml import Unreadable, frozen, json_view, line_of, read

CATALOGUE = Path(__file__).parent / "catalogue"
SCHEMAS = CATALOGUE / "schema"
KINDS = frozenset(
    {"material-taxonomy", "property-list", "code-list", "standard", "rule-pack", "controls", "border-law"}
)


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
    data: Mapping[str, Any] = field(repr=False, hash=False)
    digest: str


@dataclass(frozen=True)
class Catalogue:
    """All documents of one root; `digest` is sha256 over the sorted lines of path and sha256 of the file's bytes."""

    digest: str
    _documents: Mapping[str, Mapping[str, Document]] = field(repr=False, hash=False)

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


def load(root: Path = CATALOGUE) -> Catalogue:
    """Read and check every `**/*.yaml` under `root`; CatalogueError lists every problem of every file."""
    validators: dict[str, jsonschema_rs.Draft202012Validator] = {}
    problems: list[Problem] = []
    shelf: dict[tuple[str, str], Document] = {}
    for file in sorted(root.rglob("*.yaml")):
        path = file.relative_to(root).as_posix()
        try:
            document = _document(file.read_bytes(), path, validators)
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


def _document(raw: bytes, path: str, validators: dict[str, jsonschema_rs.Draft202012Validator]) -> Document:
    try:
        data, node = read(raw.decode())
    except Unreadable as error:
        raise CatalogueError(Problem(path, error.line, error.key, error.sentence, error.fix)) from None
    except UnicodeDecodeError as error:
        raise CatalogueError(Problem(path, 1, "", str(error), "save the file as UTF-8")) from None

    def problem(at: Sequence[str | int], sentence: str, fix: str) -> Problem:
        return Problem(path, line_of(node, at), "/".join(map(str, at)), sentence, fix)

    kind, id = data.get("kind"), data.get("id")
    if kind not in KINDS:
        raise CatalogueError(problem(["kind"], f"unknown kind {kind!r}", f"use one of {', '.join(sorted(KINDS))}"))
    if not isinstance(id, str) or not id:
        raise CatalogueError(problem(["id"], "the id is missing or not text", "write id: with a text"))
    if kind not in validators:
        if not (SCHEMAS / f"{kind}.json").is_file():
            raise CatalogueError(problem(["kind"], f"the kind {kind!r} has no schema", f"write schema/{kind}.json"))
        schema = json.loads((SCHEMAS / f"{kind}.json").read_text("utf-8"))
        validators[kind] = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    errors = list(validators[kind].iter_errors(json_view(data)))
    if errors:
        fix = f"follow schema/{kind}.json"
        raise CatalogueError(*(problem(list(error.instance_path), error.message, fix) for error in errors))
    return Document(kind, id, path, frozen(data), hashlib.sha256(raw).hexdigest())
