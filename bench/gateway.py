"""The gateway: MQTT QoS 1 → commit → PUBACK → seal → uplink, through a real broker into a bare sink."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.table import Row
from demo.ports import free_port

COUNT = int(os.environ.get("COLDCHAIN_BENCH_COUNT", "200000"))
WARM_UP = 2_000
LIMIT_S = 300.0
BROKER = """\
listener {port} 127.0.0.1
allow_anonymous true
max_inflight_messages {window}
max_queued_messages 0
log_dest none
"""
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
TELEGRAF = """\
[agent]
interval = "1s"
flush_interval = "1s"
metric_buffer_limit = 500000
omit_hostname = true
buffer_strategy = "{buffer}"
buffer_directory = "{folder}/buffer"
[[inputs.mqtt_consumer]]
servers = ["tcp://127.0.0.1:{broker}"]
topics = ["zigbee2mqtt/#"]
qos = 1
client_id = "telegraf"
persistent_session = true
max_undelivered_messages = 10000
data_format = "json"
[[outputs.influxdb_v2]]
urls = ["http://127.0.0.1:{sink}"]
token = "none"
organization = "bench"
bucket = "bench"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run; memory in MB, CPU in seconds of the measured process."""

    per_second: float
    per_cpu_second: float
    peak_mb: float
    idle_mb: float = 0.0


def measure() -> list[Row]:
    """Baselines, Telegraf and product in one run; the product again with the broker's default window."""
    if shutil.which("mosquitto") is None and not Path("/usr/sbin/mosquitto").exists():
        raise SystemExit("the gateway benchmark needs mosquitto: make deps")
    run_gateway(window=0, count=WARM_UP)  # compiles; what that takes would count as memory
    counting = run_bare(with_sqlite=False)
    committing = run_bare(with_sqlite=True)
    product = run_gateway(window=0)
    default_window = run_gateway(window=20)
    rows = [
        _beside("gateway readings", product.per_second, "readings/s", committing.per_second),
        Row(
            name="gateway readings, broker's window of 20",
            value=default_window.per_second,
            unit="readings/s",
            baseline=counting.per_second,
            baseline_name="paho that only acknowledges",
        ),
        _beside(
            "gateway per CPU second", product.per_cpu_second, "readings/cpu-s", committing.per_cpu_second
        ),
        _beside("gateway RSS", product.peak_mb, "MB", committing.peak_mb),
        Row(name="gateway RSS before the flood", value=product.idle_mb, unit="MB"),
    ]
    return rows + _beside_telegraf(product)


def _beside(name: str, value: float, unit: str, baseline: float) -> Row:
    return Row(name=name, value=value, unit=unit, baseline=baseline, baseline_name="paho + one SQLite commit")


def _beside_telegraf(product: Measured) -> list[Row]:
    """Ratios to Telegraf with either buffer; nothing where it is not there."""
    program = telegraf()
    if program is None:
        print("Telegraf is not here (make strangers, or TELEGRAF=path)", file=sys.stderr)
        return []
    rows = []
    for buffer in ("memory", "disk"):
        peer = run_telegraf(program, buffer)
        name = f"Telegraf, {buffer} buffer"
        rows += [
            Row(
                name=f"readings/s beside Telegraf, {buffer} buffer",
                value=product.per_second / peer.per_second,
                unit="×",
                baseline=peer.per_second,
                baseline_name=f"{name}: readings/s",
            ),
            Row(
                name=f"per CPU second beside Telegraf, {buffer} buffer",
                value=product.per_cpu_second / peer.per_cpu_second,
                unit="×",
                baseline=peer.per_cpu_second,
                baseline_name=f"{name}: readings/cpu-s",
            ),
            Row(
                name=f"RSS beside Telegraf, {buffer} buffer",
                value=product.peak_mb / peer.peak_mb,
                unit="× (low)",
                baseline=peer.peak_mb,
                baseline_name=f"{name}: MB",
            ),
        ]
    return rows


def telegraf() -> Path | None:
    """TELEGRAF=path, else the one that `make strangers` built into the user's cache."""
    named = os.environ.get("TELEGRAF")
    built = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "coldchain" / "bin" / "telegraf"
    found = Path(named) if named else built
    return found if found.exists() else None


