"""A nation's recovery report over 20 million synthetic movements, against DuckDB and a bare scan of the same files."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from reports.counting import gathered
from reports.frames import MOVEMENTS
from standards.catalogue import load
from standards.responsibility.shelf import pack

ROWS = 20_000_000
FILES = 8
STAGES = ["collected", "sorted", "recycling_input", "recycling_output", "loss", "residue"]
MATERIALS = ["plastics.pet", "plastics.pe.hd", "plastics.pp", "paper", "glass.container", "metals.aluminium"]


def make(folder: Path, rows: int) -> None:
    """Movements of one year by a seeded generator, one file per part of it."""
    random = np.random.default_rng(20_261_123)
    countries = pl.Series(["JP", "TH", "VN", "ID", None])
    for part in range(FILES):
        size = rows // FILES
        frame = pl.DataFrame(
            {
                "event_index": np.arange(part * size, (part + 1) * size),
                "day": (np.datetime64("2025-01-01") + random.integers(0, 365, size)).astype("datetime64[D]"),
                "facility_country": countries.gather(random.integers(0, 4, size)),
                "collected_country": countries.gather(random.integers(0, 5, size)),
                "organisation": pl.Series([f"https://x/id/{n:026d}" for n in range(5_000)]).gather(
                    random.integers(0, 5_000, size)
                ),
                "material": pl.Series(MATERIALS).gather(random.integers(0, len(MATERIALS), size)),
                "stage": pl.Series(STAGES).gather(random.integers(0, len(STAGES), size)),
                "grams": random.integers(1_000, 25_000_000, size),
                "counted": random.random(size) > 0.01,
            }
        ).with_columns(reason=pl.when(~pl.col("counted")).then(pl.lit("LATE_REPORT")))
        frame.select(list(MOVEMENTS)).cast(dict(MOVEMENTS)).write_parquet(folder / f"{part}.parquet")


def ours(folder: Path) -> int:
    """The report's own pass over the movements."""
    found = gathered(pl.scan_parquet(folder / "*.parquet"), pack(load(), "eu-packaging")).collect()
    return int(found["grams"].sum())


def duck(folder: Path) -> int:
    """The same grouping in DuckDB."""
    ((grams,),) = duckdb.sql(
        f"""SELECT sum(grams) FROM (SELECT year(day) AS y, collected_country, material, stage, counted, reason,
        sum(grams) AS grams, count(*) AS n FROM read_parquet('{folder}/*.parquet') GROUP BY ALL)"""
    ).fetchall()
    return int(grams)


def scan(folder: Path) -> int:
    """The limit: every column that is read decoded and one of them summed."""
    columns = ("day", "collected_country", "material", "stage", "counted", "reason", "grams")
    rows = pl.scan_parquet(folder / "*.parquet").select(*columns)
    sums = rows.select(*(pl.col(name).count() for name in columns[:-1]), pl.col("grams").sum())
    return int(sums.collect(engine="streaming")["grams"][0])


def timed(what: str, folder: Path) -> tuple[float, int, int]:
    """Seconds, result and peak memory (MiB) in a process of its own."""
    code = (
        "import resource, sys, time; from pathlib import Path; from benchmarks import recovery as r; "
        f"f = Path({str(folder)!r}); t = time.perf_counter(); n = r.{what}(f); s = time.perf_counter() - t; "
        "print(s, n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    return float(out[0]), int(out[1]), int(out[2])


async def run(rows: int = ROWS) -> list[str]:
    """Ratios; the goal is at most 1.0 x DuckDB and 2.0 x the bare scan."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.perf_counter()
        make(folder, rows)
        made = time.perf_counter() - began
        best: dict[str, tuple[float, int, int]] = {}
        for _ in range(3):
            for what in ("scan", "duck", "ours"):
                found = timed(what, folder)
                best[what] = min(best.get(what, found), found)
    assert best["ours"][1] == best["duck"][1] == best["scan"][1], "the engines disagree"
    seconds = {what: each[0] for what, each in best.items()}
    return [
        f"{rows:,} movements (made in {made:.0f} s); seconds: ours {seconds['ours']:.2f}, "
        f"DuckDB {seconds['duck']:.2f}, bare scan {seconds['scan']:.2f}",
        f"ratio to DuckDB {seconds['ours'] / seconds['duck']:.2f} (goal 1.0), "
        f"to the bare scan {seconds['ours'] / seconds['scan']:.2f} (goal 2.0)",
        f"peak memory {best['ours'][2]} MiB (goal 512), {rows / seconds['ours'] / 1e6:.1f} million rows/s",
    ]
