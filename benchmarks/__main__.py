"""`python -m benchmarks [name ...]`: run all or some, print ratios; absolute figures belong to this machine and run."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

from benchmarks import capture, demo_start, http, judging, proving, recovery, reserving

ALL: dict[str, Callable[[], Awaitable[list[str]]]] = {
    "capture": capture.run,
    "reserving": reserving.run,
    "proving": proving.run,
    "recovery": recovery.run,
    "judging": judging.run,
    "http": http.run,
    "demo": demo_start.run,
}


def main() -> None:
    wanted = sys.argv[1:] or list(ALL)
    for name in wanted:
        print(f"\n{name}\n{'-' * len(name)}")
        for line in asyncio.run(ALL[name]()):
            print(line)


if __name__ == "__main__":
    main()
