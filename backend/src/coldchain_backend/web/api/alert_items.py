"""An alert as the API answers it."""

from pydantic import BaseModel

from coldchain_backend.alerts import Alert, MuteKind
from coldchain_backend.web.api.shapes import Time
from coldchain_backend.web.times import iso


class MutedItem(BaseModel):
    """What lies over an alert: nobody is called while it does. `source` names the shelving or window."""

    kind: MuteKind
    source: str
    by: str
    reason: str
    until: Time | None


class AlertItem(BaseModel):
    """An alert; times ending in `_at` are event time but `fired_at` and `acknowledged_at`, the server's.

    `state` is what is shown (shelved, suppressed and out_of_service hide what is below), `below` what it is.
    """

    id: str
    kind: str
    state: str
    below: str
    level: str
    critical: bool
    revision: int
    asset: str | None
    zone: str | None
    point: str | None
    sensor: str | None
    gateway: str | None
    rule: str | None
    value: float | None
    limit: float | None
    peak: float | None
    peak_at: Time | None
    out_minutes: float
    opened_at: Time
    ended_at: Time | None
    fired_at: Time
    incomplete: bool
    data_gap: bool
    acknowledged_by: str | None
    acknowledged_at: Time | None
    acknowledged_reason: str | None
    acknowledged_action: str | None
    rearms: int
    muted: MutedItem | None
    disposition: str | None
    told: list[str]


def alert_fields(alert: Alert) -> dict[str, object]:
    """What an item says of an alert."""
    cause, taken = alert.cause, alert.acknowledged
    subject, end = cause.subject, cause.end
    return {
        "id": alert.id,
        "kind": cause.kind.value,
        "state": alert.standing.value,
        "below": alert.state.value,
        "critical": alert.critical,
        "level": alert.level.value,
        "revision": alert.revision,
        "asset": subject.asset,
        "zone": subject.zone,
        "point": subject.point,
        "sensor": subject.sensor,
        "gateway": subject.gateway,
        "rule": cause.rule,
        "value": cause.value,
        "limit": cause.limit,
        "peak": cause.peak,
        "peak_at": None if cause.peak_ms is None else iso(cause.peak_ms),
        "out_minutes": round(cause.out_ms / 60_000, 2),
        "opened_at": iso(cause.opened_ms),
        "ended_at": None if end is None else iso(end.event_ms),
        "fired_at": iso(alert.fired_ms),
        "incomplete": end is not None and end.incomplete,
        "data_gap": cause.data_gap,
        "acknowledged_by": None if taken is None else taken.by,
        "acknowledged_at": None if taken is None else iso(taken.at_ms),
        "acknowledged_reason": None if taken is None else taken.reason,
        "acknowledged_action": None if taken is None else taken.action,
        "rearms": alert.rearms,
        "muted": _muted(alert),
        "disposition": None if alert.disposition is None else alert.disposition.decision.value,
        "told": list(alert.told),
    }


def _muted(alert: Alert) -> MutedItem | None:
    muted = alert.muted
    if muted is None:
        return None
    return MutedItem(
        kind=muted.kind,
        source=muted.source,
        by=muted.by,
        reason=muted.reason,
        until=None if muted.until_ms is None else iso(muted.until_ms),
    )
