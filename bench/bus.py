"""32 Modbus units on one 9600-baud line: how much of what the line can carry is carried, commits included."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.flooding import cpu_seconds, first_line, started
from bench.parts.paced_bus import WARM_UP_S, transaction_s
from bench.table import Row

UNITS = 32
SECONDS = 10.0
ANSWER_BYTES = 9
HEAD = """\
[gateway]
name = "bench"
organisation = "bench"
template_dirs = ["."]
[local_alarm]
log = false
[[source]]
kind = "modbus"
name = "bus"
port = "{port}"
gap_ms = 4
listen = "0s"
"""
UNIT = """
[[source.unit]]
address = {address}
template = "quick"
sensor = "unit-{address}"
interval = "250ms"
"""
TEMPLATE = """\
name = "quick"
title = "An XY-MD02 that needs no more rest than the protocol asks for"
confidence = "verified"
source = "bench"
max_registers = 2
guard = "4ms"
register = [
    { field = "temperature", function = 4, address = 1, scale = 0.1 },
    { field = "humidity", function = 4, address = 2, type = "u16", scale = 0.1 },
]
"""


def measure() -> list[Row]:
    """The whole gateway on a line that takes its time; the baseline is the line without pauses of ours."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        link, config = folder / "tty", folder / "gateway.toml"
        (folder / "quick.toml").write_text(TEMPLATE)
        config.write_text(
            HEAD.format(port=link) + "".join(UNIT.format(address=n) for n in range(1, UNITS + 1))
        )
        line = [sys.executable, "-m", "bench.parts.paced_bus", str(link), str(UNITS), str(SECONDS)]
        gateway = [
            sys.executable,
            "-m",
            "coldchain_gateway",
            "--config",
            str(config),
            "run",
            "--log",
            "ERROR",
        ]
        with started(line) as bus, started(gateway) as product:
            answered, early = map(int, first_line(bus).split())
            spent = cpu_seconds(product.pid)
    if early:
        raise SystemExit(f"{early} requests came before the line had been silent for 3.5 characters")
    return [
        Row(
            name="bus readings, 32 units at 9600 baud",
            value=answered / SECONDS,
            unit="readings/s",
            baseline=1 / transaction_s(ANSWER_BYTES),
            baseline_name="the line without a pause",
        ),
        Row(name="bus CPU, 32 units", value=100 * spent / (SECONDS + WARM_UP_S), unit="% of a core"),
    ]
