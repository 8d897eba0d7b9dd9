"""The key `alerting:` of a fleet file, as people write it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from coldchain.errors import InvalidInput
from coldchain.words import Text
from coldchain_backend.fleet import Alerting
from coldchain_backend.fleetfile.keys import Delay, Interval

LONGEST_MS = 7 * 86_400_000
LONGEST_GROUP_WAIT_MS = 300_000


def checked_group_wait(wait_ms: int) -> None:
    """Raises InvalidInput for a time that is too long to keep an alarm back."""
    if wait_ms > LONGEST_GROUP_WAIT_MS:
        raise InvalidInput("`group_wait` is 5 min at most: an alarm must not wait longer for others")


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxShelveEntry:
    """The longest shelving, timed or one-shot, by level."""

    warning: Interval = 86_400_000
    alarm: Interval = 14_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RearmEntry:
    """An alarm that nobody acknowledges is told again `after` so long, so many `times`; 0: never."""

    after: Delay = 0
    times: int = 3

    def __post_init__(self) -> None:
        if not 0 <= self.times <= 100:
            raise InvalidInput(f"`times` is 0 to 100, not {self.times}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FloodEntry:
    """So many new alarms `within` a time are a flood; it ends when fewer than half as many came in `calm`."""

    alarms: int = 10
    within: Interval = 600_000
    calm: Interval = 600_000

    def __post_init__(self) -> None:
        if not 2 <= self.alarms <= 1000:
            raise InvalidInput(f"a flood begins with 2 to 1000 alarms, not {self.alarms}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatterEntry:
    """One condition that fires so often `within` a time is told as unstable, until it rested for `calm`."""

    fires: int = 4
    within: Interval = 3_600_000
    calm: Interval = 3_600_000

    def __post_init__(self) -> None:
        if not 2 <= self.fires <= 100:
            raise InvalidInput(f"what fires 2 to 100 times may be unstable, not {self.fires}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertingEntry:
    """How alerts are handled.

    `group_wait`: so long alarms of one asset, gateway and cause gather into one message for people, behind
    the first critical, which waits for nothing; 0: never. Ten seconds are what a gateway takes to close a
    batch: what one cause does to several sensors comes in one batch or the next. `ack_timeout`: an
    acknowledged alarm that goes on for so long is told again; 0: never. `latch`: profiles, or `profile/rule`,
    whose alarms wait for a decision about the goods behind their end. `instructions`: what is to be done, by
    profile; a zone's own `instruction` goes before it.
    """

    max_shelve: MaxShelveEntry = field(default_factory=MaxShelveEntry)
    max_out_of_service: Interval = 2_592_000_000
    group_wait: Delay = 10_000
    ack_timeout: Delay = 14_400_000
    rearm: RearmEntry = field(default_factory=RearmEntry)
    flood: FloodEntry = field(default_factory=FloodEntry)
    chatter: ChatterEntry = field(default_factory=ChatterEntry)
    latch: tuple[str, ...] = ()
    instructions: Mapping[str, Text] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if max(self.max_shelve.warning, self.max_shelve.alarm) > LONGEST_MS:
            raise InvalidInput("nothing is shelved for longer than 7 d: take it out of service instead")
        checked_group_wait(self.group_wait)

    def alerting(self) -> Alerting:
        """The settings that the desk works by."""
        return Alerting(
            shelve_warning_ms=self.max_shelve.warning,
            shelve_alarm_ms=self.max_shelve.alarm,
            out_of_service_ms=self.max_out_of_service,
            group_wait_ms=self.group_wait,
            ack_timeout_ms=self.ack_timeout,
            rearm_ms=self.rearm.after,
            rearm_times=self.rearm.times,
            flood_count=self.flood.alarms,
            flood_within_ms=self.flood.within,
            flood_calm_ms=self.flood.calm,
            chatter_count=self.chatter.fires,
            chatter_within_ms=self.chatter.within,
            chatter_calm_ms=self.chatter.calm,
            latch=self.latch,
            instructions=dict(self.instructions),
        )
