"""Everything that runs, put together from the configuration; nothing is started here."""

from dataclasses import dataclass

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.clock_trust import ClockTrust, boot_id, kernel_synchronised
from coldchain_gateway.config import Settings
from coldchain_gateway.contracts import Watcher
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
from coldchain_gateway.uplink import Connection, PinnedKey, Sender, TokenFile, WatchFetcher, bundle_on_disk
from coldchain_runtime.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplink:
    """The way to the backend."""

    sender: Sender
    watch: WatchFetcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What everything else stands on."""

    settings: Settings
    clock: Clock
    identity: Identity
    outbox: SqliteOutbox
    trust: ClockTrust


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What `run` starts and stops."""

    ground: Ground
    keeper: Keeper
    intake: GatewayIntake
    alarm: LocalAlarm
    uplink: Uplink | None  # None: a gateway on its own


def assemble(settings: Settings, clock: Clock, opened: Opened) -> Parts:
    """Put everything together around an open outbox."""
    boot = boot_id()
    earlier = next((known.offset_ms for known in opened.outbox.boots() if known.boot == boot), None)
    ground = Ground(
        settings=settings,
        clock=clock,
        identity=Identity(
            key=load_or_create_key(settings.data_dir),
            organisation=settings.config.gateway.organisation,
            head_file=HeadFile(settings.data_dir),
        ),
        outbox=opened.outbox,
        trust=ClockTrust(clock, kernel_synchronised, earlier),
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
    alarm = LocalAlarm(settings.config.local_alarm, clock=clock, intake=intake)
    intake.watcher = alarm
    uplink = _uplink(ground, alarm)
    if uplink is not None:
        keeper.sealed = uplink.sender.sealed
    return Parts(ground=ground, keeper=keeper, intake=intake, alarm=alarm, uplink=uplink)


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


def _uplink(ground: Ground, watcher: Watcher) -> Uplink | None:
    settings = ground.settings
    endpoint = settings.endpoint()
    if endpoint is None:
        return None
    token = TokenFile(settings.token_file)

    def connect() -> Connection:
        return Connection(endpoint, ground.clock, token)

    sender = Sender(
        outbox=ground.outbox,
        identity=ground.identity,
        trust=ground.trust,
        clock=ground.clock,
        connect=connect,
    )
    pinned = PinnedKey(settings.data_dir)
    bundle = bundle_on_disk(settings.data_dir, pinned)
    if bundle is not None:
        watcher.load(bundle)
    watch = WatchFetcher(
        connection=connect(),
        trust=ground.trust,
        pinned=pinned,
        data_dir=settings.data_dir,
        current=None if bundle is None else bundle.version,
    )
    watch.loaded = watcher.load
    sender.watch_version = watch.announced
    return Uplink(sender=sender, watch=watch)


def _tell_dropped(intake: GatewayIntake, lines: int) -> None:
    """Unsealed lines had no number yet, so no hole can name them: they are counted instead."""
    for _ in range(lines):
        intake.refuse("outbox", Refusal(reason=RefusalReason.NOT_KEPT, detail="dropped under the cap"))
