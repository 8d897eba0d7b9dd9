"""Which local alarms stand, which of them sound, and what a person has hushed. Pure; times in ms."""

from dataclasses import dataclass
from typing import Final

from .judge import Courses
from .silence import RULE as SILENCE
from .silence import Hearings
from .upstream import RULE as UPSTREAM
from .upstream import Upstream

Key = tuple[str, str]
"""(point, rule); the way upstream stands at no point."""

MAX_HUSH_MINUTES: Final = 60


def standing(courses: Courses, hearings: Hearings, upstream: Upstream) -> frozenset[Key]:
    """Every alarm that stands now: limits, silences, and the way upstream."""
    limits = {(course.watched.point, rule.name) for course in courses.values() for rule in course.alarms()}
    silences = {(hearing.watched.point, SILENCE) for hearing in hearings.values() if hearing.silent}
    return frozenset(limits | silences | ({("", UPSTREAM)} if upstream.silent else set()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hush:
    """Somebody at the goods has heard it. It covers what stood then: whatever comes new sounds again."""

    until_ms: int = 0
    covers: frozenset[Key] = frozenset()

    def left_ms(self, now_ms: int) -> int:
        """How much longer it holds; 0 when it is over."""
        return max(0, self.until_ms - now_ms) if self.covers else 0

    def still(self, stands: frozenset[Key], now_ms: int) -> "Hush":
        """What it covers on: an alarm that ended and comes again sounds again."""
        if not self.left_ms(now_ms):
            return NO_HUSH
        return self if self.covers <= stands else Hush(until_ms=self.until_ms, covers=self.covers & stands)


NO_HUSH: Final = Hush()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What a buzzer and a lamp do now."""

    buzzer: bool = False
    lamp: bool = False


DARK: Final = Signals()


def signals(stands: frozenset[Key], hush: Hush, now_ms: int) -> Signals:
    """The buzzer sounds for limits and silences that nobody hushed, the lamp shines for all that stands."""
    covered = hush.covers if hush.left_ms(now_ms) else frozenset()
    loud = {key for key in stands - covered if key[1] != UPSTREAM}
    return Signals(buzzer=bool(loud), lamp=bool(stands))
