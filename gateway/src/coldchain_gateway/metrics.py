"""Health as text metrics in Prometheus' exposition format. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from coldchain_gateway.health import Health

PREFIX: Final = "coldchain_gateway_"
Sample = tuple[Mapping[str, str], float]


def metrics_text(health: Health) -> str:
    """One page of metrics, ended by a line feed."""
    return "".join(_families(health))


def _families(health: Health) -> Iterator[str]:
    info = {
        "version": health.version,
        "gateway": health.gateway,
        "organisation": health.organisation,
        "fingerprint": health.fingerprint,
        "config": health.config_digest,
    }
    yield _family("info", "gauge", "Which gateway this is.", [(info, 1)])
    for name, kind, help_text, value in _plain(health):
        if value is not None:
            yield _family(name, kind, help_text, [({}, value)])
    yield from _of_sources(health)
    loops = [({"loop": loop.name}, float(loop.restarts)) for loop in health.loops]
    yield _family("loop_restarts_total", "counter", "Restarts of the gateway's own loops.", loops)


def _plain(health: Health) -> Iterator[tuple[str, str, str, float | None]]:
    """Name, type, help and value of metrics without labels; None where nobody knows."""
    outbox, uplink = health.outbox, health.uplink
    accepted_ms = None if uplink is None else uplink.last_accepted_ms
    uptime_s = (health.written_ms - health.started_ms) / 1e3
    yield "uptime_seconds", "gauge", "Since the start of the process.", uptime_s
    yield "resident_bytes", "gauge", "Resident memory of the process.", health.rss_bytes
    yield "lines_kept_total", "counter", "Lines made durable since start.", health.lines_kept
    yield (
        "redelivered_total",
        "counter",
        "Messages that came again, kept once.",
        health.redelivered,
    )
    yield "queue", "gauge", "What was offered and is not durable yet.", health.queue
    yield "outbox_batches", "gauge", "Sealed batches that wait to be sent.", outbox.waiting_batches
    yield "outbox_lines", "gauge", "Lines in them.", outbox.waiting_lines
    yield "outbox_unsealed_lines", "gauge", "Lines that wait to be dated and sealed.", outbox.unsealed_lines
    yield "outbox_refused_batches", "gauge", "Batches the backend will never take.", outbox.refused_batches
    yield "outbox_bytes", "gauge", "Bytes in use.", outbox.used_bytes
    yield "outbox_oldest_seconds", "gauge", "Age of the oldest waiting batch.", health.oldest_waiting_s
    yield "outbox_hours_until_full", "gauge", "At the rate of now.", health.hours_until_full
    yield "outbox_full_seconds", "gauge", "For how long nothing could be kept.", health.not_kept_for_s
    yield "disk_free_bytes", "gauge", "Free on the data folder's disk.", health.disk_free_bytes
    yield "clock_trusted", "gauge", "1 while somebody vouches for the time.", float(health.clock_trusted)
    yield "clock_untrusted_seconds", "gauge", "For how long nobody has.", health.clock_untrusted_s
    connected = None if uplink is None else float(uplink.state == "connected")
    yield "uplink_connected", "gauge", "1 while the backend takes what is sent.", connected
    last_s = None if accepted_ms is None else accepted_ms / 1e3
    yield "uplink_last_accepted_timestamp_seconds", "gauge", "When the backend last took a batch.", last_s
    yield (
        "watchdog_withheld",
        "gauge",
        "1 while something stands still.",
        float(bool(health.watchdog_withheld)),
    )
    board = health.machine
    yield "cpu_celsius", "gauge", "Temperature of the processor.", board.cpu_celsius
    undervoltage = None if board.undervoltage is None else float(board.undervoltage)
    yield "undervoltage", "gauge", "1 while the supply voltage is too low.", undervoltage


def _of_sources(health: Health) -> Iterator[str]:
    sources = health.sources
    up: list[Sample] = [({"source": one.name}, float(one.state == "running")) for one in sources]
    yield _family("source_up", "gauge", "1 while the wire is open.", up)
    down: list[Sample] = [({"source": one.name}, float(one.down_s)) for one in sources]
    yield _family("source_down_seconds", "gauge", "For how long the wire has not run as it should.", down)
    restarts: list[Sample] = [({"source": one.name}, float(one.restarts)) for one in sources]
    yield _family("source_restarts_total", "counter", "Restarts of the wire's driver.", restarts)
    refused: list[Sample] = [
        ({"source": one.name, "reason": reason}, float(count))
        for one in sources
        for reason, count in sorted(one.refused.items())
    ]
    yield _family("refused_total", "counter", "What never became a reading, by reason.", refused)


def _family(name: str, kind: str, help_text: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP {PREFIX}{name} {help_text}", f"# TYPE {PREFIX}{name} {kind}"]
    lines += [f"{PREFIX}{name}{_labels(labels)} {_number(value)}" for labels, value in samples]
    return "\n".join(lines) + "\n" if len(lines) > 2 else ""


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