def run_telegraf(program: Path, buffer: str) -> Measured:
    """Telegraf on the same flood, with a session that the broker keeps; it acknowledges what it wrote."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        port = stack.enter_context(broker(folder, window=0))
        sink_port = free_port()
        sink = stack.enter_context(
            started([sys.executable, "-m", "bench.parts.sink", str(sink_port), str(COUNT)])
        )
        config = folder / "telegraf.conf"
        config.write_text(TELEGRAF.format(sink=sink_port, broker=port, buffer=buffer, folder=folder))
        peer = stack.enter_context(started([str(program), "--quiet", "--config", str(config)]))
        settled(peer, 3.0)
        return flooded(port, peer, sink)


def run_bare(*, with_sqlite: bool) -> Measured:
    """A script that does nothing but receive, perhaps commit, and acknowledge."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        port = stack.enter_context(broker(Path(folder), window=0))
        more = [str(Path(folder) / "bare.sqlite")] if with_sqlite else []
        arguments = [sys.executable, "-m", "bench.parts.bare_mqtt", str(port), str(COUNT), *more]
        bare = stack.enter_context(started(arguments))
        time.sleep(1.0)
        return flooded(port, bare, bare)


def run_gateway(
    *, window: int, count: int = COUNT, before: Sequence[str] = (), settle_s: float = 3.0
) -> Measured:
    """The product as installed; `before`: a command that runs it. After `settle_s` it has subscribed."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        port = stack.enter_context(broker(folder, window=window))
        sink_port = free_port()
        arguments = [sys.executable, "-m", "bench.parts.sink", str(sink_port), str(count)]
        sink = stack.enter_context(started(arguments))
        config = folder / "gateway.toml"
        config.write_text(GATEWAY.format(sink=sink_port, broker=port))
        command = [
            *before,
            sys.executable,
            "-m",
            "coldchain_gateway",
            "--config",
            str(config),
            "run",
            "--log",
            "WARNING",
        ]
        gateway = stack.enter_context(started(command))
        settled(gateway, settle_s)
        return flooded(port, gateway, sink, count)


def settled(process: subprocess.Popen[str], at_least_s: float) -> None:
    """Wait until a program has started and subscribed: it needs the processor no more."""
    time.sleep(at_least_s)
    spent = -1.0
    while spent != (spent := cpu_seconds(process.pid)):
        time.sleep(1.0)


def flooded(
    port: int, measured: subprocess.Popen[str], told: subprocess.Popen[str], count: int = COUNT
) -> Measured:
    """Flood the broker until `told` prints the instant at which everything was there."""
    idle_mb, cpu_before = resident_mb(measured.pid), cpu_seconds(measured.pid)
    began = time.monotonic()
    with started([sys.executable, "-m", "bench.parts.flood", str(port), str(count)]):
        ended = float(first_line(told))
    spent = cpu_seconds(measured.pid) - cpu_before
    return Measured(
        per_second=count / (ended - began),
        per_cpu_second=count / spent,
        peak_mb=resident_mb(measured.pid, peak=True),
        idle_mb=idle_mb,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    """The first line it prints; a benchmark that hangs is ended by its limit."""
    assert process.stdout is not None  # noqa: S101 - `started` asks for it
    os.set_blocking(process.stdout.fileno(), False)
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        line = process.stdout.readline()
        if line and not line.startswith("live"):
            return line
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise SystemExit("the flood did not arrive")


@contextmanager
def broker(folder: Path, *, window: int) -> Iterator[int]:
    """A mosquitto of its own."""
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(BROKER.format(port=port, window=window))
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    with started([program, "-c", str(config)]):
        time.sleep(0.5)
        yield port


@contextmanager
def started(arguments: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with the block."""
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment())
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(6)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def environment() -> dict[str, str]:
    """With compiled modules, as an installation has them: compiling at start would count as memory."""
    path = os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])
    cache = str(Path(tempfile.gettempdir()) / "coldchain-bench-pycache")
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPATH": path, "PYTHONPYCACHEPREFIX": cache}


def resident_mb(pid: int, *, peak: bool = False) -> float:
    """Resident memory of a process."""
    wanted = "VmHWM:" if peak else "VmRSS:"
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(wanted):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_seconds(pid: int) -> float:
    """User and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    from bench.table import print_table

    print_table(measure())
