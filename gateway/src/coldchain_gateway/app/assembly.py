"""Everything that runs, put together from the configuration; nothing is started here."""

from dataclasses import dataclass

from coldchain.readings import Refusal, RefusalReason, Value
from coldchain_gateway import BUILT_MS
from coldchain_gateway.clock_trust import ClockTrust, boot_id, kernel_synchronised
from coldchain_gateway.config import Settings
from coldchain_gateway.health import disk_free_bytes
from coldchain_gateway.identity import HeadFile, Identity, load_or_create_key
from coldchain_gateway.intake import GatewayIntake, Hooks
from coldchain_gateway.local_alarm import LocalAlarm
from coldchain_gateway.outbox import (
    REMEMBERED_BATCHES,
    Bound,
    Cap,
    Keeper,
    Opened,
    Sealer,
    SqliteOutbox,
    continue_or_begin,
)
from coldchain_gateway.workers import Crew
from coldchain_runtime.clock import Clock

from .ground import Ground
from .link import Link
from .satellite_time import SatelliteTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What `run` starts and stops."""

    ground: Ground
    crew: Crew
    keeper: Keeper
    intake: GatewayIntake
    alarm: LocalAlarm
    link: Link


def assemble(settings: Settings, clock: Clock, opened: Opened, crew: Crew) -> Parts:
    """Put everything together around an open outbox."""
    boot = boot_id()
    ground = Ground(
        settings=settings,
        clock=clock,
        identity=Identity(
            key=load_or_create_key(settings.data_dir),
            organisation=settings.config.gateway.organisation,
            head_file=HeadFile(settings.data_dir),
        ),
        outbox=opened.outbox,
        trust=_trust(clock, opened.outbox, boot),
    )
    keeper = _keeper(ground, boot, quarantined=opened.quarantined is not None)
    intake = GatewayIntake(
        outbox=opened.outbox,
        clock=clock,
        boot=boot,
        trusted=lambda: ground.trust.offset_ms() is not None,
        hooks=Hooks(committed=keeper.committed, hurry=keeper.hurry, relieve=keeper.relieve),
    )
    keeper.dropped_lines = lambda count: _tell_dropped(intake, count)
    if opened.quarantined is not None:
        _tell_quarantined(intake, opened)
    alarm = LocalAlarm(settings.config.local_alarm, clock=clock, intake=intake)
    intake.watcher = SatelliteTime.before(alarm, ground.trust, settings.config.source)
    link = Link(ground, alarm, crew)
    keeper.sealed = link.sealed
    alarm.accepted = link.accepted
    return Parts(ground=ground, crew=crew, keeper=keeper, intake=intake, alarm=alarm, link=link)


def _trust(clock: Clock, outbox: SqliteOutbox, boot: str) -> ClockTrust:
    """What earlier processes knew of the time: of this boot exactly, of earlier ones the latest instant."""
    boots = outbox.boots()
    earlier = next((known.offset_ms for known in boots if known.boot == boot), None)
    trusted = (known.offset_ms + known.last_ms for known in boots if known.offset_ms is not None)
    trust = ClockTrust(clock, kernel_synchronised, earlier, max(BUILT_MS, *trusted, 0))
    pending = outbox.pending()
    if any(known.ordinal == pending.oldest_boot and known.boot == boot for known in boots):
        trust.since_boot_ms = min(trust.since_boot_ms, pending.oldest_boot_ms)
    return trust


def _keeper(ground: Ground, boot: str, *, quarantined: bool) -> Keeper:
    section = ground.settings.config.gateway
    outbox, identity, data_dir = ground.outbox, ground.identity, ground.settings.data_dir
    start = continue_or_begin(outbox, identity.head_file.head, identity.key, quarantined=quarantined)
    sealer = Sealer(outbox=outbox, identity=identity, start=start, seal_after_ms=section.seal_after)
    sealer.recall(outbox.newest_bodies(REMEMBERED_BATCHES))
    bound = Bound(cap_bytes=section.outbox_cap, floor_bytes=section.free_space_floor)
    cap = Cap(outbox, bound, data_dir)
    keeper = Keeper(outbox=outbox, sealer=sealer, cap=cap, trust=ground.trust, boot=boot)
    keeper.disk_free = lambda: disk_free_bytes(data_dir)
    keeper.keep_acknowledged_ms = section.keep_acknowledged
    return keeper


def _tell_quarantined(intake: GatewayIntake, opened: Opened) -> None:
    """A line in evidence, beside the declared holes: unsealed lines had no number that could be declared."""
    saved = opened.salvaged
    fields: dict[str, Value | str] = {
        "quarantined": "" if opened.quarantined is None else opened.quarantined.name,
        "reason": opened.reason.replace("\n", " ")[:200],
        "salvaged_batches": saved.batches,
        "salvaged_lines": saved.lines,
        "unreadable": saved.unreadable,
    }
    intake.note("outbox", {}, fields, urgent=True)


def _tell_dropped(intake: GatewayIntake, lines: int) -> None:
    """Unsealed lines had no number yet, so no hole can name them: they are counted instead."""
    for _ in range(lines):
        intake.refuse("outbox", Refusal(reason=RefusalReason.NOT_KEPT, detail="dropped under the cap"))
