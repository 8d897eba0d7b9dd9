"""What /metrics tells, in Prometheus's words; docs/metrics.md names every figure."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from coldchain_backend.alerts import counts
from coldchain_backend.influx import Left
from coldchain_backend.ingest.follow import ALERTED, FollowState
from coldchain_backend.judging import Counts
from coldchain_backend.mirror import CONDITIONS, Mirror, MirrorState
from coldchain_backend.web.alarm_figures import AlarmFigures
from coldchain_backend.web.services import Room, Services


def exposition(
    services: Services, mirror: Mirror | None, figures: AlarmFigures, followed: Sequence[FollowState] = ()
) -> bytes:
    """All figures as of now, also of mirror and followed stores. Raises Unavailable without the state."""
    registry = CollectorRegistry()
    _judging(registry, services)
    _disk(registry, services.room())
    _alerts(registry, services.answers.counts(), services.clock.now_ms())
    audited = _gauge(registry, "alerts_open", "alerts that go on, by how they are told", "stated")
    for stated, number in counts(services.answers.audit()).items():
        audited.labels(stated.value).set(number)
    _parts(registry, services)
    figures.expose(registry, services)
    if mirror is not None:
        _mirror(mirror.state, registry)
    if followed:
        _followed(followed, services.clock.now_ms(), registry)
    return generate_latest(registry)


def _judging(registry: CollectorRegistry, services: Services) -> None:
    progress, now_ms = services.answers.progress(), services.clock.now_ms()
    behind = services.ledger.end - progress.offset
    lag_ms = max(0, now_ms - progress.stamp_ms) if behind else 0
    _gauge(registry, "ledger_records", "records in the ledger").set(services.ledger.end)
    _gauge(registry, "judging_lag_records", "records not judged yet").set(behind)
    _gauge(registry, "judging_lag_seconds", "how old the oldest record that is not judged may be").set(
        lag_ms / 1000
    )
    unjudged = _gauge(registry, "unjudged", "in evidence, not judged", "reason")
    for reason, count in services.answers.unjudged().items():
        unjudged.labels(reason).set(count)


def _disk(registry: CollectorRegistry, room: Room) -> None:
    stores = {"ledger": room.ledger, "series": room.series, "database": room.database, "other": room.others}
    sizes = _gauge(registry, "store_bytes", "what the data takes on its disk", "store")
    for store, count in stores.items():
        sizes.labels(store).set(count)
    grows = _gauge(registry, "store_bytes_per_day", "what is added a day, where that is known", "store")
    for store, growth in room.grows.items():
        grows.labels(store).set(growth)
    _gauge(registry, "disk_free_bytes", "free room of the disk").set(room.disk_free)
    if room.days_until_full is not None:
        _gauge(registry, "disk_days_until_full", "when the disk is full if it goes on like this").set(
            room.days_until_full
        )


def _alerts(registry: CollectorRegistry, found: Counts, now_ms: int) -> None:
    alerts = _gauge(registry, "alerts", "alerts by what they stand as", "state", "level")
    for (state, level), count in found.alerts.items():
        alerts.labels(state, level).set(count)
    waiting_ms = 0 if found.oldest_ms is None else max(0, now_ms - found.oldest_ms)
    _gauge(registry, "deliveries_oldest_seconds", "how long the oldest queued delivery has waited").set(
        waiting_ms / 1000
    )
    _gauge(registry, "digest_entries", "tellings that wait for the next digest").set(found.for_digests)
    for name, text, label, numbers in (
        ("deliveries", "deliveries by state", "state", found.deliveries),
        ("delivery_attempts", "attempts by outcome", "outcome", found.attempts),
        ("deliveries_queued", "deliveries that wait", "receiver", found.queued),
        ("dead_letters", "deliveries that were given up", "receiver", found.dead),
    ):
        gauge = _gauge(registry, name, text, label)
        for value, count in numbers.items():
            gauge.labels(value).set(count)


def _parts(registry: CollectorRegistry, services: Services) -> None:
    heard = _gauge(registry, "gateway_heard_ms", "when a gateway was last heard", "gateway")
    for name, seen in services.gateways().items():
        heard.labels(name).set(seen.heard_ms or 0)
    well = _gauge(registry, "part_ok", "whether a part of the server is well", "part")
    for part in services.vitals():
        well.labels(part.name).set(part.ok)
    beat = _gauge(registry, "beat_ms", "when an expected beat last came", "beat")
    for one in services.beats.all():
        beat.labels(one.name).set(one.last_ms)


def _mirror(state: MirrorState, registry: CollectorRegistry) -> None:
    Gauge("coldchain_mirror_up", "1: InfluxDB is written to", registry=registry).set(state.trouble is None)
    Gauge("coldchain_mirror_lag_records", "judged records not mirrored yet", registry=registry).set(
        max(0, state.judged - state.ledger)
    )
    Gauge("coldchain_mirror_points", "points written since the start", registry=registry).set(
        state.tally.points
    )
    Gauge("coldchain_mirror_fills", "fillings begun since the start", registry=registry).set(state.fills)
    left = Gauge("coldchain_mirror_left_out", "points left out", ["reason"], registry=registry)
    for reason in Left:
        left.labels(reason=reason.value).set(state.tally.left[reason])
    named = Gauge("coldchain_mirror_condition", "1: an operator has to know", ["name"], registry=registry)
    for name in CONDITIONS:
        named.labels(name=name).set(name in state.conditions())


def _followed(states: Sequence[FollowState], now_ms: int, registry: CollectorRegistry) -> None:
    figures = {
        name: _gauge(registry, f"follow_{name}", text, "store")
        for name, text in (
            ("up", "1: the store is read"),
            ("live", "1: its first import is done"),
            ("lag_seconds", "how far what was read lies behind now"),
            ("readings", "readings taken since the start"),
            ("late", "of them, found behind newer ones"),
            ("gone", "points that were taken and no longer stand there"),
            ("future", "points that lie in the future"),
        )
    }
    named = _gauge(registry, "follow_condition", "1: an operator has to know", "store", "name")
    for state in states:
        values = (
            state.trouble is None, state.live, state.lag_ms(now_ms) / 1000, state.taken, state.late,
            state.gone, state.ahead + state.too_far,
        )  # fmt: skip
        for gauge, value in zip(figures.values(), values, strict=True):
            gauge.labels(state.name).set(value)
        going_on = state.conditions()
        for name in ALERTED | going_on.keys():
            named.labels(state.name, name).set(name in going_on)


def _gauge(registry: CollectorRegistry, name: str, text: str, *labels: str) -> Gauge:
    return Gauge(f"coldchain_{name}", text, labels, registry=registry)
