"""The life cycle: pure, idempotent, numbered without gaps; whoever heard the fire hears the end."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from coldchain.profiles import Level
from coldchain_backend.alerts import Alert, AlertKind, AlertState, Cause, End, EndKind, Subject
from coldchain_backend.alerts.calls import called_by
from coldchain_backend.alerts.handling import acknowledge
from coldchain_backend.alerts.lifecycle import follow
from coldchain_backend.alerts.receivers import Hearing, hearings
from coldchain_backend.alerts.states import Transition, TransitionKind
from support.judged_log import plan

HOUR = 3_600_000
NOW = 1000 * HOUR


def cause(level: Level | None = Level.ALARM, end: End | None = None, **changes: object) -> Cause:
    base = Cause(
        id="c", kind=AlertKind.EXCURSION, subject=Subject(point="p"), opened_ms=NOW, known_ms=NOW,
        level=level, reached_ms=NOW, peak=9.0, end=end,
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]  # names are checked by replace


def ended(kind: EndKind = EndKind.RESOLVED, at_ms: int = NOW) -> End:
    return End(kind=kind, event_ms=at_ms, value=4.0, by="x")


def heard_by(
    alert: Alert, step: Transition, receivers: Sequence[str], system: str | None
) -> tuple[Hearing, ...]:
    """Who hears of a step where the fleet has no routes."""
    fleet = replace(plan({}, receivers=receivers), system_receiver=system)
    return hearings(alert, step, receivers, called_by(alert, step, fleet))


CAUSES = st.builds(
    lambda level, end, opened, peak, known: cause(
        level, end, opened_ms=NOW + opened, peak=peak, known_ms=NOW + known
    ),
    st.sampled_from([None, Level.WARNING, Level.ALARM]),
    st.one_of(st.none(), st.builds(ended, st.sampled_from(EndKind), st.integers(NOW - 3 * HOUR, NOW))),
    st.integers(0, 2),
    st.sampled_from([9.0, 11.0]),
    st.sampled_from([0, -3 * HOUR]),
)


@given(st.lists(CAUSES, max_size=8), st.lists(st.integers(0, 12), max_size=2))
def test_looking_twice_changes_nothing_and_numbers_have_no_gaps(causes: list[Cause], acks: list[int]) -> None:
    alert: Alert | None = None
    steps: list[Transition] = []
    told: tuple[str, ...] = ()
    for number, one in enumerate(causes):
        alert, fresh = follow(alert, one, NOW + number)
        steps += fresh
        again, nothing = follow(alert, one, NOW + number + 1)
        assert (again, nothing) == (alert, ())
        if alert is not None and number in acks:
            alert, fresh = acknowledge(alert, "Li", "seen", NOW)
            steps += fresh
    assert [step.sequence for step in steps] == list(range(1, len(steps) + 1))
    if alert is not None:
        assert alert.sequence == len(steps)
        assert steps[0].kind is TransitionKind.FIRED
        assert alert.paged == any(step.pages for step in steps)
    assert told == ()


@given(st.lists(CAUSES, max_size=6))
def test_who_heard_the_fire_hears_the_end(causes: list[Cause]) -> None:
    alert: Alert | None = None
    heard: list[str] = []
    for number, one in enumerate(causes):
        alert, fresh = follow(alert, one, NOW + number)
        for step in fresh:
            assert alert is not None
            for hearing in heard_by(alert, step, ["a"], None):
                heard.append(hearing.type)
                alert = replace(alert, told=("a",))
    if alert is not None and not alert.state.open and heard:
        assert heard[0] == "alert.fired"
        assert heard[-1].removeprefix("alert.") in {"resolved", "closed", "withdrawn", "merged", "amended"}


def test_a_warning_is_for_the_page_and_its_rise_is_told_as_a_fire() -> None:
    alert, (fired,) = follow(None, cause(Level.WARNING), NOW)
    assert alert is not None
    assert heard_by(alert, fired, ["a"], None) == ()
    alert, (raised,) = follow(alert, cause(Level.ALARM), NOW)
    assert alert is not None
    assert raised.kind is TransitionKind.LEVEL_CHANGED
    assert [one.type for one in heard_by(alert, raised, ["a"], None)] == ["alert.fired"]


def test_a_pending_excursion_is_nothing_to_tell() -> None:
    assert follow(None, cause(None), NOW) == (None, ())


def test_what_began_and_ended_unseen_is_told_once_with_its_end() -> None:
    alert, steps = follow(None, cause(end=ended()), NOW)
    assert alert is not None
    assert [step.kind for step in steps] == [TransitionKind.FIRED, TransitionKind.RESOLVED]
    assert alert.state is AlertState.RESOLVED_UNACKED


def test_late_data_reopens_amends_and_withdraws() -> None:
    alert, _ = follow(None, cause(end=ended()), NOW)
    alert, (step,) = follow(alert, cause(), NOW)
    assert alert is not None
    assert (alert.state, step.kind, alert.revision) == (AlertState.FIRING, TransitionKind.AMENDED, 2)
    alert, (step,) = follow(alert, cause(None), NOW)
    assert alert is not None
    assert (alert.state, step.kind, alert.revision) == (AlertState.WITHDRAWN, TransitionKind.WITHDRAWN, 3)
    alert, (step,) = follow(alert, cause(), NOW)
    assert alert is not None
    assert (alert.state, step.kind, alert.id) == (AlertState.FIRING, TransitionKind.FIRED, alert.id)


def test_system_alerts_go_to_the_system_receiver_only() -> None:
    alert, (step,) = follow(None, cause(Level.WARNING, kind=AlertKind.SYSTEM), NOW)
    assert alert is not None
    assert [one.receiver for one in heard_by(alert, step, ["a", "b"], "b")] == ["b"]
    assert [one.receiver for one in heard_by(alert, step, ["a", "b"], None)] == ["a", "b"]
