"""Acts of people about alerts, as the ledger keeps them, brought to the desk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from coldchain_backend.alerts.cause import AlertKind, End, EndKind
from coldchain_backend.alerts.desk import Desk
from coldchain_backend.alerts.handling import acknowledge, comment, dispose
from coldchain_backend.alerts.states import Decision, MuteKind
from coldchain_backend.alerts.suppression import Mute, Scope, mute_id_of
from coldchain_backend.fleet import Fleet, Schedule, ScheduledTime, ZoneState
from coldchain_backend.ledger import ActName, Json

Fields = Mapping[str, Json]
MOST_TIMES: Final = 20
"""So many times of day a window has at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An act from ledger record `number`, read at the log's stamp `now_ms`."""

    number: int
    fields: Fields
    now_ms: int
    fleet: Fleet

    def text(self, name: str) -> str:
        """A field as text, empty if it is not there."""
        return str(self.fields.get(name) or "")

    def instant(self, name: str) -> int | None:
        """A field as an instant, ms UTC."""
        value = self.fields.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None


def follow_act(desk: Desk, act: Act) -> bool:
    """Follow an act about alerts; false if it is about something else. Nonsense changes nothing."""
    match act.text("act"):
        case ActName.ACKNOWLEDGE.value:
            _acknowledge(desk, act)
        case ActName.COMMENT.value:
            desk.handle(
                act.text("alert"),
                lambda alert: comment(alert, act.text("by"), act.text("text"), act.now_ms),
                act.now_ms,
                act.fleet,
            )
        case ActName.DISPOSITION.value:
            _dispose(desk, act)
        case ActName.SHELVE.value:
            _shelve(desk, act)
        case ActName.UNSHELVE.value:
            alert = desk.alert(act.text("alert"))
            if alert is not None and desk.mutes.unshelve(alert, act.now_ms):
                desk.remute(act.now_ms, act.fleet)
        case ActName.WINDOW.value | ActName.OUT_OF_SERVICE.value:
            mute = mute_of(act)
            if mute is not None:
                desk.mutes.add(mute, act.now_ms)
                desk.remute(act.now_ms, act.fleet)
        case ActName.WINDOW_ENDED.value | ActName.RETURN_TO_SERVICE.value:
            if desk.mutes.end(act.text("id"), act.now_ms):
                desk.remute(act.now_ms, act.fleet)
        case _:
            return False
    return True


def _acknowledge(desk: Desk, act: Act) -> None:
    """Take notice; a system alert without an end of its own ends with it."""
    by, now_ms, action = act.text("by"), act.now_ms, act.text("action") or None
    alert = desk.handle(
        act.text("alert"),
        lambda alert: acknowledge(alert, by, act.text("reason"), now_ms, action),
        now_ms,
        act.fleet,
    )
    if alert is not None and alert.cause.kind is AlertKind.SYSTEM and alert.cause.end is None:
        desk.end(alert, End(kind=EndKind.CLOSED, event_ms=now_ms, by=by), now_ms, act.fleet)


def _dispose(desk: Desk, act: Act) -> None:
    try:
        decision = Decision(act.text("decision"))
    except ValueError:
        return
    by, reason = act.text("by"), act.text("reason")
    desk.handle(
        act.text("alert"),
        lambda alert: dispose(alert, decision, by, reason, act.now_ms),
        act.now_ms,
        act.fleet,
    )


def _shelve(desk: Desk, act: Act) -> None:
    """Shelve one occurrence, or the condition for a time; never for longer than its level allows."""
    alert, until_ms = desk.alert(act.text("alert")), act.instant("until")
    if alert is None or not alert.state.open:
        return
    longest_ms = act.now_ms + act.fleet.plan.alerting.shelve_ms(alert.level)
    scope = Scope(alert=alert.id) if act.fields.get("one_shot") is True else Scope(source=alert.source)
    desk.mutes.unshelve(alert, act.now_ms)
    mute = Mute(
        id=mute_id_of(act.number),
        kind=MuteKind.SHELVED,
        scope=scope,
        by=act.text("by"),
        reason=act.text("reason"),
        from_ms=act.now_ms,
        to_ms=longest_ms if until_ms is None else min(until_ms, longest_ms),
        level=alert.level,
    )
    desk.mutes.add(mute, act.now_ms)
    desk.remute(act.now_ms, act.fleet)


def mute_of(act: Act) -> Mute | None:
    """The window or time out of service that an act sets; None where it makes no sense."""
    service = act.text("act") == ActName.OUT_OF_SERVICE.value
    from_ms, to_ms = act.instant("from"), act.instant("to")
    from_ms = act.now_ms if from_ms is None else max(from_ms, act.now_ms)
    if service:
        latest_ms = from_ms + act.fleet.plan.alerting.out_of_service_ms
        to_ms = latest_ms if to_ms is None else min(to_ms, latest_ms)
    times, time_zone = act.fields.get("times"), act.text("time_zone") or "UTC"
    schedule = None if times is None else schedule_of(times)
    if times is not None and (schedule is None or not _is_time_zone(time_zone)):
        return None
    if (to_ms is not None and to_ms <= from_ms) or (schedule is None and to_ms is None):
        return None
    return Mute(
        id=mute_id_of(act.number),
        kind=MuteKind.OUT_OF_SERVICE if service else MuteKind.WINDOW,
        scope=Scope(
            asset=act.text("asset") or None, zone=act.text("zone") or None, sensor=act.text("sensor") or None
        ),
        by=act.text("by"),
        reason=act.text("reason"),
        from_ms=from_ms,
        to_ms=to_ms,
        schedule=schedule,
        time_zone=time_zone,
    )


def schedule_of(times: Json) -> Schedule | None:
    """Times of day from [{"days": [0 …], "from": minute, "to": minute}, …]; None where they are none."""
    found: list[ScheduledTime] = []
    for one in times if isinstance(times, list) else []:
        match one:
            case {"days": [*days], "from": int(from_minute), "to": int(to_minute)}:
                numbers = tuple(day for day in days if isinstance(day, int) and 0 <= day <= 6)
                if len(numbers) != len(days) or not (0 <= from_minute < 1440 and 0 <= to_minute <= 1440):
                    return None
                found.append(ScheduledTime(days=numbers, from_minute=from_minute, to_minute=to_minute))
            case _:
                return None
    if not 0 < len(found) <= MOST_TIMES:
        return None
    return Schedule(times=tuple(found), otherwise=ZoneState.EMPTY)


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
