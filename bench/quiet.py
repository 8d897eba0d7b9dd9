"""The gateway on an ordinary day, in real time: bytes over the air and on the disk, processor, memory.

Bytes over the air are counted by a forwarder between the gateway and a TLS server: everything TLS sends both
ways, and 52 bytes of TCP and IP headers for each segment that the kernel counted. Bytes on the disk are the
kernel's own count (`write_bytes` of /proc/PID/io).
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.flooding import broker, cpu_seconds, resident_mb, started
from bench.gateway import GATEWAY
from bench.table import Row
from demo.ports import LOCAL, free_port

MINUTES = float(os.environ.get("COLDCHAIN_BENCH_MINUTES", "4"))
WARM_UP_S = 10.0
SEAL_S = 60
MONTH_S = 30 * 86_400
HEADER_BYTES = 52
TCP_INFO_SEGMENTS = 136  # tcpi_segs_out and tcpi_segs_in in Linux's struct tcp_info
Sample = tuple[
    float, int, int, float
]  # when (monotonic seconds), bytes over the air, on the disk, CPU seconds
PLANS = ((10, 10), (10, 30), (10, 60), (50, 10))  # sensors, seconds between readings of each


@dataclass(slots=True)
class Forwarder:
    """Counts what passes between the gateway and the server."""

    target: int
    port: int = field(default_factory=free_port)
    octets: int = 0
    segments: dict[int, int] = field(default_factory=dict)

    def start(self) -> None:
        listener = socket.create_server((LOCAL, self.port))
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def bytes_over_the_air(self) -> int:
        return self.octets + HEADER_BYTES * sum(self.segments.values())

    def _accept(self, listener: socket.socket) -> None:
        while True:
            client, _ = listener.accept()
            server = socket.create_connection((LOCAL, self.target))
            for ends in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(*ends, client), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)
                self.octets += len(data)
                info = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
                self.segments[id(client)] = sum(struct.unpack_from("II", info, TCP_INFO_SEGMENTS))
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What one gateway cost, per second of the measurement."""

    air: float
    disk: float
    cpu: float
    mb: float


def certificate(folder: Path) -> tuple[Path, Path]:
    """Self-signed, by the command openssl."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(cert)]
    subprocess.run(["openssl", "req", *kind, *name, *files], check=True, capture_output=True)
    return cert, key


def measure() -> list[Row]:
    """All plans at once, beside each other."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        cert, key = certificate(folder)
        places = []
        for sensors, every_s in PLANS:
            own = folder / f"{sensors}-{every_s}"
            own.mkdir()
            broker_port, sink_port = stack.enter_context(broker(own, window=20)), free_port()
            end = ["-m", "bench.parts.sink", str(sink_port), str(1 << 60), str(cert), str(key)]
            stack.enter_context(started([sys.executable, *end]))
            forwarder = Forwarder(sink_port)
            forwarder.start()
            gateway = stack.enter_context(started(_command(own, cert, forwarder.port, broker_port)))
            time.sleep(2.0)
            spoken = ["-m", "bench.parts.sensors", str(broker_port), str(sensors), str(every_s)]
            stack.enter_context(started([sys.executable, *spoken]))
            places.append((gateway.pid, forwarder))
        time.sleep(WARM_UP_S)
        seen: list[list[Sample]] = [[] for _ in places]
        while len(seen[0]) < MINUTES * 60:
            for samples, place in zip(seen, places, strict=True):
                samples.append((time.monotonic(), *_counts(*place)))
            time.sleep(1.0)
        days = [_day(samples, place[0]) for samples, place in zip(seen, places, strict=True)]
    return [row for plan, day in zip(PLANS, days, strict=True) for row in _rows(plan, day)]


def _command(folder: Path, cert: Path, uplink: int, broker_port: int) -> list[str]:
    config = folder / "gateway.toml"
    text = GATEWAY.format(sink=uplink, broker=broker_port).replace('"1s"', f'"{SEAL_S}s"')
    text = text.replace(f'"http://127.0.0.1:{uplink}"', f'"https://localhost:{uplink}"\nca_file = "{cert}"')
    config.write_text(text)
    return [sys.executable, "-m", "coldchain_gateway", "--config", str(config), "run", "--log", "ERROR"]


def _counts(pid: int, forwarder: Forwarder) -> tuple[int, int, float]:
    io = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return forwarder.bytes_over_the_air(), int(io["write_bytes"]), cpu_seconds(pid)


def _day(samples: list[Sample], pid: int) -> Day:
    """Between the first batch and the last, so that whole ones are counted, each with what it cost."""
    sent = [
        number for number in range(1, len(samples) - 3) if samples[number][1] - samples[number - 1][1] > 1000
    ]
    whole = [number + 3 for number in sent if number - 1 not in sent]  # the answer has come by then
    if len(whole) < 2:
        raise SystemExit("too few batches were sent: COLDCHAIN_BENCH_MINUTES=4 or more")
    first, last = samples[whole[0]], samples[whole[-1]]
    air, disk, cpu = (
        (after - before) / (last[0] - first[0]) for before, after in zip(first[1:], last[1:], strict=True)
    )
    return Day(air=air, disk=disk, cpu=cpu, mb=resident_mb(pid, peak=True))


def _rows(plan: tuple[int, int], day: Day) -> list[Row]:
    sensors, every_s = plan
    name = f"{sensors} sensors at {every_s} s"
    if sensors > 10:
        return [
            Row(name=f"idle CPU, {name}", value=day.cpu * 100, unit="% of a core"),
            Row(name=f"RSS, {name}", value=day.mb, unit="MB"),
        ]
    per_second = sensors / every_s
    return [
        Row(name=f"over the air, {name}", value=day.air * MONTH_S / 1e6, unit="MB/month"),
        Row(name=f"on the disk, {name}", value=day.disk * MONTH_S / 1e6, unit="MB/month"),
        Row(name=f"on the disk per reading, {name}", value=day.disk / per_second, unit="bytes"),
    ]
