"""Chatter: one condition that comes and goes so often that telling each time helps nobody. Pure."""

from dataclasses import dataclass, replace

from coldchain_backend.alerts.cause import AlertKind, Cause
from coldchain_backend.alerts.states import Alert
from coldchain_backend.fleet import Alerting

HOLD_MS = 15 * 60_000
"""An occurrence that lasts longer than this is told by itself, however often it came before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chatter:
    """The last fires of one source, at most as many as make it unstable, and what tells of it if it is.

    cause   the id of the cause of the alert "unstable"; alert: that alert's id
    last    the id of the newest occurrence
    """

    fires: tuple[int, ...] = ()
    cause: str | None = None
    alert: str | None = None
    last: str = ""


def fired(chatter: Chatter, alert: Alert, now_ms: int, alerting: Alerting) -> Chatter:
    """One occurrence more."""
    fires = (*chatter.fires, now_ms)[-alerting.chatter_count :]
    return replace(chatter, fires=fires, last=alert.id)


def unstable(chatter: Chatter, now_ms: int, alerting: Alerting) -> bool:
    """Whether it has come so often of late that it is told as one."""
    fires = chatter.fires
    return len(fires) >= alerting.chatter_count and now_ms - fires[0] < alerting.chatter_within_ms


def cause_of_chatter(alert: Alert, count: int, now_ms: int) -> Cause:
    """What is told instead of the occurrences from this one on."""
    cause = alert.cause
    return replace(
        cause,
        id=f"unstable\n{alert.id}",
        kind=AlertKind.UNSTABLE,
        opened_ms=now_ms,
        reached_ms=now_ms,
        known_ms=now_ms,
        level=alert.level,
        detail=f"{cause.kind.value} {cause.rule}" if cause.rule else cause.kind.value,
        count=count,
        latches=False,
        end=None,
    )
