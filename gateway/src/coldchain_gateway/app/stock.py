"""Taking stock of the running gateway for its health."""

from collections.abc import Callable
from dataclasses import replace

from coldchain_gateway import __version__
from coldchain_gateway.health import (
    Growth,
    Health,
    ReloadHealth,
    SourceHealth,
    disk_free_bytes,
    loop_healths,
    oldest_waiting_s,
    rss_bytes,
    source_healths,
)
from coldchain_gateway.machine import look
from coldchain_gateway.outbox import Counts, OutboxFull, put_aside_files
from coldchain_runtime.supervisor import Supervisor

from .assembly import Parts
from .reload import ReloadResult
from .watchdog import Watchdog
from .wires import Wires


class Stock:
    """Looks at every part at one instant."""

    def __init__(self, parts: Parts, loops: Supervisor, wires: Wires, watchdog: Watchdog) -> None:
        self._parts = parts
        self._loops = loops
        self._wires = wires
        self.reloaded: Callable[[], ReloadResult | None] = lambda: None
        self._watchdog = watchdog
        self._growth = Growth()
        self._started_ms = parts.ground.clock.now_ms()

    def __call__(self) -> Health:
        parts, ground = self._parts, self._parts.ground
        counts = self._counts()
        section = ground.settings.config.gateway
        head = ground.identity.head_file.head
        free = disk_free_bytes(ground.settings.data_dir)
        now_ms = ground.clock.now_ms()
        room = min(section.outbox_cap - counts.used_bytes, free - section.free_space_floor)
        uplink = parts.link.uplink
        return Health(
            version=__version__,
            gateway=section.name,
            organisation=section.organisation,
            fingerprint=ground.identity.key.fingerprint,
            written_ms=now_ms,
            started_ms=self._started_ms,
            run="" if head is None else head.run,
            seq=0 if head is None else head.seq,
            sources=self._sources(now_ms),
            outbox=counts,
            oldest_waiting_s=oldest_waiting_s(counts, ground.trust.now_ms()),
            hours_until_full=self._growth.hours_until_full(counts.waiting_bytes, room, now_ms),
            disk_free_bytes=free,
            quarantined=len(put_aside_files(ground.settings.data_dir)),
            not_kept_for_s=parts.intake.full_for_ms() // 1000,
            clock_source=ground.trust.source.value,
            clock_trusted=ground.trust.offset_ms() is not None,
            clock_alarm=ground.trust.alarming(),
            clock_untrusted_s=ground.trust.untrusted_for_ms() // 1000,
            uplink=None if uplink is None else uplink.sender.state(),
            influxdb=None if parts.link.direct is None else parts.link.direct.state(),
            watch_version=None if uplink is None else uplink.watch.version,
            lines_kept=parts.intake.kept_lines,
            redelivered=parts.intake.redelivered,
            queue=parts.intake.waiting,
            rss_bytes=rss_bytes(),
            config_digest=ground.settings.digest,
            reload=_shown_reload(self.reloaded()),
            loops=loop_healths(self._loops.status, parts.crew.status),
            watchdog_withheld=self._watchdog.withheld,
            machine=look(),
        )

    def _sources(self, now_ms: int) -> tuple[SourceHealth, ...]:
        healths = source_healths(
            self._wires.names,
            self._loops.status,
            self._parts.intake.refusals(),
            self._wires.remarks(),
            self._wires.reports(),
        )
        loops = {loop.name: loop for loop in self._loops.status}
        return tuple(
            replace(one, down_s=loops[name].down_ms(now_ms) // 1000)
            if (name := f"source.{one.name}") in loops
            else one
            for one in healths
        )

    def _counts(self) -> Counts:
        try:
            return self._parts.ground.outbox.counts()
        except OutboxFull:
            return Counts()


def _shown_reload(result: ReloadResult | None) -> ReloadHealth | None:
    if result is None:
        return None
    return ReloadHealth(
        number=result.number, fate=result.fate.value, changes=result.changes, message=result.message
    )
