"""The gateway: MQTT QoS 1 → commit → PUBACK → seal → uplink, through a real broker into a bare sink.

In each round everybody takes the same flood in turn; Telegraf's disk buffer, and whoever has a window that is
kept exactly, a fifth of it. A figure is the median of rounds, a ratio that of the rounds' ratios: a machine
that changes its speed changes it for both.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.flooding import Measured, flooded, ready_to_flood, settled, started
from bench.peers import run_bare, run_telegraf, telegraf
from bench.table import Row
from demo.ports import free_port

ROUNDS = int(os.environ.get("COLDCHAIN_BENCH_ROUNDS", "3"))
COUNT = int(os.environ.get("COLDCHAIN_BENCH_COUNT", "150000"))
# Of what takes minutes otherwise: a disk buffer, and a window that is waited for.
FEWER = COUNT // 5
WINDOW = 20  # mosquitto's own default
WARM_UP = 2_000
GATEWAY = """\
[gateway]
name = "bench"
organisation = "bench"
seal_after = "1s"
[uplink]
url = "http://127.0.0.1:{sink}"
[[source]]
kind = "mqtt"
name = "zigbee"
host = "127.0.0.1"
port = {broker}
[[source.subscription]]
topic = "zigbee2mqtt/#"
format = "zigbee2mqtt"
"""


# What each round measures, by name.
Round = dict[str, Measured]
PEERS = (  # of Telegraf: whose figures, beside which of ours, what its rows are called
    ("memory", "ours", "memory buffer"),
    ("disk", "ours", "disk buffer"),
    ("memory, window", "ours, window", "memory buffer, window of 20"),
    ("memory, exact", "ours, exact", "memory buffer, never more than 20"),
)


# What is compared, how it is to be read, its unit, where it stands.
Kind = tuple[str, str, str, Callable[[Measured], float]]
KINDS: tuple[Kind, ...] = (
    ("readings/s", "×", "readings/s", lambda run: run.per_second),
    ("per CPU second", "×", "readings/cpu-s", lambda run: run.per_cpu_second),
    ("RSS", "× (low)", "MB", lambda run: run.peak_mb),
)


def measure() -> list[Row]:
    """Baselines, Telegraf and product in turn; where there is no Telegraf, nothing is said of it."""
    if shutil.which("mosquitto") is None and not Path("/usr/sbin/mosquitto").exists():
        raise SystemExit("the gateway benchmark needs mosquitto: make deps")
    program = telegraf()
    if program is None:
        print("Telegraf is not here (make strangers, or TELEGRAF=path)", file=sys.stderr)
    run_gateway(window=0, count=WARM_UP)  # compiles; what that takes would count as memory
    rounds = [one_round(program) for _ in range(ROUNDS)]
    rows = own_rows(rounds)
    for peer, ours, name in PEERS if program is not None else ():
        rows += rows_beside(rounds, peer, ours, name)
    return rows


def one_round(program: Path | None) -> Round:
    """Everybody once; who is compared comes next to each other."""
    found = {
        "bare, window": run_bare(with_sqlite=False, count=COUNT, window=WINDOW),
        "ours, window": run_gateway(window=WINDOW),
    }
    if program is not None:
        found["memory, window"] = run_telegraf(program, "memory", count=COUNT, window=WINDOW)
    found["committing"] = run_bare(with_sqlite=True, count=COUNT)
    found["ours"] = run_gateway(window=0)
    if program is not None:
        found["memory"] = run_telegraf(program, "memory", count=COUNT)
        found["disk"] = run_telegraf(program, "disk", count=FEWER)
    found["ours, exact"] = run_gateway(window=WINDOW, count=FEWER, exact=True)
    if program is not None:
        found["memory, exact"] = run_telegraf(program, "memory", count=FEWER, window=WINDOW, exact=True)
    for name, measured in found.items():
        print(f"  {name}: {measured.per_second:.0f}/s, {measured.per_cpu_second:.0f}/cpu-s", file=sys.stderr)
    return found


def median(rounds: Sequence[Round], of: Callable[[Round], float]) -> float:
    return statistics.median(map(of, rounds))


def own_rows(rounds: Sequence[Round]) -> list[Row]:
    """The product beside scripts that do the least; memory at its worst."""
    committing = "paho + one SQLite commit"
    return [
        Row(
            name="gateway readings",
            value=median(rounds, lambda one: one["ours"].per_second),
            unit="readings/s",
            baseline=median(rounds, lambda one: one["committing"].per_second),
            baseline_name=committing,
        ),
        Row(
            name="gateway readings, broker's window of 20",
            value=median(rounds, lambda one: one["ours, window"].per_second),
            unit="readings/s",
            baseline=median(rounds, lambda one: one["bare, window"].per_second),
            baseline_name="paho that only acknowledges",
        ),
        Row(
            name="… never more than 20 on their way",
            value=median(rounds, lambda one: one["ours, exact"].per_second),
            unit="readings/s",
        ),
        Row(
            name="gateway per CPU second",
            value=median(rounds, lambda one: one["ours"].per_cpu_second),
            unit="readings/cpu-s",
            baseline=median(rounds, lambda one: one["committing"].per_cpu_second),
            baseline_name=committing,
        ),
        Row(
            name="… all was published after, of the run",
            value=100 * median(rounds, lambda one: one["ours"].published),
            unit="%",
        ),
        Row(
            name="gateway RSS",
            value=max(one["ours"].peak_mb for one in rounds),
            unit="MB",
            baseline=max(one["committing"].peak_mb for one in rounds),
            baseline_name=committing,
        ),
        Row(name="gateway RSS before the flood", value=max(one["ours"].idle_mb for one in rounds), unit="MB"),
    ]


def _row_beside(rounds: Sequence[Round], peer: str, ours: str, kind: Kind, name: str) -> Row:
    what, unit, said, of = kind
    return Row(
        name=f"{what} beside Telegraf, {name}",
        value=median(rounds, lambda one: of(one[ours]) / of(one[peer])),
        unit=unit,
        baseline=median(rounds, lambda one: of(one[peer])),
        baseline_name=f"Telegraf: {said}",
    )


def rows_beside(rounds: Sequence[Round], peer: str, ours: str, name: str) -> list[Row]:
    """Ratios to Telegraf, each round's own; its own figures stand as the baseline."""
    return [_row_beside(rounds, peer, ours, kind, name) for kind in KINDS]


def run_gateway(
    *, window: int, count: int = COUNT, exact: bool = False, before: Sequence[str] = (), settle_s: float = 3.0
) -> Measured:
    """The product as installed; `before`: a command that runs it. After `settle_s` it has subscribed."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        serving, flood = ready_to_flood(folder, window=window, count=count, exact=exact)
        port = stack.enter_context(serving)
        sink_port = free_port()
        arguments = [sys.executable, "-m", "bench.parts.sink", str(sink_port), str(count)]
        sink = stack.enter_context(started(arguments))
        config = folder / "gateway.toml"
        config.write_text(GATEWAY.format(sink=sink_port, broker=port))
        product = [sys.executable, "-m", "coldchain_gateway", "--config", str(config), "run"]
        gateway = stack.enter_context(started([*before, *product, "--log", "WARNING"]))
        settled(gateway, settle_s)
        return flooded(port, gateway, sink, count, flood)


if __name__ == "__main__":
    from bench.table import print_table

    print_table(measure())
