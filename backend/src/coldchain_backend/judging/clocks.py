"""Clocks of gateways: ahead of the log, trusted by nobody, or behind it all the time."""

from coldchain.conditions import Lag, clock_level, lag
from coldchain.profiles import Level
from coldchain_backend.alerts import AlertKind, EndKind
from coldchain_backend.judging.batches import WORST_RANK, Content, Unjudged
from coldchain_backend.judging.contracts import ConditionState
from coldchain_backend.judging.device_conditions import Conditions, beginning
from coldchain_backend.judging.present import Present

AHEAD, UNTRUSTED, BEHIND = "ahead", "untrusted", "behind"


class Clocks:
    """Judges the times of each batch by the log's stamp."""

    def __init__(self, present: Present, conditions: Conditions) -> None:
        self._present, self._conditions = present, conditions

    def look(self, content: Content) -> None:
        """A batch came: are its times ahead of the log, placed by nobody that is trusted, or always old?"""
        name, now_ms = content.meta.gateway, self._present.now_ms
        if all(gateway.name != name for gateway in self._present.fleet.gateways):
            return
        state = self._conditions.state(AlertKind.CLOCK, name)
        ahead = Unjudged.AHEAD_OF_TIME in content.unjudged
        unsure = any(part.rank > WORST_RANK for parts in content.readings.values() for part in parts)
        if ahead or unsure:
            fresh = state or beginning(AlertKind.CLOCK, name, now_ms)
            level = clock_level(fresh.since_ms, now_ms, ahead=ahead)
            self._conditions.tell(fresh, level, detail=AHEAD if ahead else UNTRUSTED)
        elif content.readings and content.sealed:
            self._look_behind(name, state, content)

    def _look_behind(self, name: str, state: ConditionState | None, content: Content) -> None:
        now_ms = self._present.now_ms
        newest_ms = max(part.times[-1] for parts in content.readings.values() for part in parts)
        begun = None
        if state is not None and state.level is None:
            begun = state.since_ms, int(state.detail or 0)
        told = state is not None and state.level is not None
        age_ms, usual_ms = now_ms - newest_ms, self._present.uploads.get(name, 0)
        match lag(age_ms, usual_ms, begun, now_ms):
            case Lag.NONE if state is not None:
                self._conditions.end(state, EndKind.RESOLVED, now_ms)
            case Lag.BEGINS if not told:
                self._conditions.keep(beginning(AlertKind.CLOCK, name, now_ms, detail=str(age_ms)))
            case Lag.CLOCK if state is not None:
                self._conditions.tell(state, Level.ALARM, detail=BEHIND)
            case _:
                return
