"""Muting: what lies over which alerts, and when. Decided here only, before anybody is chosen. Pure.

It changes who is called, never what is recorded.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from coldchain.profiles import Level
from coldchain_backend.alerts.states import Alert, Muted, MuteKind
from coldchain_backend.fleet import Schedule, ZoneState, next_boundary_ms, scheduled_state


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose alerts: each part that is named must fit; nothing named is everything.

    source   one condition that comes and goes, as `Alert.source` names it
    alert    one occurrence only
    """

    asset: str | None = None
    zone: str | None = None
    sensor: str | None = None
    source: str | None = None
    alert: str | None = None

    def covers(self, alert: Alert) -> bool:
        """Whether an alert is meant."""
        subject = alert.cause.subject
        parts = (
            (self.asset, subject.asset),
            (self.zone, subject.zone),
            (self.sensor, subject.sensor),
            (self.source, alert.source),
            (self.alert, alert.id),
        )
        return all(wanted is None or wanted == found for wanted, found in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """A shelving, a window, or a time out of service, from an act of a person.

    from_ms, to_ms   in which it may hold, end-exclusive; to_ms None: until it is taken off
    level            of a shelving: the level that was shelved; what rises above it is told
    schedule         of a window that comes again: it holds in these times of day of `time_zone` only
    """

    id: str
    kind: MuteKind
    scope: Scope
    by: str
    reason: str
    from_ms: int
    to_ms: int | None = None
    level: Level | None = None
    schedule: Schedule | None = None
    time_zone: str = "UTC"

    def holds(self, at_ms: int) -> bool:
        """Whether it lies over its alerts at an instant."""
        if at_ms < self.from_ms or (self.to_ms is not None and at_ms >= self.to_ms):
            return False
        if self.schedule is None:
            return True
        return scheduled_state(self.schedule, self.time_zone, at_ms) is ZoneState.IN_USE

    def over(self, at_ms: int) -> bool:
        """Whether it will never hold again."""
        return self.to_ms is not None and self.to_ms <= at_ms

    def next_ms(self, after_ms: int) -> int | None:
        """The next instant at which it may begin or end."""
        instants = [at for at in (self.from_ms, self.to_ms) if at is not None and at > after_ms]
        if self.schedule is not None:
            begin_ms = max(after_ms, self.from_ms)
            boundary_ms = next_boundary_ms(self.schedule, self.time_zone, begin_ms)
            instants += [] if boundary_ms is None else [boundary_ms]
        found = min(instants, default=None)
        return None if found is None or (self.to_ms is not None and found > self.to_ms) else found

    def mutes(self, alert: Alert, at_ms: int) -> bool:
        """Whether it lies over an alert at an instant."""
        louder = self.level is not None and alert.level.rank > self.level.rank
        return not louder and self.holds(at_ms) and self.scope.covers(alert)


_STRENGTH: Final = tuple(MuteKind)


def muted(alert: Alert, mutes: Iterable[Mute], at_ms: int) -> Muted | None:
    """What lies over an alert at an instant: the strongest, of equals the one that lasts longest.

    What people set lies over what the desk found by itself (chatter), which stays until its own time is over.
    """
    holding = [one for one in mutes if one.mutes(alert, at_ms)]
    if holding:
        first = min(holding, key=_precedence)
        return Muted(
            kind=first.kind, source=first.id, by=first.by, reason=first.reason, until_ms=_until(first, at_ms)
        )
    own = alert.muted
    if own is not None and own.kind is MuteKind.UNSTABLE and at_ms < (own.until_ms or 0):
        return own
    return None


def _until(mute: Mute, at_ms: int) -> int | None:
    return mute.to_ms if mute.schedule is None else mute.next_ms(at_ms)


def _precedence(mute: Mute) -> tuple[int, int, str]:
    end_ms = 1 << 62 if mute.to_ms is None else mute.to_ms
    return _STRENGTH.index(mute.kind), -end_ms, mute.id


def mute_id_of(number: int) -> str:
    """The id of what the act of this ledger record set."""
    return "mu_" + sha256(f"mute\n{number}".encode()).hexdigest()[:20]
