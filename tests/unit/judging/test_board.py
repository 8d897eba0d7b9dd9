"""The board as a pure function: of facts, fleet and now."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from coldchain.excursions import Excursion, State
from coldchain.profiles import Level
from coldchain_backend.alerts import Alert, AlertKind, AlertState, Cause, Subject, alert_id_of
from coldchain_backend.fleet import Fleet, FleetVersion, ZoneState
from coldchain_backend.judging.board import board_of
from coldchain_backend.judging.contracts import (
    CourseKey,
    Progress,
    RunState,
    SensorState,
    StoredCourse,
    StoredExcursion,
)
from coldchain_backend.judging.current import Current
from coldchain_backend.judging.views import Condition, Facts
from support.judged_log import MINUTE, SECOND, T0, plan

KEY = CourseKey("s", T0, "temperature")
STALE_MS = 45 * SECOND  # 2.5 × 10 s and 20 s for the upload


def fleet(state: ZoneState = ZoneState.IN_USE) -> Fleet:
    what = plan({"s": 10 * SECOND, "t": 10 * SECOND}, state=state)
    version = FleetVersion(number=1, from_ms=T0, digest="", plan=what, text="", by="admin")
    return Fleet.empty("demo").with_version(version)


def facts(
    *,
    last_ms: int | None = T0,
    run: RunState | None = None,
    warning_ms: int | None = None,
    opened: bool = False,
) -> Facts:
    """Sensor s with a last reading; with an open excursion if wanted."""
    excursion = Excursion(rule="high", opened_ms=T0, warning_ms=warning_ms, peak=9.0, peak_ms=T0)
    state = State(last_ms=T0, last_value=9.0, accounted_ms=T0, places=(excursion, None))
    return Facts(
        progress=Progress(offset=7, stamp_ms=T0 + 5 * SECOND),
        sensors={"s": SensorState(sensor="s", gateway="gw", last_ms=last_ms, values={"temperature": 9.0})},
        courses=[StoredCourse(key=KEY, point="p.s", state=state)] if opened else [],
        open=[StoredExcursion(id="e", key=KEY, point="p.s", created=1, excursion=excursion)]
        if opened
        else [],
        runs=[] if run is None else [run],
    )


HOLED = RunState(run="r", gateway="gw", held=3, newest=9, held_ms=T0 - MINUTE)


@given(
    st.none() | st.integers(T0 - MINUTE, T0 + MINUTE),
    st.integers(0, 10 * MINUTE),
    st.sampled_from([None, HOLED]),
    st.booleans(),
    st.sampled_from(ZoneState),
)
def test_in_limits_means_fresh_whole_and_in_use(
    last_ms: int | None,
    age_ms: int,
    run: RunState | None,
    opened: bool,  # noqa: FBT001 - drawn
    zone: ZoneState,
) -> None:
    now_ms = max(T0, last_ms or T0) + age_ms
    board = board_of(facts(last_ms=last_ms, run=run, opened=opened), fleet(zone), now_ms)
    point = next(one for one in board.points if one.sensor == "s")
    stale = last_ms is None or now_ms - last_ms > STALE_MS or last_ms < T0
    if point.condition is Condition.IN_LIMITS:
        assert not stale
        assert run is None
        assert not opened
        assert zone is ZoneState.IN_USE
    assert (point.condition is Condition.NOT_JUDGED) == (zone is not ZoneState.IN_USE)
    known_since = last_ms is not None and stale
    assert (point.unknown_since_ms is not None) == (known_since or run is not None)
    assert point.catching_up == (run is not None)


def test_a_broken_limit_is_shown_over_everything_that_is_unknown() -> None:
    board = board_of(facts(run=HOLED, opened=True, warning_ms=T0), fleet(), T0 + 10 * MINUTE)
    point = next(one for one in board.points if one.sensor == "s")
    assert (point.condition, point.alert_id) == (Condition.WARNING, alert_id_of("e"))
    assert point.unknown_since_ms == T0 - MINUTE
    assert point.excursion is not None
    assert point.excursion.excursion.out_ms == 5 * SECOND


def test_the_board_has_every_point_in_the_order_of_the_file() -> None:
    board = board_of(facts(), fleet(), T0)
    assert [point.point_id for point in board.points] == ["p.s", "p.t"]
    assert (board.offset, board.judged_to_ms, board.made_ms) == (7, T0 + 5 * SECOND, T0)


def test_excursions_of_former_limits_are_not_on_the_board() -> None:
    later = FleetVersion(
        number=2, from_ms=T0 + SECOND, digest="", plan=plan({"s": 20 * SECOND}), text="", by="admin"
    )
    board = board_of(facts(opened=True, warning_ms=T0), fleet().with_version(later), T0 + 2 * SECOND)
    assert board.points[0].excursion is None


def test_a_reading_from_before_the_limits_were_changed_shows_no_green() -> None:
    later = FleetVersion(
        number=2, from_ms=T0 + SECOND, digest="", plan=plan({"s": 20 * SECOND}), text="", by="admin"
    )
    changed = fleet().with_version(later)
    before = board_of(facts(last_ms=T0), changed, T0 + 2 * SECOND).points[0]
    assert (before.condition, before.unknown_since_ms) == (Condition.UNKNOWN, T0)
    behind = board_of(facts(last_ms=T0 + SECOND), changed, T0 + 2 * SECOND).points[0]
    assert (behind.condition, behind.unknown_since_ms) == (Condition.IN_LIMITS, None)


def test_alerts_say_what_is_known_now_only_while_they_are_open() -> None:
    current = Current(facts(opened=True, warning_ms=T0), fleet())
    cause = Cause(
        id="e", kind=AlertKind.EXCURSION, subject=Subject(point="p.s"), opened_ms=T0, known_ms=T0,
        level=Level.WARNING, peak=8.1,
    )  # fmt: skip
    alert = Alert(
        id="al", cause=cause, state=AlertState.FIRING, level=Level.WARNING, sequence=1, revision=1,
        paged=False, fired_ms=T0,
    )  # fmt: skip
    assert (current.alert(alert).cause.peak, current.alert(alert).cause.out_ms) == (9.0, 5 * SECOND)
    ended = replace(alert, state=AlertState.RESOLVED)
    assert current.alert(ended) == ended
    other = replace(alert, cause=replace(cause, id="silence"))
    assert current.alert(other) == other
