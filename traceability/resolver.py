"""Resolver: what a scanned code names, split from the raw path before it is decoded once, and what we answer with."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.errors import Invalid, NotFound
from traceability.identifiers import KeyInvalid, canonical_key, lot_uri, parse_link, read_human_code
from traceability.identifiers.application import QUALIFIERS
from traceability.identifiers.own import LENGTH
from traceability.tables import LotRow

Answer = Literal["page", "json", "linkset"]

GS1_HOST: Final = "https://id.gs1.org"
VOCABULARY: Final = "https://ref.gs1.org/voc/"
LINKSET: Final = "application/linkset+json"

PRIMARY_KEYS: Final = tuple(sorted(QUALIFIERS))


class NotADigitalLink(Invalid):
    """The path names a GS1 key, but not as the syntax of GS1 Digital Link URIs allows."""

    code = "NOT_A_DIGITAL_LINK"


@dataclass(frozen=True, slots=True)
class Link:
    """A GS1 key and what qualifies it, as (application identifier, decoded value) pairs, the key first."""

    parts: tuple[tuple[str, str], ...]

    @property
    def path(self) -> str:
        """`/01/.../10/...`, every value percent-encoded."""
        return "".join(f"/{ai}/{quote(value, safe='')}" for ai, value in self.parts)

    def levels(self) -> tuple["Link", ...]:
        """The link itself, then without its finest qualifier, down to the key alone."""
        return tuple(Link(self.parts[:end]) for end in range(len(self.parts), 0, -1))


def link_of(raw_path: str) -> Link:
    """Read `/01/<gtin>/10/<lot>` from the raw (still percent-encoded) path. Raises NotADigitalLink."""
    try:
        found = parse_link(GS1_HOST + raw_path.partition("?")[0].removesuffix("/"))
    except KeyInvalid as wrong:
        raise NotADigitalLink(
            f"This is no GS1 Digital Link: {wrong}.", field="path", value=raw_path,
            fix="Scan the code again, or check what was typed.",
        ) from wrong  # fmt: skip
    return Link(found.path)


def address(base: str, uri: str, token: str | None) -> str:
    """Where a label of this lot leads: to this resolver, where the lot has a token or a GS1 key."""
    if token is not None:
        return lot_uri(base, token)
    return base.rstrip("/") + uri.removeprefix(GS1_HOST) if uri.startswith(f"{GS1_HOST}/") else uri


async def at_link(record: AsyncSession, link: Link) -> LotRow:
    """The lot that a Digital Link names, or that a serial number of it belongs to. Raises NotFound."""
    for level in link.levels():
        named = select(LotRow).where(LotRow.uri == canonical_key(GS1_HOST + level.path))
        if (lot := await record.scalar(named)) is not None:
            return lot
    raise NotFound("The record knows no such label.", field="label", value=link.path)


async def at_token(record: AsyncSession, text: str) -> LotRow:
    """The lot of one of our own labels, by its token or by the human code printed under it. Raises NotFound."""
    typed = text.strip()
    found = select(LotRow).where(LotRow.token == typed)
    if len(typed) != LENGTH and (code := read_human_code(typed)) is not None:
        found = select(LotRow).where(LotRow.token.between(code, code + "Z" * (LENGTH - len(code))))
    lot = await record.scalar(found.order_by(LotRow.id).limit(1))
    if lot is None:
        raise NotFound("The record knows no such label.", field="label", value=text)
    return lot


def answer_for(accept: str, link_type: str | None) -> Answer:
    """Page, data or links: by `linkType`, else by the Accept header (RFC 9110, 12.5.1). Raises NotFound.

    A link type that we hold nothing under is not there; all others are told by the page itself.
    """
    if link_type is not None:
        if link_type in {"linkset", "all"}:
            return "linkset"
        if link_type.rpartition(":")[2] not in {*TYPES, "defaultLink"}:
            raise NotFound(f"There is no link of the type {link_type}.", field="linkType", value=link_type)
        return "page"
    best: tuple[float, Answer] = (0.0, "page")
    for wish in accept.lower().split(",")[:30]:
        kind, _, parameters = wish.partition(";")
        answer = _MEDIA.get(kind.strip())
        weight = re.search(r"\bq\s*=\s*([01](?:\.\d{0,3})?)", parameters)
        quality = float(weight[1]) if weight else 1.0
        if answer is not None and quality > best[0]:
            best = (quality, answer)
    return best[1]


_MEDIA: Final[Mapping[str, Answer]] = {
    "text/html": "page", "application/xhtml+xml": "page", "*/*": "page", "application/json": "json", LINKSET: "linkset",
}  # fmt: skip
TYPES: Final = ("pip", "traceability", "certificationInfo", "recyclingInfo")


def linkset(anchor: str, data: str, title: str, languages: Sequence[str]) -> dict[str, Any]:
    """What is known under `anchor` (RFC 9264, GS1 link types): the page in all languages, and the passport as data."""
    page = {"href": anchor, "title": title, "type": "text/html", "hreflang": list(languages)}
    links: dict[str, Any] = {f"{VOCABULARY}{kind}": [page] for kind in TYPES}
    links[f"{VOCABULARY}traceability"] = [page, {"href": data, "title": title, "type": "application/json"}]
    default = {f"{VOCABULARY}defaultLink": [{"href": anchor, "title": title}]}
    return {"linkset": [{"anchor": anchor, "itemDescription": title, **default, **links}]}


def description(base: str) -> dict[str, Any]:
    """What `/.well-known/gs1resolver` tells of this resolver."""
    return {
        "name": "Junkan", "resolverRoot": base, "supportedPrimaryKeys": list(PRIMARY_KEYS),
        "linkTypeDefaultCanBeLinkset": False,
        "supportedLinkType": [{"namespace": VOCABULARY, "prefix": "gs1:", "links": list(TYPES)}],
    }  # fmt: skip
