"""Shelf: every law of borders that the catalogue holds, read once and checked against the others."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from standards.borders.gates import Source
from standards.borders.members import Body, Membership
from standards.borders.reading import BorderLawError, Reader, binds
from standards.borders.rules import (
    Agreement,
    Borders,
    Content,
    Criterion,
    Due,
    EndOfWaste,
    Entry,
    Movement,
    Paper,
    Procedure,
    PurityLimit,
    Reading,
    Regime,
    Tariff,
    TariffRule,
)
from standards.catalogue import Catalogue, Document
from standards.materials import taxonomy

KIND = "border-law"


def borders(catalogue: Catalogue) -> Borders:
    """Everything on borders. Raises BorderLawError for a law that names what is not there."""
    words, documents = taxonomy(catalogue), catalogue.documents(KIND)
    names = frozenset(document.data["members"]["body"] for document in documents if "members" in document.data)
    read = [(document, Reader(document.path, document.data["sources"], words, names)) for document in documents]
    bodies = {body.id: body for document, reader in read for body in _bodies(document, reader)}
    for document, _ in read:
        body = binds(document.data).body
        if body is not None and body not in bodies:
            raise BorderLawError(f"{document.path}: binds: there is no body {body!r}")
    tariffs = [_tariff(document.data["tariff"], reader) for document, reader in read if "tariff" in document.data]
    if len(tariffs) != 1:
        raise BorderLawError(f"the catalogue holds {len(tariffs)} tariffs; it must hold one")
    return Borders(
        bodies=MappingProxyType(bodies),
        end_of_waste=tuple(each for one in read for each in _end_of_waste(*one)),
        limits=tuple(each for one in read for each in _limits(*one)),
        readings=tuple(each for one in read for each in _readings(*one)),
        entries=tuple(sorted((each for one in read for each in _entries(*one)), key=lambda entry: entry.rank)),
        movements=tuple(each for one in read for each in _movements(*one)),
        content=tuple(each for one in read for each in _content(*one)),
        regimes=tuple(sorted((each for one in read for each in _regimes(*one)), key=lambda regime: regime.rank)),
        papers=tuple(_paper(item, reader) for document, reader in read for item in document.data.get("papers", ())),
        tariff=tariffs[0],
        agreements=tuple(each for one in read for each in _agreements(*one)),
        digest=catalogue.digest,
    )


def _bodies(document: Document, reader: Reader) -> Iterator[Body]:
    said = document.data.get("members")
    if said is None:
        return
    rows = [
        Membership(
            frozenset(row["states"]), row.get("belongs", True), row.get("from", row.get("known_since")),
            row.get("until"), "from" in row, reader.source(row, f"members of {said['body']}"),
        )
        for row in said["rows"]
    ]  # fmt: skip
    yield Body(said["body"], said["complete"], tuple(rows), reader.source(said, said["body"]))


def _end_of_waste(document: Document, reader: Reader) -> Iterator[EndOfWaste]:
    for item in document.data.get("end_of_waste", ()):
        name = item["id"]
        yield EndOfWaste(
            name, item["names"], binds(document.data), reader.when(item, name), item["standard"],
            reader.source(item, name),
        )  # fmt: skip


def _limits(document: Document, reader: Reader) -> Iterator[PurityLimit]:
    for item in document.data.get("purity", {}).get("limits", ()):
        name = item["id"]
        yield PurityLimit(
            name, binds(document.data), reader.when(item, name), Decimal(item["at_most"]), reader.source(item, name)
        )


def _readings(document: Document, reader: Reader) -> Iterator[Reading]:
    for item in document.data.get("purity", {}).get("not_almost_free", ()):
        name = item["id"]
        yield Reading(name, item["names"], binds(document.data), reader.when(item, name), reader.source(item, name))


def _entries(document: Document, reader: Reader) -> Iterator[Entry]:
    for item in document.data.get("entries", ()):
        code = item["code"]
        yield Entry(code, item["controlled"], item["rank"], reader.when(item, code), reader.source(item, code))


def _movements(document: Document, reader: Reader) -> Iterator[Movement]:
    for item in document.data.get("movements", ()):
        name, listed = item["id"], item.get("listed")
        yield Movement(
            name, item["names"], binds(document.data), item["direction"], reader.when(item, name), item["effect"],
            item.get("paper"), reader.when(item, name, "requires"), None if listed is None else frozenset(listed),
            reader.source(item, name),
        )  # fmt: skip


def _content(document: Document, reader: Reader) -> Iterator[Content]:
    for item in document.data.get("recycled_content", ()):
        name = item["id"]
        yield Content(
            name, item["names"], binds(document.data), reader.when(item, name), reader.when(item, name, "counts"),
            reader.source(item, name),
        )  # fmt: skip


def _regimes(document: Document, reader: Reader) -> Iterator[Regime]:
    said = document.data.get("regime")
    if said is None:
        return
    # a paper stands in its regime's source and holds as long, unless it says otherwise
    shared = {key: said[key] for key in ("source", "certainty", "from", "until") if key in said}
    procedures = tuple(
        Procedure(
            item["id"], reader.when(item, item["id"]),
            tuple(_paper({**shared, **paper}, reader) for paper in item.get("papers", ())),
        )
        for item in said["procedures"]
    )  # fmt: skip
    source = reader.source(said, document.id)
    yield Regime(
        document.id, document.data["names"], said["rank"], reader.when(said, document.id, "applies"), procedures, source
    )


def _paper(item: Mapping[str, Any], reader: Reader) -> Paper:
    name = item["paper"]
    dues = tuple(
        Due(due["of"], due.get("days", 0), due.get("years", 0), due.get("working", False), due.get("before", False))
        for due in item.get("due", ())
    )
    return Paper(name, item["by"], reader.when(item, name), dues, reader.source(item, name))


def _tariff(said: Mapping[str, Any], reader: Reader) -> Tariff:
    codes = {item["code"]: reader.when(item, item["code"]) for item in said["codes"]}
    source = reader.source(said, "tariff")
    return Tariff(
        said["edition"], MappingProxyType(codes), tuple(_tariff_rule(item, reader) for item in said["rules"]), source
    )


def _tariff_rule(item: Mapping[str, Any], reader: Reader) -> TariffRule:
    unknown = [code for code in item["materials"] if code not in reader.taxonomy.materials]
    if unknown:
        raise BorderLawError(f"{reader.path}: tariff: there is no material {unknown[0]!r}")
    forms, codes = item.get("forms"), item.get("codes")
    return TariffRule(
        frozenset(item["materials"]), None if forms is None else frozenset(forms),
        None if codes is None else tuple(codes), item.get("practice"), reader.source(item, "tariff rule"),
    )  # fmt: skip


def _agreements(document: Document, reader: Reader) -> Iterator[Agreement]:
    said = document.data.get("preference")
    if said is None:
        return

    def source(key: str) -> Source:
        return reader.source(said[key], f"{document.id} {key}")

    yield Agreement(
        id=document.id,
        names=document.data["names"],
        body=document.data["members"]["body"],
        hub=said.get("hub"),
        wholly_obtained=source("wholly_obtained"),
        cumulation=source("cumulation"),
        criteria=tuple(
            Criterion(item["criterion"], _limit(item), reader.source(item, document.id)) for item in said["criteria"]
        ),
        de_minimis=Decimal(said["de_minimis"]["percent_of_fob"]),
        de_minimis_not_chapters=frozenset(said["de_minimis"]["not_chapters"]),
        de_minimis_source=source("de_minimis"),
        minimal=frozenset(said["minimal_operations"]["operations"]),
        minimal_source=source("minimal_operations"),
        proofs=tuple(said["proofs"]["papers"]),
        proof_source=source("proofs"),
    )


def _limit(item: Mapping[str, Any]) -> Decimal | None:
    return Decimal(item["at_least"]) if "at_least" in item else None
