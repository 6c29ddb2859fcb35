"""Promises: what the design says that the database keeps, with the guards that keep it and the tests named for it."""

from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Promise:
    """`tests` must fail where the first of `guards` is gone."""

    promise: str
    guards: tuple[str, ...]
    tests: tuple[str, ...] = ()


PROMISES = tuple(
    Promise(each["promise"], tuple(each["guards"]), tuple(each.get("tests", ())))
    for each in yaml.safe_load((Path(__file__).parent / "promises.yaml").read_text("utf-8"))
)
