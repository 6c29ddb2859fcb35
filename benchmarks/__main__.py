"""`python -m benchmarks [name ...]`: run all or some, print ratios; absolute figures belong to this machine and run.

`--entries 1000000,10000000` builds the ledger of `tracing` in these sizes, one after another (minutes and gigabytes).
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from benchmarks import capture, demo_start, http, judging, proving, recovery, reserving, tracing

ALL: dict[str, Callable[[], Awaitable[list[str]]]] = {
    "capture": capture.run,
    "reserving": reserving.run,
    "proving": proving.run,
    "tracing": tracing.run,
    "recovery": recovery.run,
    "judging": judging.run,
    "http": http.run,
    "demo": demo_start.run,
}


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(int(each) for each in text.split(","))


def main() -> None:
    asked = argparse.ArgumentParser(description="Run all benchmarks, or some.")
    asked.add_argument("names", nargs="*", metavar="name", help=", ".join(ALL))
    asked.add_argument("--entries", type=_sizes, default=tracing.ENTRIES, help="sizes of the ledger of tracing")
    given = asked.parse_args()
    runs = ALL | {"tracing": partial(tracing.run, given.entries)}
    for name in given.names or runs:
        print(f"\n{name}\n{'-' * len(name)}")
        for line in asyncio.run(runs[name]()):
            print(line)


if __name__ == "__main__":
    main()
