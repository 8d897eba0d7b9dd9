"""`make bench`: every figure beside its budget and a bare baseline; exit 1 where a budget is missed.

python -m bench [steps codec decodes wired bus gateway ingest verify]
"""

from __future__ import annotations

import importlib
import sys
from typing import Protocol, cast

from bench.table import Budget, Row, print_table

SUITES = ("steps", "codec", "decodes", "wired", "bus", "gateway", "ingest", "verify")

BUDGETS = {
    # Half of what the finished product is to reach, on two cores; memory is a ceiling.
    "gateway readings": Budget(at_least=7_500),
    # 0.9 of what 9600 baud carry: 17 bytes and twice 3.5 characters of silence are 25 ms.
    "bus readings, 32 units at 9600 baud": Budget(at_least=36),
    "gateway RSS": Budget(at_most=60),
    "ingest batches of 5000": Budget(at_least=75_000),
    "ingest batches of 10": Budget(at_least=20_000),
    "steps": Budget(at_least=300_000),
    "verify batches of 5000": Budget(at_least=300_000),
    "verify batches of 10": Budget(at_least=60_000),
}


class Suite(Protocol):
    """A module of this folder."""

    def measure(self) -> list[Row]: ...


def main(names: list[str]) -> int:
    rows: list[Row] = []
    for name in names or SUITES:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        suite = cast("Suite", importlib.import_module(f"bench.{name}"))
        rows += suite.measure()
    print_table(rows, BUDGETS)
    measured = {row.name for row in rows}
    unmeasured = [] if names else sorted(set(BUDGETS) - measured)
    for name in unmeasured:
        print(f"not measured: {name}")
    missed = [row.name for row in rows if row.name in BUDGETS and not BUDGETS[row.name].met_by(row.value)]
    return 1 if missed or unmeasured else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
