"""Conditions of devices and surroundings: how loud each is, by what is known of it. Times in ms UTC."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from coldchain.profiles import Level

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

DEFAULT_RESOLUTION = 0.1
"""°C, where a sensor's own step is not declared."""

SIBLING_STEPS = 5
"""A neighbour must have moved by so many steps before a sensor that did not is taken for stuck."""

ALONE_FACTOR = 4
"""Without a neighbour to compare with, a value must stay the same for so many times longer."""

LEAST_FLAT_READINGS = 12
BATTERY_CLEAR = 5.0
"""A battery is well again when it is so many % above the threshold: a cold night must not make it flap."""

BATTERY_LAST = 5.0
"""At or below this a battery may end any moment, %."""

DOOR_ALARM_FACTOR = 3
CALIBRATION_AHEAD_MS = 30 * DAY_MS
CLOCK_ALARM_AFTER_MS = DAY_MS
BEHIND_MS = 15 * MINUTE_MS
"""Newer readings than this are no sign of a clock that is behind."""

BEHIND_FOR_MS = 10 * MINUTE_MS
"""So long every batch must come with old readings before the clock is blamed."""

CATCHING_UP_MS = 2 * MINUTE_MS
"""A backlog that drains grows younger by more than this meanwhile."""

Samples = Sequence[tuple[int, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat:
    """A value that stays the same although it should move: since when, and which value."""

    since_ms: int
    value: float


def flat_line(
    samples: Samples,
    now_ms: int,
    *,
    after_ms: int,
    resolution: float | None,
    siblings: Iterable[Samples] = (),
) -> Flat | None:
    """Whether a sensor may be stuck: its newest readings, of `after_ms` at least, are all within half a step.

    A good store at a coarse step stands still by right: a sibling in the same zone must have moved by
    SIBLING_STEPS in the same time, or, where there is none that spoke, it must be ALONE_FACTOR × as long.
    `samples` by time; one that went silent is not flat but silent. `siblings` are asked for only where the
    sensor stands still.
    """
    step = DEFAULT_RESOLUTION if resolution is None else resolution
    if not samples or now_ms - samples[-1][0] > after_ms:
        return None
    newest = samples[-1][1]
    since_ms, count = samples[-1][0], 0
    for time_ms, value in reversed(samples):
        if abs(value - newest) > step / 2:
            break
        since_ms, count = time_ms, count + 1
    length = samples[-1][0] - since_ms
    if length < after_ms or count < LEAST_FLAT_READINGS:
        return None
    found = Flat(since_ms=since_ms, value=newest)
    spoke = [near for near in (_within(one, since_ms, now_ms) for one in siblings) if len(near) > 1]
    if spoke:
        moved = max(max(near) - min(near) for near in spoke)
        return found if moved >= SIBLING_STEPS * step else None
    return found if length >= ALONE_FACTOR * after_ms else None


def _within(samples: Samples, from_ms: int, to_ms: int) -> list[float]:
    return [value for time_ms, value in samples if from_ms <= time_ms <= to_ms]


def battery_level(percent: float, low: float, told: Level | None) -> Level | None:
    """How loud a battery is; once told, it is well only clearly above the threshold, and never less loud."""
    if percent <= min(low, BATTERY_LAST):
        return Level.ALARM
    if percent <= low:
        return told or Level.WARNING
    return told if told is not None and percent < low + BATTERY_CLEAR else None


def door_due_ms(open_since_ms: int, after_ms: int, told: Level | None) -> int | None:
    """When a door that stays open is told next: as a warning, then as an alarm."""
    if told is None:
        return open_since_ms + after_ms
    return open_since_ms + DOOR_ALARM_FACTOR * after_ms if told is Level.WARNING else None


def door_level(open_since_ms: int, after_ms: int, now_ms: int) -> Level | None:
    """How loud a door is that is open since an instant."""
    if now_ms - open_since_ms >= DOOR_ALARM_FACTOR * after_ms:
        return Level.ALARM
    return Level.WARNING if now_ms - open_since_ms >= after_ms else None


def calibration_level(due_ms: int, now_ms: int) -> Level | None:
    """A calibration that is due within 30 days is a warning, an overdue one an alarm."""
    if now_ms >= due_ms:
        return Level.ALARM
    return Level.WARNING if now_ms >= due_ms - CALIBRATION_AHEAD_MS else None


def calibration_next_ms(due_ms: int, now_ms: int) -> int | None:
    """When the calibration of a sensor becomes louder."""
    return next((at for at in (due_ms - CALIBRATION_AHEAD_MS, due_ms) if at > now_ms), None)


def clock_level(since_ms: int, now_ms: int, *, ahead: bool) -> Level:
    """A clock that is ahead spoils every reading at once; one nobody trusts is an alarm after a day."""
    return Level.ALARM if ahead or now_ms - since_ms >= CLOCK_ALARM_AFTER_MS else Level.WARNING


class Lag(StrEnum):
    """What the age of a gateway's newest readings at their arrival says of its clock."""

    NONE = "none"  # they are new
    BEGINS = "begins"  # they are old, by this much from now on
    LASTS = "lasts"  # they are old since then, and nothing can be said yet
    CLOCK = "clock"  # they stay as old as they were: the clock is behind


def lag(age_ms: int, usual_ms: int, begun: tuple[int, int] | None, now_ms: int) -> Lag:
    """Tell a clock that is behind from a backlog: both bring old readings, those of a backlog grow younger.

    `usual_ms`: what sealing and sending may take. `begun`: since when every batch was old, and how old then.
    """
    if age_ms <= BEHIND_MS + usual_ms:
        return Lag.NONE
    if begun is None or age_ms < begun[1] - CATCHING_UP_MS:
        return Lag.BEGINS
    return Lag.CLOCK if now_ms - begun[0] >= BEHIND_FOR_MS else Lag.LASTS


def hears_nothing(silent: int, expected: int, share: float = 0.2, least: int = 3) -> bool:
    """Whether so many gateways are silent at once that the fault is more likely ours or the network's."""
    return silent >= least and silent > share * expected
