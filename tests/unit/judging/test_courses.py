"""A course steps through readings in order, notes the late ones, and keeps a snapshot for each hour."""

from hypothesis import given
from hypothesis import strategies as st

from coldchain.excursions import INITIAL, State, run
from coldchain_backend.fleet import Fleet, FleetVersion
from coldchain_backend.judging.batches import WORST_RANK, Spoken
from coldchain_backend.judging.contracts import HOUR_MS, CourseKey
from coldchain_backend.judging.courses import Course, Sample
from support.judged_log import MINUTE, T0, plan

SERIES = st.lists(st.tuples(st.integers(0, 400), st.sampled_from([4.0, 7.8, 9.0, 11.0])), max_size=40).map(
    lambda samples: [(T0 + minute * MINUTE, value) for minute, value in samples]
)


class Snapshots:
    """Kept in memory."""

    def __init__(self) -> None:
        self.kept: dict[int, State] = {}

    def put_snapshot(self, key: CourseKey, hour_ms: int, state: State) -> None:
        del key
        self.kept[hour_ms] = state


def fresh() -> Course:
    version = FleetVersion(number=1, from_ms=T0, digest="", plan=plan({"s": MINUTE}), text="", by="admin")
    [spell] = Fleet.empty("demo").with_version(version).spells("s")
    return Course.begin(spell, "temperature")


def in_order(samples: list[Sample]) -> tuple[list[Sample], list[int]]:
    """What is ahead of everything before it, and the times of the rest."""
    taken: list[Sample] = []
    late = []
    for sample in samples:
        if taken and sample[0] <= taken[-1][0]:
            late.append(sample[0])
        else:
            taken.append(sample)
    return taken, late


@given(SERIES, st.integers(1, 10))
def test_any_batches_give_the_state_of_the_readings_in_order(samples: list[Sample], size: int) -> None:
    course, snapshots, closed = fresh(), Snapshots(), []
    for start in range(0, len(samples), size):
        closed += course.take(samples[start : start + size], snapshots, T0)
    taken, late = in_order(samples)
    state, changes = run(INITIAL, taken, course.judged)
    assert course.state == state
    assert [one.excursion for one in closed] == [
        one.excursion for one in changes if one.kind.value == "closed"
    ]
    assert (course.late_from_ms, course.late_to_ms) == (min(late, default=None), max(late, default=None))
    for hour_ms, kept in snapshots.kept.items():
        assert hour_ms % HOUR_MS == 0
        assert kept == run(INITIAL, [one for one in taken if one[0] < hour_ms], course.judged)[0]
    assert set(snapshots.kept) == {time_ms // HOUR_MS * HOUR_MS for time_ms, _ in taken}


@given(SERIES)
def test_what_was_stored_goes_on_where_it_was(samples: list[Sample]) -> None:
    course, snapshots = fresh(), Snapshots()
    if samples:
        course.take(samples, snapshots, T0)
    again = fresh()
    again.restore(course.stored())
    assert again.stored() == course.stored()
    course.settle_late()
    assert course.stored().late_due_ms is None


@given(st.integers(0, 10_000), st.integers(0, 3000))
def test_late_readings_of_one_second_are_judged_at_its_end(stamp_ms: int, more_ms: int) -> None:
    course = fresh()
    course.touch(T0 + 5, T0 + stamp_ms)
    due_ms = course.late_due_ms
    assert due_ms == (T0 + stamp_ms) // 1000 * 1000 + 1000
    course.touch(T0 + 1, T0 + stamp_ms + more_ms)
    assert (course.late_due_ms, course.late_from_ms, course.late_to_ms) == (due_ms, T0 + 1, T0 + 5)


def test_time_never_passes_beyond_the_end_of_a_spell() -> None:
    version = FleetVersion(number=1, from_ms=T0, digest="", plan=plan({"s": MINUTE}), text="", by="admin")
    end = FleetVersion(number=2, from_ms=T0 + 5000, digest="", plan=plan({}), text="", by="admin")
    [spell] = Fleet.empty("demo").with_version(version).with_version(end).spells("s")
    course = Course.begin(spell, "temperature")
    course.take([(T0, 9.0)], Snapshots(), T0)
    [open_] = course.shown(T0 + MINUTE).open
    assert open_.out_ms == 5000
    assert course.due_ms(course.shown(T0 + 1)) is None


@given(SERIES, st.integers(1, 10))
def test_what_is_seen_at_a_glance_is_what_steps_come_to(samples: list[Sample], size: int) -> None:
    taken, _ = in_order(samples)
    course, snapshots = fresh(), Snapshots()
    for start in range(0, len(taken), size):
        some = taken[start : start + size]
        times, values = [one[0] for one in some], [one[1] for one in some]
        bounds = {"temperature": (min(values), max(values))}
        behind = course.glance(Spoken(times, {"temperature": values}, 0, bounds))
        hour_ms = course.hour_ms
        course.take(some, snapshots, T0)
        assert behind is None or (behind == course.state and course.hour_ms == hour_ms)
    assert course.state == run(INITIAL, taken, course.judged)[0]


def test_a_glance_leaves_to_others_what_it_cannot_know() -> None:
    course = fresh()
    course.take([(T0, 4.0)], Snapshots(), T0)
    later, after, said = [T0 + MINUTE], [T0 + HOUR_MS], {"temperature": [4.0]}
    bounds = {"temperature": (4.0, 4.0)}
    assert course.glance(Spoken(later, said, 0, bounds)) is not None
    assert course.glance(Spoken(later, said, 0)) is None
    assert course.glance(Spoken(later, said, WORST_RANK + 1, bounds)) is None
    assert course.glance(Spoken(after, said, 0, bounds)) is None
    assert course.glance(Spoken([T0], said, 0, bounds)) is None
    assert course.glance(Spoken(later, {"temperature": [9.0]}, 0, {"temperature": (9.0, 9.0)})) is None
