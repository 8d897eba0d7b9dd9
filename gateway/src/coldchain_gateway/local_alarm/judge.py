"""Which alarms stand: each watched sensor stepped through its profile. Pure; times are CLOCK_BOOTTIME, ms."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from coldchain.excursions import INITIAL, Change, ChangeKind, Judged, State, Until, step
from coldchain.excursions import Sample as Value
from coldchain.profiles import Level, Mode, Profile, Rule
from coldchain.watch import WatchBundle, WatchedSensor
from coldchain_gateway.contracts import Sample

_LOCAL = (Mode.SINGLE, Mode.RATE)
"""What can be judged without the past and the wall clock: sums and rolling windows are the backend's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An alarm began or ended at a point; `value` is None where a changed bundle ended it."""

    watched: WatchedSensor
    rule: Rule
    alarm: bool
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One quantity of one sensor, and how far its judging has come."""

    watched: WatchedSensor
    judged: Judged
    state: State = INITIAL

    def rule(self, name: str) -> Rule:
        return next(rule for rule in self.judged.rules if rule.name == name)

    def alarms(self) -> Iterator[Rule]:
        """Rules whose alarm stands now."""
        return (self.rule(one.rule) for one in self.state.open if one.level is Level.ALARM)


Courses = dict[tuple[str, str], Course]
"""By sensor and quantity."""


def courses_of(bundle: WatchBundle, before: Courses) -> tuple[Courses, list[Decision]]:
    """What is watched from now on. What is judged as before goes on; other alarms that stood end here."""
    after: Courses = {}
    for watched in bundle.sensors:
        profile = bundle.profile_named(watched.profile)
        if profile is None or not watched.in_use:
            continue
        rules = tuple(rule for rule in profile.rules if rule.mode in _LOCAL)
        for quantity in {rule.quantity for rule in rules}:
            judged = Judged(
                profile=replace(profile, rules=rules), interval_ms=watched.interval_ms, quantity=quantity
            )
            after[watched.sensor, quantity] = _continued(Course(watched=watched, judged=judged), before)
    ended = [
        Decision(watched=course.watched, rule=rule, alarm=False, value=None)
        for key, course in before.items()
        if key not in after or after[key].state is INITIAL
        for rule in course.alarms()
    ]
    return after, ended


def _local(profile: Profile) -> Profile | None:
    """What of a profile the gateway judges, None for nothing."""
    rules = tuple(rule for rule in profile.rules if rule.mode in _LOCAL)
    return replace(profile, rules=rules) if rules else None


def _continued(course: Course, before: Courses) -> Course:
    """The course with the state of the one that it replaces, where point and limits are the same."""
    known = before.get((course.watched.sensor, course.judged.quantity))
    same = known is not None and (known.judged, known.watched.point) == (course.judged, course.watched.point)
    return replace(course, state=known.state) if known is not None and same else course


def observe(courses: Courses, samples: Sequence[Sample], now_ms: int) -> list[Decision]:
    """Step through readings acquired at `now_ms`; `courses` is brought up to date."""
    decisions: list[Decision] = []
    for sample in samples:
        for quantity, value in sample.values.items():
            course = courses.get((sample.sensor, quantity))
            if course is not None and not isinstance(value, bool):
                event = Value(time_ms=_behind(course.state, now_ms), value=float(value))
                decisions += _stepped(courses, (sample.sensor, quantity), event)
    return decisions


def broken(courses: Courses, samples: Sequence[Sample]) -> frozenset[tuple[str, str]]:
    """(point, rule) of every limit that is broken now at these samples' sensors, its delay over or not."""
    return frozenset(
        (course.watched.point, one.rule)
        for sample in samples
        for quantity in sample.values
        if (course := courses.get((sample.sensor, quantity))) is not None
        for one in course.state.open
    )


def passed(courses: Courses, now_ms: int) -> list[Decision]:
    """Let time pass: delays end also while nothing is said."""
    return [one for key in list(courses) for one in _stepped(courses, key, Until(time_ms=now_ms))]


def _behind(state: State, now_ms: int) -> int:
    """The instant of a reading; two within one millisecond keep their order."""
    if state.last_ms is None or state.frontier_ms is None:
        return now_ms
    return max(now_ms, state.frontier_ms, state.last_ms + 1)


def _stepped(courses: Courses, key: tuple[str, str], event: Value | Until) -> list[Decision]:
    course = courses[key]
    state, changes = step(course.state, event, course.judged)
    courses[key] = replace(course, state=state)
    return [decision for change in changes if (decision := _decided(course, change)) is not None]


def _decided(course: Course, change: Change) -> Decision | None:
    """Alarms are told when the level is reached and when the excursion that reached it ends."""
    began = change.kind is ChangeKind.LEVEL_REACHED and change.level is Level.ALARM
    ended = change.kind is ChangeKind.CLOSED and change.excursion.level is Level.ALARM
    if not (began or ended):
        return None
    return Decision(watched=course.watched, rule=course.rule(change.rule), alarm=began, value=change.value)
