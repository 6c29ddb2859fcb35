"""The snapshot: what the ledger holds at a checkpoint, as exact Parquet that a report and an auditor both read."""

import asyncio
import hashlib
import io
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import asyncpg
import msgspec
import polars as pl
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reports.frames import DECLARATIONS, MOVEMENTS, checked
from standards.quantities import shares
from traceability.archive.reading import away, payloads, stay
from traceability.ledger.interpretation import RECYCLING, SORTING
from traceability.ledger.origins import UNKNOWN_COUNTRY, Origins

# Every movement of a period with what decides its stage: the entry, its lot, its event, the facility's country.
# Events that made no entries come with the mass that they stated, so that nothing is dropped silently; what was
# released from a hold comes with its release alone. What both sides of a shipment agreed to change is in no stage, as
# the shipment is not: a stage counts what was made of it.
ENTRIES: Final = """
SELECT e.index, e.event_day, coalesce(f.country, o.country) AS country, o.uri AS organisation,
    coalesce(l.material, '') AS material, coalesce(l.form, '') AS form, coalesce(l.origins::text, '') AS origins,
    coalesce(e.biz_step, '') AS biz_step, coalesce(e.event_type, '') AS event_type,
    coalesce(n.account, '') AS account, n.grams, e.outcome, array_to_string(e.reasons, ' ') AS reason,
    e.backfill, e.flags <> '{}' AS flagged, n.transforms
FROM event e
JOIN organisation o ON o.id = e.organisation_id
LEFT JOIN facility f ON f.id = e.facility_id
JOIN (
    SELECT event_index, lot_id, account, grams, transforms FROM entry WHERE event_index < $1
    UNION ALL
    SELECT p.index, l.id, 'stated', p.grams, false
    FROM (
        SELECT p.index, s.value ->> 0 AS lot, (s.value ->> 1)::bigint AS grams FROM event_payload p
        CROSS JOIN LATERAL jsonb_array_elements(p.fields -> 'junkan:stated') AS s (value)
        WHERE p.index <> ALL($4::bigint[])
        UNION ALL
        SELECT * FROM unnest($4::bigint[], $5::text[], $6::bigint[])
    ) p
    LEFT JOIN lot l ON l.uri = p.lot
    WHERE p.index < $1 AND NOT EXISTS (
        SELECT FROM event_key k JOIN event r ON r.index = k.index
        WHERE k.releases = p.index AND k.index < $1 AND r.reasons <> '{rejected}')
) n ON n.event_index = e.index
LEFT JOIN lot l ON l.id = n.lot_id
WHERE e.kind IN ('epcis', 'release', 'amended') AND e.event_day >= $2 AND e.event_day <= $3 AND e.index < $1
ORDER BY e.index, l.id, n.account, n.grams
"""
# Of those, what is in the archive: what these events stated is read there, and handed to ENTRIES.
ARCHIVED: Final = text("""
SELECT e.index, e.record_time FROM event e
WHERE e.kind IN ('epcis', 'release') AND e.event_day >= :first AND e.event_day <= :last AND e.index < :size
    AND e.index BETWEEN :from_index AND :to_index AND NOT EXISTS (SELECT FROM entry n WHERE n.event_index = e.index)
    AND NOT EXISTS (SELECT FROM event_payload p WHERE p.index = e.index AND p.record_time = e.record_time)
ORDER BY e.index
""")
DECLARED: Final = """
SELECT d.fact_index AS leaf_index, o.uri AS organisation, d.country, d.material,
    make_date(d.year, 1, 1) AS first_day, make_date(d.year, 12, 31) AS last_day, d.grams
FROM declaration d JOIN organisation o ON o.id = d.organisation_id
WHERE d.fact_index < $1 AND NOT EXISTS (
    SELECT FROM declaration later WHERE later.supersedes = d.fact_index AND later.fact_index < $1)
ORDER BY d.fact_index
"""
_READ: Final = {
    "index": pl.Int64, "event_day": pl.Date, "country": pl.String, "organisation": pl.String, "material": pl.String,
    "form": pl.String, "origins": pl.String, "biz_step": pl.String, "event_type": pl.String, "account": pl.String,
    "grams": pl.Int64, "outcome": pl.String, "reason": pl.String, "backfill": pl.String, "flagged": pl.String,
    "transforms": pl.String,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Files of one checkpoint and period; `digest` is SHA-256 over their bytes in the order of their names."""

    movements: Path
    declarations: Path
    size: int
    digest: str


async def copy_csv(session: AsyncSession, query: str, *args: object) -> bytes:
    """A query's rows as CSV through COPY, inside the reader's own transaction (so row-level security applies)."""
    raw = (await (await session.connection()).get_raw_connection()).driver_connection
    assert isinstance(raw, asyncpg.Connection)
    buffer = io.BytesIO()
    await raw.copy_from_query(query, *args, output=buffer, format="csv", header=True)
    return buffer.getvalue()


async def snapshot(session: AsyncSession, folder: Path, size: int, first: date, last: date) -> Snapshot:
    """The movements of `first`..`last` and the declarations below index `size` as Parquet in `folder`.

    `session` reads with the record scope. The same (size, period) gives the same bytes, so files that are there
    already are read again. What moved nothing and left the database is read in the archive: raises NotAtHand where
    that is elsewhere, so that no figure is made of less.
    """
    taken = await asyncio.to_thread(_taken, folder, size)
    if taken is not None:
        return taken
    await stay(session)
    stated = await _archived(session, size, first, last)
    entries = pl.read_csv(await copy_csv(session, ENTRIES, size, first, last, *stated), schema=_READ)
    declared = pl.read_csv(await copy_csv(session, DECLARED, size), schema=dict(DECLARATIONS))
    return await asyncio.to_thread(_write, folder, size, entries, declared)


async def _archived(
    session: AsyncSession, size: int, first: date, last: date
) -> tuple[list[int], list[str], list[int]]:
    """Event, lot and grams of everything that was stated by events that moved nothing and are in the archive."""
    found: list[tuple[int, str, int]] = []
    for month in await away(session):
        asked = {"size": size, "first": first, "last": last, "from_index": month.first, "to_index": month.last}
        facts = [(index, time) for index, time in await session.execute(ARCHIVED, asked)]
        for index, kept in sorted((await payloads(session, facts)).items()):
            found += [(index, lot, grams) for lot, grams in kept.fields.get("junkan:stated", ())]
    return [each[0] for each in found], [each[1] for each in found], [each[2] for each in found]


def _taken(folder: Path, size: int) -> Snapshot | None:
    movements, declarations = folder / "movements.parquet", folder / "declarations.parquet"
    if not (movements.is_file() and declarations.is_file()):
        return None
    digest = hashlib.sha256(declarations.read_bytes() + movements.read_bytes()).hexdigest()
    return Snapshot(movements, declarations, size, digest)


def _write(folder: Path, size: int, entries: pl.DataFrame, declared: pl.DataFrame) -> Snapshot:
    """Whole files or none: a crash leaves a draft, which the next run writes over."""
    folder.mkdir(parents=True, exist_ok=True)
    movements = checked(movements_of(entries).lazy(), MOVEMENTS).collect()
    for name, frame in (("movements", movements), ("declarations", declared)):
        draft = folder / f".{name}.draft"
        frame.write_parquet(draft, statistics=True)
        draft.replace(folder / f"{name}.parquet")
    taken = _taken(folder, size)
    assert taken is not None
    return taken


_ARRIVED: Final = ("opening", "collected", "imported")
_DEPARTED: Final = ("exported", "energy", "landfill", "placed")


def movements_of(entries: pl.DataFrame) -> pl.DataFrame:
    """The entries as movements at a stage, split by the country where their grams were collected (exact).

    A lot's own entry carries its material and origins; what leaves as loss or residue has those of what went in.
    """
    outside = entries.filter(pl.col("account").is_in([*_ARRIVED, *_DEPARTED])).select("index", through="account")
    own = pl.col("account").is_in(["stock", "stated"])
    lots = entries.filter(own).join(outside.unique("index"), on="index", how="left", maintain_order="left")
    drawn = (pl.col("grams") < 0) | (pl.col("account") == "stated")
    step = pl.col("biz_step")
    stage = (
        pl.when((pl.col("through").is_in(_ARRIVED) & (pl.col("grams") > 0)) | pl.col("through").is_in(_DEPARTED))
        .then("through")
        .when((pl.col("transforms") == "f") & (pl.col("account") == "stock")).then(None)
        .when((step == RECYCLING) & drawn).then(pl.lit("recycling_input"))
        .when(step == RECYCLING).then(pl.lit("recycling_output"))
        .when((step == SORTING) & ~drawn).then(pl.lit("sorted"))
        .when((pl.col("account") == "stated") & (step == "collecting")).then(pl.lit("collected"))
    )  # fmt: skip
    staged = lots.with_columns(stage.alias("stage"), pl.col("grams").abs()).filter(pl.col("stage").is_not_null())
    parts = pl.concat([_by_origin(staged.drop("through")), _by_origin(_lost(entries))])
    return parts.sort("event_index", "stage", "material", "collected_country", maintain_order=True)


def _lost(entries: pl.DataFrame) -> pl.DataFrame:
    """Losses and residues of transformations, apportioned exactly over what went in."""
    inputs: dict[int, list[tuple[str, str, int]]] = {}
    fed = entries.filter((pl.col("transforms") == "t") & (pl.col("grams") < 0))
    for index, material, origins, grams in fed.select("index", "material", "origins", "grams").rows():
        inputs.setdefault(index, []).append((material, origins, -grams))
    lost = entries.filter(pl.col("account").str.contains("^(loss|residue)"))
    rows = []
    for row in lost.iter_rows(named=True):
        sources = inputs.get(row["index"], [(row["material"], row["origins"], 1)])
        parts = shares(abs(row["grams"]), tuple(weight for _, _, weight in sources))
        stage = row["account"].partition(":")[0]
        rows += [
            {**row, "material": material, "origins": origins, "grams": part, "stage": stage}
            for (material, origins, _), part in zip(sources, parts, strict=True)
        ]
    return pl.DataFrame(rows, schema={**entries.schema, "stage": pl.String})


def _by_origin(staged: pl.DataFrame) -> pl.DataFrame:
    """One row per country of collection; a lot of one origin (most are) keeps its row."""
    told = staged.select("origins").unique().rows()
    known = {each: Origins.from_json(msgspec.json.decode(each)) if each else None for (each,) in told}
    rows = []
    for at, (told_as, grams) in enumerate(staged.select("origins", "grams").rows()):
        origins = known[told_as]
        parts: dict[str, int] = {}
        for origin, part in origins.shared(grams) if origins else ():
            parts[origin.country] = parts.get(origin.country, 0) + part
        rows += [(at, country, part) for country, part in sorted(parts.items())] or [(at, UNKNOWN_COUNTRY, grams)]
    split = pl.DataFrame(rows, schema={"at": pl.UInt32, "country_of": pl.String, "part": pl.Int64}, orient="row")
    joined = split.join(staged.with_row_index("at"), on="at", maintain_order="left")
    return joined.select(
        event_index=pl.col("index"),
        day=pl.col("event_day"),
        facility_country=pl.col("country"),
        collected_country=pl.when(pl.col("country_of") != UNKNOWN_COUNTRY).then(pl.col("country_of")),
        organisation=pl.col("organisation"),
        material=pl.col("material"),
        stage=pl.col("stage"),
        grams=pl.col("part"),
        counted=(pl.col("outcome") == "counted"),
        reason=pl.when(pl.col("outcome") != "counted").then(pl.col("reason")),
    )
