"""Compiling: a plan as one statement over the record; what events say is looked up in the index beside it."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Text,
    and_,
    cast,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from traceability.querying.extensions import hashed
from traceability.querying.plan import Condition, Described, Facet, Order, Plan, Range, Within
from traceability.querying.tables import NumberRow, TermRow, VocabularyRow
from traceability.tables import EventRow, KeyRow, PayloadRow

Conditions = list[ColumnElement[bool]]

MOST_NAMES: Final = 50
"""Spellings of one field of others by which events may be ordered."""


def conditions_of(plan: Plan, organisation_id: int) -> Conditions:
    """What the events of this organisation must be, so that the plan takes them."""
    found: Conditions = [EventRow.organisation_id == organisation_id, EventRow.kind == "epcis"]
    bounds: tuple[tuple[InstrumentedAttribute[Any], Any, Any], ...] = (
        (EventRow.event_time, plan.event_from, plan.event_before),
        (EventRow.record_time, plan.record_from, plan.record_before),
        (EventRow.index, plan.index_from, plan.index_before),
    )
    for column, least, below in bounds:
        found += [column >= least] if least is not None else []
        found += [column < below] if below is not None else []
    for ids in plan.event_ids:
        known = select(KeyRow.index).where(KeyRow.event_id.in_(ids), KeyRow.organisation_id == organisation_id)
        found.append(EventRow.index.in_(known))
    return found + [_condition(each, organisation_id) for each in plan.conditions]


def _condition(condition: Condition, organisation_id: int) -> ColumnElement[bool]:
    match condition:
        case Facet():
            return _facet(condition, organisation_id)
        case Within(field, ids):
            return EventRow.index.in_(
                _terms_of_ids((field, f"{field} of"), _inside(ids, organisation_id), organisation_id)
            )
        case Described(fields, attributes, values):
            found = _described(attributes, values, organisation_id)
            return EventRow.index.in_(_terms_of_ids(fields, found, organisation_id))


def _facet(facet: Facet, organisation_id: int) -> ColumnElement[bool]:
    own = TermRow.organisation_id == organisation_id
    parts = []
    if facet.values:
        held = (TermRow.field.in_(facet.fields), TermRow.value.in_(facet.values))
        parts.append(select(TermRow.event_index).where(own, *held))
    if facet.present:
        parts.append(select(TermRow.event_index).where(own, TermRow.field.in_(facet.present)))
    parts += [_range(each, organisation_id) for each in facet.ranges]
    found: Conditions = [EventRow.event_type.in_(facet.kinds)] if facet.kinds else []
    found += [EventRow.action.in_(facet.actions)] if facet.actions else []
    if parts:
        found.append(EventRow.index.in_(parts[0] if len(parts) == 1 else union_all(*parts)))
    return or_(*found)


def _range(wanted: Range, organisation_id: int) -> Select[Any]:
    found = [NumberRow.organisation_id == organisation_id, NumberRow.field.in_(wanted.fields)]
    if wanted.low is not None:
        found.append(NumberRow.number > wanted.low if wanted.low_open else NumberRow.number >= wanted.low)
    if wanted.high is not None:
        found.append(NumberRow.number < wanted.high if wanted.high_open else NumberRow.number <= wanted.high)
    if wanted.among:
        found.append(NumberRow.number.in_(wanted.among))
    if wanted.unit is not None:
        found.append(NumberRow.unit == wanted.unit)
    return select(NumberRow.event_index).where(*found)


def _terms_of_ids(fields: Sequence[str], ids: Any, organisation_id: int) -> Select[Any]:
    """Events that hold one of these ids, which only the database knows, in one of these fields."""
    digest = func.sha256(func.convert_to(ids.c.id, "UTF8"))
    hashes = select(func.junkan_int8(func.encode(func.substr(digest, 1, 8), "hex")))
    return select(TermRow.event_index).where(
        TermRow.organisation_id == organisation_id,
        TermRow.field.in_([hashed(field) for field in fields]),
        TermRow.value.in_(hashes),
    )


def _inside(ids: Sequence[str], organisation_id: int) -> Any:
    """These places and all that lies in them, directly or not, by master data."""
    first = select(func.unnest(cast(list(ids), ARRAY(Text))).label("id")).cte(recursive=True)
    lies = select(func.unnest(VocabularyRow.children)).where(
        VocabularyRow.organisation_id == organisation_id, VocabularyRow.id == first.c.id
    )
    return first.union(lies)


def _described(attributes: Sequence[str], values: Sequence[str] | None, organisation_id: int) -> Any:
    """Elements whose master data has one of these attributes (with one of these values)."""
    held = [VocabularyRow.attributes.has_key(each) for each in attributes]
    if values is not None:
        held = [VocabularyRow.attributes[each].astext.in_(values) for each in attributes]
    return (
        select(VocabularyRow.id.label("id")).where(VocabularyRow.organisation_id == organisation_id, or_(*held)).cte()
    )


def matching(plan: Plan, organisation_id: int) -> Select[Any]:
    """The events that match, in no order yet: where they stand, and what a page is ordered by."""
    columns: tuple[Any, ...] = (
        EventRow.index.label("at"), EventRow.event_time, EventRow.record_time, EventRow.event_id,
    )  # fmt: skip
    return select(*columns).where(*conditions_of(plan, organisation_id))


def counting(plan: Plan, organisation_id: int, most: int) -> Select[Any]:
    """How many events match, counted no further than one beyond `most`."""
    some = select(EventRow.index).where(*conditions_of(plan, organisation_id)).limit(most + 1).subquery()
    return select(func.count()).select_from(some)


def ordered_by_field(statement: Select[Any], order: Order, keys: Sequence[str], organisation_id: int) -> Select[Any]:
    """Ordered by a field of others: numbers and moments by size, other texts by their bytes.

    `keys`: how the organisation's events spell the field. Events without it come last.
    """
    wanted = [hashed(f"field {name}{kind}") for name in order.names[:MOST_NAMES] for kind in ("", " @")]
    numbers = (
        select(NumberRow.event_index, func.min(NumberRow.number).label("number"))
        .where(NumberRow.organisation_id == organisation_id, NumberRow.field.in_(wanted))
        .group_by(NumberRow.event_index)
        .subquery()
    )
    texts = [PayloadRow.document[key].astext for key in keys[:MOST_NAMES]]
    text = (func.coalesce(*texts) if len(texts) > 1 else texts[0]).collate("C")
    same = and_(PayloadRow.index == EventRow.index, PayloadRow.record_time == EventRow.record_time)
    statement = statement.join(PayloadRow, same).outerjoin(numbers, numbers.c.event_index == EventRow.index)
    return statement.order_by(
        *(_directed(each, order).nulls_last() for each in (numbers.c.number, text)), EventRow.index
    )


def _directed(column: Any, order: Order) -> Any:
    return column.asc() if order.ascending else column.desc()


def ordered(statement: Select[Any], order: Order | None, after: tuple[Any, int] | None) -> Select[Any]:
    """Ordered by a column (the index alone where no order is asked for), behind the last one that was given."""
    if order is None or order.by == "recordTime":  # record time never goes back, and many events share one
        ascending = order is None or order.ascending
        if after is not None:
            statement = statement.where(EventRow.index > after[1] if ascending else EventRow.index < after[1])
        return statement.order_by(EventRow.index.asc() if ascending else EventRow.index.desc())
    time: InstrumentedAttribute[Any] = EventRow.event_time
    if after is not None:
        moment, index = after
        beyond = time > moment if order.ascending else time < moment
        further = EventRow.index > index if order.ascending else EventRow.index < index
        statement = statement.where(or_(beyond, and_(time == moment, further)))
    return statement.order_by(_directed(time, order), _directed(EventRow.index, order))
