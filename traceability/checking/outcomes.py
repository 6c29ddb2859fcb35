"""Outcomes: what the controls said of a country's events lately, and whom to visit first by it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from standards.plausibility import PPM, Thresholds

DAYS: Final = 30
MOST: Final = 50

# `event` is partitioned by record time, so a window of it is read, whatever the age of the record.
SAID: Final = text("""
WITH said AS MATERIALIZED (
    SELECT e.index, e.organisation_id, e.outcome, e.reasons, e.flags, e.actor, e.record_time
    FROM event e LEFT JOIN facility f ON f.id = e.facility_id JOIN organisation o ON o.id = e.organisation_id
    WHERE e.kind = 'epcis' AND e.record_time > :since AND coalesce(f.country, o.country) = :country
), codes AS (
    SELECT organisation_id, unnest(reasons) AS code, true AS held FROM said WHERE outcome = 'held'
    UNION ALL SELECT organisation_id, unnest(flags), false FROM said
)
SELECT s.organisation_id, o.uri, o.name, '' AS code, count(*) FILTER (WHERE s.outcome = 'held') AS held,
    count(*) AS events FROM said s JOIN organisation o ON o.id = s.organisation_id GROUP BY 1, 2, 3
UNION ALL SELECT organisation_id, '', '', code, count(*) FILTER (WHERE held), count(*) FILTER (WHERE NOT held)
    FROM codes GROUP BY organisation_id, code
""")
PATTERNS: Final = text("""
WITH weighed AS (
    SELECT e.organisation_id, n.grams, count(*) AS times
    FROM event e JOIN entry n ON n.event_index = e.index AND n.account = 'stock' AND n.grams > 0
        LEFT JOIN facility f ON f.id = e.facility_id JOIN organisation o ON o.id = e.organisation_id
    WHERE e.kind = 'epcis' AND e.record_time > :since AND e.biz_step IN ('collecting', 'receiving', 'accepting')
        AND e.outcome = 'counted' AND coalesce(f.country, o.country) = :country
    GROUP BY 1, 2
)
SELECT organisation_id, 'PATTERN_WEIGHTS' AS code, max(times)::bigint AS flagged FROM weighed GROUP BY 1
HAVING sum(times) >= :fewest AND (max(times) >= :repeated
    OR sum(times) FILTER (WHERE grams % :round_to = 0) * 1000000 > sum(times) * :round_share)
UNION ALL
SELECT organisation_id, 'BOTLIKE', max(times) FROM (
    SELECT e.organisation_id, e.actor, date_trunc('minute', e.record_time) AS minute, count(*) AS times
    FROM event e LEFT JOIN facility f ON f.id = e.facility_id JOIN organisation o ON o.id = e.organisation_id
    WHERE e.kind = 'epcis' AND NOT e.backfill AND e.record_time > :since AND e.actor LIKE 'person:%'
        AND coalesce(f.country, o.country) = :country
    GROUP BY 1, 2, 3 HAVING count(*) > :most
) fast GROUP BY 1
UNION ALL
SELECT o.id, 'NEVER_RECEIVED', count(*)
FROM balance b JOIN lot l ON l.id = b.lot_id JOIN organisation o ON o.id = l.organisation_id
    LEFT JOIN facility f ON f.id = l.facility_id
WHERE b.account = 'transit' AND b.free > 0 AND coalesce(f.country, o.country) = :country AND l.created_day < :sent
GROUP BY 1
""")


@dataclass(frozen=True, slots=True)
class Told:
    """What one control said: how many events it held, and how many it flagged."""

    code: str
    held: int
    flagged: int


@dataclass(frozen=True, slots=True)
class Visit:
    """One organisation by what the controls said of it; `score` ranks: held events weigh ten times a flag."""

    organisation: int
    uri: str
    name: str
    events: int
    held: int
    flagged: int
    codes: tuple[str, ...]

    @property
    def score(self) -> int:
        """Per million events, so that a small firm is ranked as a large one."""
        return (10 * self.held + self.flagged) * PPM // max(self.events, 1)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What all controls said since a moment, and the organisations in the order to visit them."""

    since: datetime
    told: tuple[Told, ...]
    visits: tuple[Visit, ...]


async def outcomes(record: AsyncSession, limits: Thresholds, country: str, moment: datetime) -> Outcomes:
    """The last 30 days of a country. `record` reads with the record scope; two statements whatever the number."""
    since, codes = moment - timedelta(days=DAYS), {each.code for each in limits.controls}
    rows = (await record.execute(SAID, {"since": since, "country": country})).all()
    found = [row for row in rows if row.code in codes]
    patterns = (await record.execute(PATTERNS, _asked(limits, country, since, moment.date()))).all()
    firms = {row.organisation_id: row for row in rows if not row.code}
    told = [(row.organisation_id, Told(row.code, row.held, row.events)) for row in found]
    told += [(row.organisation_id, Told(row.code, 0, 1)) for row in patterns]
    visits = [
        _visit(firm, [each for number, each in told if number == firm.organisation_id]) for firm in firms.values()
    ]
    ranked = sorted((each for each in visits if each.score), key=lambda each: (-each.score, each.uri))
    sums = [
        Told(
            code,
            sum(each.held for _, each in told if each.code == code),
            sum(e.flagged for _, e in told if e.code == code),
        )
        for code in sorted({each.code for _, each in told})
    ]
    return Outcomes(since, tuple(sums), tuple(ranked[:MOST]))


def _asked(limits: Thresholds, country: str, since: datetime, day: date) -> dict[str, Any]:
    """The thresholds of C09, C25 and C41 as they are on this day."""
    weights = {name: limits.at("C09", name, day) for name in ("repeated", "round_share", "round_to", "fewest")}
    sent = day - timedelta(days=limits.at("C25", "after", day))
    return {"country": country, "since": since, "most": limits.at("C41", "most", day), "sent": sent, **weights}


def _visit(firm: Any, told: Sequence[Told]) -> Visit:
    held, flagged = sum(each.held for each in told), sum(each.flagged for each in told)
    codes = tuple(sorted({each.code for each in told}))
    return Visit(firm.organisation_id, firm.uri, firm.name, firm.events, held, flagged, codes)
