"""Storms of alerts: floods and chatter, noticed as alarms fire, each told as one alert of its own."""

from collections.abc import Callable
from dataclasses import replace

from coldchain_backend.alerts.cause import AlertKind, Cause, End, EndKind
from coldchain_backend.alerts.chatter import HOLD_MS, Chatter, cause_of_chatter, fired, unstable
from coldchain_backend.alerts.contracts import AlertBook, DueName, Timers
from coldchain_backend.alerts.flood import Counted, Flood, begins, calm_ms, cause_of_flood, counted, grown
from coldchain_backend.alerts.lifecycle import alert_id_of
from coldchain_backend.alerts.memos import Memos
from coldchain_backend.alerts.states import Alert, Muted, MuteKind
from coldchain_backend.fleet import Fleet

Look = Callable[[Cause, int, Fleet], Alert | None]
FLOOD = "flood"


class Storms:
    """`look` follows a cause as the desk does."""

    def __init__(self, book: AlertBook, timers: Timers, memos: Memos, look: Look) -> None:
        self._book, self._timers, self._memos, self._look = book, timers, memos, look

    @property
    def flooded(self) -> bool:
        """Whether a flood goes on."""
        return self._memos.get(FLOOD, Flood).cause is not None

    def chatters(self, alert: Alert, now_ms: int, fleet: Fleet) -> Muted | None:
        """An alarm fires for the first time: what lies over it if its source is unstable."""
        alerting, name = fleet.plan.alerting, _name_of(alert.source)
        before = self._memos.get(name, Chatter)
        chatter = fired(before, alert, now_ms, alerting)
        told = None if before.cause is None else self._book.alert(before.alert or "")
        if told is not None:
            more = replace(told.cause, count=told.cause.count + 1, known_ms=now_ms)
            told = self._look(more, now_ms, fleet)
        elif unstable(chatter, now_ms, alerting):
            told = self._look(cause_of_chatter(alert, len(chatter.fires), now_ms), now_ms, fleet)
        if told is None:
            self._memos.put(
                name, chatter if before.cause is None else replace(chatter, cause=None, alert=None)
            )
            return None
        self._memos.put(name, replace(chatter, cause=told.cause.id, alert=told.id))
        self._timers.set(alert.source, DueName.CHATTER_END, now_ms + alerting.chatter_calm_ms)
        self._timers.set(alert.id, DueName.UNSTABLE_END, now_ms + HOLD_MS)
        return Muted(
            kind=MuteKind.UNSTABLE, source=told.id, by="", reason="unstable", until_ms=now_ms + HOLD_MS
        )

    def rests(self, source: str, now_ms: int, fleet: Fleet) -> None:
        """The calm time of an unstable source is over: it is stable, unless it still goes on.

        Its last occurrence has ended by what was measured, or by a person; that is the evidence.
        """
        chatter = self._memos.get(_name_of(source), Chatter)
        told = self._book.alert(chatter.alert or "")
        if told is None:
            return
        last, alerting = self._book.alert(chatter.last), fleet.plan.alerting
        end = None if last is None else last.cause.end
        if last is not None and last.state.open:
            self._timers.set(source, DueName.CHATTER_END, now_ms + alerting.chatter_calm_ms)
            return
        kind = EndKind.RESOLVED if end is None or end.kind is EndKind.RESOLVED else EndKind.CLOSED
        over = End(
            kind=kind,
            event_ms=now_ms if end is None else end.event_ms,
            value=None if end is None else end.value,
            by=None if end is None or kind is EndKind.RESOLVED else end.by or "",
        )
        self._memos.drop(_name_of(source))
        self._look(replace(told.cause, end=over, known_ms=now_ms), now_ms, fleet)

    def count(self, alert: Alert, now_ms: int, fleet: Fleet) -> None:
        """People were called about an alarm for the first time: it counts, and may begin a flood."""
        alerting = fleet.plan.alerting
        one = Counted(at_ms=now_ms, alert=alert.id, asset=alert.cause.subject.asset or "")
        flood = counted(self._memos.get(FLOOD, Flood), one, alerting)
        known = None if flood.cause is None else self._book.alert(alert_id_of(flood.cause))
        if known is not None and known.state.open:
            # Nothing else of it follows from one alarm more, so it is not looked at as a whole.
            self._book.put_alert(replace(known, cause=grown(known.cause, one)))
        elif known is not None:
            self._look(grown(known.cause, one), now_ms, fleet)
        elif begins(flood, now_ms, alerting):
            cause = cause_of_flood(flood, now_ms)
            flood = replace(flood, cause=cause.id)
            self._memos.put(FLOOD, flood)
            self._look(cause, now_ms, fleet)
            self._timers.set(FLOOD, DueName.FLOOD_END, calm_ms(flood, alerting))
        self._memos.put(FLOOD, flood)

    def ebbs(self, now_ms: int, fleet: Fleet) -> None:
        """The flood may be over: it is when fewer than half as many alarms came in the calm time."""
        alerting, flood = fleet.plan.alerting, self._memos.get(FLOOD, Flood)
        known = None if flood.cause is None else self._book.alert(alert_id_of(flood.cause))
        over_ms = calm_ms(flood, alerting) if flood.newest else now_ms
        if over_ms > now_ms:
            self._timers.set(FLOOD, DueName.FLOOD_END, over_ms)
            return
        self._memos.put(FLOOD, replace(flood, cause=None))
        if known is not None:
            end = End(kind=EndKind.RESOLVED, event_ms=now_ms)
            self._look(replace(known.cause, end=end), now_ms, fleet)


def counts(alert: Alert) -> bool:
    """Whether an alarm may be part of a flood or of chatter."""
    return alert.cause.kind.about_goods and alert.cause.kind is not AlertKind.UNSTABLE


def _name_of(source: str) -> str:
    return f"chatter\n{source}"
