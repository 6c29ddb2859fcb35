"""Vocabularies: the master data that documents carry in their header, kept for queries that ask by it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from traceability.events.reading import read
from traceability.querying.canonical import Names, canonical, names_of
from traceability.querying.tables import VocabularyRow

LONGEST = 2000
"""Characters of an element's identity."""


def elements_of(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], list[str]]]:
    """Of a valid document: type, canonical id, attributes by address, and the elements that lie in it."""
    names = names_of(document.get("@context"))
    header = document.get("epcisHeader") or {}
    for vocabulary in (header.get("epcisMasterData") or {}).get("vocabularyList") or ():
        for element in vocabulary.get("vocabularyElementList") or ():
            attributes = {
                names.one(each["id"]): _said(each.get("attribute")) for each in element.get("attributes") or ()
            }
            inside = [canonical(names.one(child)) for child in element.get("children") or ()]
            yield names.one(vocabulary["type"]), _id(element["id"], names), attributes, inside


def _id(text: str, names: Names) -> str:
    return canonical(names.one(text))


def _said(value: Any) -> Any:
    """Texts and numbers as texts, which is what a query gives; objects as they are."""
    return value if isinstance(value, dict) or value is None else str(value)


async def keep_master_data(session: AsyncSession, organisation_id: int, raw: bytes, moment: datetime) -> None:
    """Keep what a captured document's header says; a later document about the same element replaces it."""
    if b'"epcisMasterData"' not in raw:
        return
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for kind, element, attributes, children in elements_of(read(raw.removeprefix(b"\xef\xbb\xbf"))):
        if len(kind) + len(element) <= LONGEST:
            rows[kind, element] = {
                "organisation_id": organisation_id, "type": kind, "id": element, "children": children,
                "attributes": msgspec.json.decode(msgspec.json.encode(attributes)), "captured_at": moment,
            }  # fmt: skip
    if not rows:
        return
    new = insert(VocabularyRow)
    replaced = {name: new.excluded[name] for name in ("attributes", "children", "captured_at")}
    keys = ("organisation_id", "type", "id")
    await session.execute(
        new.on_conflict_do_update(index_elements=keys, set_=replaced), [rows[key] for key in sorted(rows)]
    )
