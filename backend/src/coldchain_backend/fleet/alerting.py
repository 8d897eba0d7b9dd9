"""How alerts are handled, as the fleet file says it: for how long they may be muted, when people are called
again, what is a flood and what chatters, and what is to be done."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from coldchain.profiles import Level
from coldchain.words import Text

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerting:
    """Durations in ms.

    shelve_warning_ms, shelve_alarm_ms   the longest shelving, timed or one-shot, by level
    out_of_service_ms                    the longest time out of service
    ack_timeout_ms                       an acknowledged alarm that goes on is told again after it; 0: never
    rearm_ms, rearm_times                one that nobody acknowledged is told again after it, so often
    group_wait_ms                        so long alarms of one cause gather into one message
    flood_count, flood_within_ms         so many new alarms within this time are a flood
    flood_calm_ms                        it ends when there were fewer than half as many for so long
    chatter_count, chatter_within_ms     one source that fires so often within this time is unstable
    chatter_calm_ms                      and stable again when it rested for so long
    latch                                `profile` or `profile/rule`: alarms whose end waits for a decision
    instructions                         what is to be done, by profile
    """

    shelve_warning_ms: int = DAY_MS
    shelve_alarm_ms: int = 4 * HOUR_MS
    out_of_service_ms: int = 30 * DAY_MS
    ack_timeout_ms: int = 4 * HOUR_MS
    rearm_ms: int = 0
    rearm_times: int = 3
    group_wait_ms: int = 10_000
    flood_count: int = 10
    flood_within_ms: int = 10 * MINUTE_MS
    flood_calm_ms: int = 10 * MINUTE_MS
    chatter_count: int = 4
    chatter_within_ms: int = HOUR_MS
    chatter_calm_ms: int = HOUR_MS
    latch: tuple[str, ...] = ()
    instructions: Mapping[str, Text] = field(default_factory=dict)

    def shelve_ms(self, level: Level) -> int:
        """The longest shelving of an alert of this level."""
        return self.shelve_alarm_ms if level is Level.ALARM else self.shelve_warning_ms

    def latches(self, profile: str, rule: str | None) -> bool:
        """Whether the end of an alarm of this rule waits for a decision about the goods."""
        return profile in self.latch or f"{profile}/{rule}" in self.latch
