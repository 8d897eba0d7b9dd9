"""The gateway's own readings: lines every minute, and status.json for whoever stands beside it."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from coldchain.readings import Value
from coldchain_gateway.contracts import Intake, SourceReport
from coldchain_gateway.machine import Machine
from coldchain_gateway.outbox import Counts
from coldchain_gateway.uplink import UplinkState
from coldchain_gateway.uplink.direct import DirectState
from coldchain_gateway.workers import WorkerStatus
from coldchain_runtime.clock import Clock
from coldchain_runtime.durable import write_file_atomic
from coldchain_runtime.logs import Log
from coldchain_runtime.supervisor import LoopState, LoopStatus

STATUS_FILE: Final = "status.json"
NO_REPORT: Final = SourceReport()
LINES_EVERY_MS: Final = 60_000
STATUS_EVERY_S: Final = 5.0
UNKNOWN_MACHINE: Final = Machine()
log = Log("gateway.health")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """One wire."""

    name: str
    state: str
    error: str
    restarts: int
    refused: Mapping[str, int]  # by reason
    down_s: int = 0  # for how long it has not run as it should
    report: SourceReport = NO_REPORT
    remark: str = ""  # why the wire is not read although its loop runs


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopHealth:
    """One loop or thread of the program's own."""

    name: str
    state: str
    error: str
    restarts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadHealth:
    """What came of the last changed configuration."""

    number: int  # counted from the start of the process
    fate: str
    changes: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Everything that is shown, at one instant; ages and durations in the unit of their name."""

    version: str
    gateway: str
    organisation: str
    fingerprint: str
    written_ms: int  # wall clock
    started_ms: int
    run: str
    seq: int
    sources: tuple[SourceHealth, ...]
    outbox: Counts
    oldest_waiting_s: int
    hours_until_full: float | None
    disk_free_bytes: int
    quarantined: int  # broken outboxes that were put aside and nobody has looked at
    not_kept_for_s: int  # since when the outbox has had no room; 0: it has
    clock_source: str
    clock_trusted: bool
    clock_alarm: bool
    clock_untrusted_s: int
    uplink: UplinkState | None
    influxdb: DirectState | None
    watch_version: str | None
    lines_kept: int
    redelivered: int
    queue: int
    rss_bytes: int
    config_digest: str = ""  # of the configuration in force
    reload: ReloadHealth | None = None
    loops: tuple[LoopHealth, ...] = ()
    watchdog_withheld: str = ""  # what does not move, so that the watchdog is not fed
    machine: Machine = UNKNOWN_MACHINE


def gateway_fields(health: Health) -> dict[str, Value | str]:
    """The fields of the `gateway` line."""
    fields: dict[str, Value | str] = {
        "version": health.version,
        "outbox_batches": health.outbox.waiting_batches,
        "outbox_lines": health.outbox.waiting_lines + health.outbox.unsealed_lines,
        "outbox_bytes": health.outbox.used_bytes,
        "outbox_oldest_s": health.oldest_waiting_s,
        "outbox_refused": health.outbox.refused_batches,
        "outbox_quarantined": health.quarantined,
        "disk_free_bytes": health.disk_free_bytes,
        "not_kept_s": health.not_kept_for_s,
        "clock_trusted": health.clock_trusted,
        "clock_source": health.clock_source,
        "clock_alarm": health.clock_alarm,
        "redelivered": health.redelivered,
        "rss_bytes": health.rss_bytes,
        "config": health.config_digest,
        "uptime_s": max(0, (health.written_ms - health.started_ms) // 1000),
    }
    if health.hours_until_full is not None:
        fields["hours_until_full"] = health.hours_until_full
    if health.uplink is not None:
        fields["uplink"] = health.uplink.state
    if health.influxdb is not None:
        fields["influxdb"] = health.influxdb.state
    if health.machine.cpu_celsius is not None:
        fields["cpu_temperature"] = health.machine.cpu_celsius
    if health.machine.undervoltage is not None:
        fields["undervoltage"] = health.machine.undervoltage
    return fields


Noted = dict[tuple[str, str], object]
"""What was last said of each wire, by its name, and of each reason of its refusals."""


def note_lines(intake: Intake, health: Health, noted: Noted) -> None:
    """Keep the health as lines; of wires and refusals what differs from `noted`, which is updated.

    Air time costs money on a truck: a wire that goes on as it was says nothing new.
    """
    intake.note("gateway", {}, gateway_fields(health))
    for source in health.sources:
        fields: dict[str, Value | str] = {
            "state": source.state,
            "restarts": source.restarts,
            "refused": sum(source.refused.values()),
        }
        if source.report.alarm:
            fields["alarm"] = source.report.alarm[:200]
        if source.error:
            fields["error"] = source.error.replace("\n", " ")[:200]
        if noted.get((source.name, "")) != fields:
            noted[source.name, ""] = fields
            intake.note("source", {"source": source.name}, fields)
        for reason, count in source.refused.items():
            if noted.get((source.name, reason)) != count:
                noted[source.name, reason] = count
                intake.note("refusal", {"source": source.name, "reason": reason}, {"count": count})


def source_healths(
    names: Sequence[str],
    loops: Sequence[LoopStatus],
    refusals: Mapping[tuple[str, str], int],
    remarks: Mapping[str, str] | None = None,
    reports: Mapping[str, SourceReport] | None = None,
) -> tuple[SourceHealth, ...]:
    """Every wire with the state of its loop; the gateway's own refusals stand under `gateway`.

    `remarks`: why a wire is not read although its loop runs, by name; stands as its error too.
    """
    by_name = {loop.name: loop for loop in loops}
    extra = sorted({source for source, _ in refusals} - set(names))
    healths: list[SourceHealth] = []
    for name in [*names, *extra]:
        loop, remark = by_name.get(f"source.{name}"), (remarks or {}).get(name, "")
        healths.append(
            SourceHealth(
                name=name,
                state="running" if loop is None else loop.state.value,
                error=remark or ("" if loop is None else loop.error),
                restarts=0 if loop is None else loop.restarts,
                refused={reason: count for (source, reason), count in refusals.items() if source == name},
                report=(reports or {}).get(name, NO_REPORT),
                remark=remark,
            )
        )
    return tuple(healths)


def loop_healths(loops: Sequence[LoopStatus], workers: Sequence[WorkerStatus]) -> tuple[LoopHealth, ...]:
    """Everything that is supervised beside the wires."""
    own = [loop for loop in loops if not loop.name.startswith("source.")]
    return (
        *(
            LoopHealth(name=one.name, state=one.state.value, error=one.error, restarts=one.restarts)
            for one in own
        ),
        *(
            LoopHealth(
                name=one.name,
                state=(LoopState.RUNNING if one.alive else LoopState.STOPPED).value,
                error=one.error,
                restarts=one.restarts,
            )
            for one in workers
        ),
    )


class Growth:
    """How fast the waiting bytes grow, for the hours until the outbox is full."""

    def __init__(self) -> None:
        self._first: tuple[int, int] | None = None

    def hours_until_full(self, waiting_bytes: int, room_bytes: int, now_ms: int) -> float | None:
        """None while nothing piles up or too little time has been seen (a minute)."""
        if self._first is None or waiting_bytes <= self._first[1]:
            self._first = (now_ms, waiting_bytes)
            return None
        elapsed_ms = now_ms - self._first[0]
        if elapsed_ms < 60_000:
            return None
        per_hour = (waiting_bytes - self._first[1]) * 3_600_000 / elapsed_ms
        return round(max(0, room_bytes) / per_hour, 1)


def rss_bytes() -> int:
    """Resident memory of this process."""
    fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * 4096


class HealthLoop:
    """Writes status.json every few seconds and the lines every minute; `run` is supervised."""

    def __init__(
        self, *, clock: Clock, data_dir: Path, take_stock: Callable[[], Health], intake: Intake
    ) -> None:
        self._clock = clock
        self._path = data_dir / STATUS_FILE
        self._take_stock = take_stock
        self._intake = intake
        self._noted: Noted = {}

    async def run(self) -> None:
        """Until cancelled."""
        last_lines_ms: int | None = None
        while True:
            now_ms = self._clock.boottime_ns() // 1_000_000
            health = self._take_stock()
            self.write(health)
            if last_lines_ms is None or now_ms - last_lines_ms >= LINES_EVERY_MS:
                last_lines_ms = now_ms
                note_lines(self._intake, health, self._noted)
            await self._clock.sleep(STATUS_EVERY_S)

    def look(self) -> None:
        """Something changed that people wait to see: write status.json now."""
        self.write(self._take_stock())

    def write(self, health: Health) -> None:
        """Replace status.json; a full disk costs the old one nothing."""
        document = json.dumps(asdict(health), ensure_ascii=False, indent=1).encode()
        try:
            write_file_atomic(self._path, document + b"\n")
        except OSError as error:
            log.warning("health.status_not_written", reason=str(error))


def oldest_waiting_s(counts: Counts, now_ms: int | None) -> int:
    """Age of the oldest waiting batch by trusted time; 0 where nothing waits or nobody knows the time."""
    if counts.oldest_waiting_ms is None or now_ms is None:
        return 0
    return max(0, (now_ms - counts.oldest_waiting_ms) // 1000)


def disk_free_bytes(folder: Path) -> int:
    """Free bytes for an ordinary user on the folder's disk."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize
