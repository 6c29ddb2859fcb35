"""Statements: what a lot's maker or holder says of it, each a fact of the log, until the same firm withdraws it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column

from foundation.access import Actor
from foundation.database import Base
from foundation.errors import Conflict, Forbidden, Invalid, NotFound
from standards.catalogue import Catalogue
from standards.conformity.shelf import shelf_of
from standards.conformity.wanting import wanted
from traceability.evidence import lot_id_for
from traceability.identifiers import canonical_key
from traceability.preparing import fact, id_of
from traceability.sequencing.commands import Accepted, Command, IndexOf, Kind, Write
from traceability.sequencing.sequencer import Sequencer
from traceability.tables import LotRow

GRADE: Final = "claimed_grade"
# The ledger itself knows these; nobody's word goes beside it.
KNOWN_OTHERWISE: Final = frozenset({"origin", "chain_of_custody", "material", "form"})
LONGEST: Final = 200
INSERT: Final = """
INSERT INTO statement (fact_index, lot_id, organisation_id, name, said, words, stated_on, follows)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING
"""


class StatementRow(Base):
    """What a firm says of a lot: yes or no, or words; neither where it withdraws the one that it follows."""

    __tablename__ = "statement"
    fact_index: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int]
    organisation_id: Mapped[int]
    name: Mapped[str]
    said: Mapped[bool | None]
    words: Mapped[str | None]
    stated_on: Mapped[date]
    follows: Mapped[int | None]

    @property
    def stands(self) -> bool:
        """Whether it says something, and is no withdrawal."""
        return self.said is not None or self.words is not None


@dataclass(frozen=True, slots=True)
class Saying:
    """Something a firm says of a lot: yes or no, or a word (the value of an attribute, a claimed grade)."""

    lot: str
    name: str
    value: bool | str


@lru_cache(maxsize=64)
def sayable(catalogue: Catalogue, material: str) -> Mapping[str, tuple[bool | str, ...]]:
    """What can be said of a lot of a material, because some standard asks for it, with the values that are known."""
    asked = wanted(shelf_of(catalogue).standards.values(), material)
    found: dict[str, tuple[bool | str, ...]] = dict.fromkeys(asked.most(asked.statements), (True, False))
    for name, values in sorted(asked.attributes.items()):
        if name not in KNOWN_OTHERWISE:
            found[name] = (True, False) if any(isinstance(value, bool) for value in values) else tuple(values)
    return found | ({GRADE: tuple(dict.fromkeys(code for _, code in asked.grades))} if asked.grades else {})


def check_saying(saying: Saying, catalogue: Catalogue, material: str) -> None:
    """Some standard asks for it, and its value is of the kind that is asked. Raises Invalid."""
    known = sayable(catalogue, material)
    if saying.name not in known:
        near = get_close_matches(saying.name, known, 3, 0.4)
        raise Invalid(
            "No standard asks for such a statement of this material.", field="name", value=saying.name,
            fix=f"Did you mean {' or '.join(near)}?" if near else f"Use one of {', '.join(known)}.",
        )  # fmt: skip
    values = known[saying.name]
    asks_yes_or_no = True in values
    said_yes_or_no = isinstance(saying.value, bool)
    wordy = isinstance(saying.value, str) and 0 < len(saying.value.strip()) <= LONGEST
    if asks_yes_or_no != said_yes_or_no or not (said_yes_or_no or wordy):
        raise Invalid(
            f"{saying.name} is not answered so.", field="value", value=saying.value,
            fix="Say true or false." if asks_yes_or_no else f"Say one of {', '.join(map(str, values))}, or a word.",
        )  # fmt: skip


async def state(
    session: AsyncSession, sequencer: Sequencer, actor: Actor, catalogue: Catalogue, saying: Saying, moment: datetime
) -> Accepted:
    """Say something of a lot that the actor made or holds; what the firm said of it before is replaced.

    Raises NotFound, Forbidden (a laboratory or certifier has other means), Invalid, or Conflict where the same stands.
    """
    actor.must("capture")
    if actor.organisation_roles & {"laboratory", "certifier"}:
        raise Forbidden(
            "A lot's maker or holder makes statements of it.", field="lot",
            fix="Record a test result or a certificate instead.",
        )  # fmt: skip
    lot_id = await lot_id_for(session, actor, saying.lot)
    lot = await session.get_one(LotRow, lot_id)
    check_saying(saying, catalogue, lot.material)
    before = await _head(session, lot_id, actor.organisation_id, saying.name)
    value = saying.value.strip() if isinstance(saying.value, str) else saying.value
    if before is not None and value in (before.said, before.words):
        raise Conflict("You have stated this already.", field="name", value=saying.name, leaf_index=before.fact_index)
    follows = before.fact_index if before is not None else None
    return await _enter(sequencer, actor, "statement", lot, saying.name, value, follows, moment)


async def withdraw(session: AsyncSession, sequencer: Sequencer, actor: Actor, index: int, moment: datetime) -> Accepted:
    """Take back what the firm said; it stays readable, and counts no more. Raises NotFound, Conflict."""
    actor.must("capture")
    row = await session.get(StatementRow, index)
    if row is None or row.organisation_id != actor.organisation_id:
        raise NotFound("You have made no such statement.", field="statement", value=index)
    head = await _head(session, row.lot_id, actor.organisation_id, row.name)
    if head is None or head.fact_index != index or not row.stands:
        raise Conflict("This was replaced or withdrawn already.", field="statement", value=index)
    lot = await session.get_one(LotRow, row.lot_id)
    return await _enter(sequencer, actor, "withdrawal", lot, row.name, None, index, moment)


async def _enter(
    sequencer: Sequencer, actor: Actor, kind: Kind, lot: LotRow, name: str, value: bool | str | None,
    follows: int | None, moment: datetime,
) -> Accepted:  # fmt: skip
    body = {
        "type": kind.capitalize(), "lot": canonical_key(lot.uri), "name": name, "value": value, "evidence": "E1",
        "stated_on": moment.date().isoformat(), "follows": follows,
    }  # fmt: skip
    stated = fact(kind, body, id_of(kind, {**body, "by": actor.organisation_uri}), actor, moment,
                  sequencer.controls.version)  # fmt: skip
    said, words = (value, None) if isinstance(value, bool) else (None, value)
    row = Write(
        INSERT, (IndexOf(), lot.id, actor.organisation_id, name, said, words, moment.date(), follows),
        Conflict("Something was stated or withdrawn here meanwhile.", field="name", fix="Look again, then decide."),
    )  # fmt: skip
    return (await sequencer.submit(Command((stated,), (row,)))).accepted[0]


_later = aliased(StatementRow)
_LAST: Final = ~select(_later.fact_index).where(_later.follows == StatementRow.fact_index).exists()


async def _head(session: AsyncSession, lot_id: int, organisation_id: int, name: str) -> StatementRow | None:
    """The last that a firm said (or withdrew) of a lot under this name."""
    wanted_row = select(StatementRow).where(
        StatementRow.lot_id == lot_id, StatementRow.organisation_id == organisation_id, StatementRow.name == name, _LAST
    )
    return await session.scalar(wanted_row)


async def statements(session: AsyncSession, lot_id: int) -> list[StatementRow]:
    """What stands of a lot, as far as the reader may see it, in order of recording."""
    rows = select(StatementRow).where(StatementRow.lot_id == lot_id, _LAST).order_by(StatementRow.fact_index)
    return [row for row in await session.scalars(rows) if row.stands]
