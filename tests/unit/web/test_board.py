"""The board as a value: the worst point speaks for its zone, what is not known is unknown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coldchain.words import Language
from coldchain_backend.fleet import Plan
from coldchain_backend.fleetfile import parse_file
from coldchain_backend.judging import Board as JudgedBoard
from coldchain_backend.judging import Bucket, Condition, PointStatus, Trace
from coldchain_backend.web.board import Board, board_of, worst
from coldchain_backend.web.console.shown import show_board, with_silence
from coldchain_backend.web.console.wording import Wording
from support.fleets import FLEET_FILE, plans

NOW = 1_795_376_523_000
PLAN = parse_file(FLEET_FILE)
ORDER = [Condition.ALARM, Condition.WARNING, Condition.PENDING, Condition.UNKNOWN, Condition.IN_LIMITS]


def judged(*points: PointStatus) -> JudgedBoard:
    return JudgedBoard(made_ms=NOW, offset=1, judged_to_ms=NOW, points=points)


def status(point: str, condition: Condition, *, value: float | bool = 4.0) -> PointStatus:
    return PointStatus(
        point_id=point, sensor="s", condition=condition, values={"temperature": value}, time_ms=NOW - 2000,
        stale_after_ms=60_000, condition_since_ms=NOW - 9000,
        unknown_since_ms=NOW - 2000 if condition is Condition.UNKNOWN else None,
    )  # fmt: skip


@given(st.lists(st.sampled_from(list(Condition))))
def test_the_worst_condition_speaks_for_all(conditions: list[Condition]) -> None:
    found = worst(conditions)
    known = [one for one in conditions if one is not Condition.NOT_JUDGED]
    assert found == min(known, key=ORDER.index, default=Condition.NOT_JUDGED)


@given(plans())
def test_a_point_that_judging_does_not_know_is_unknown_never_fine(plan: Plan) -> None:
    board = board_of(plan, judged())
    for zone in board.zones:
        for point in zone.points:
            wanted = zone.zone.state == "in_use" and point.point.sensor is not None
            assert point.status.condition is (Condition.UNKNOWN if wanted else Condition.NOT_JUDGED)
            assert point.temperature is None
            assert point.stale_at_ms is None
    assert sum(board.counts().values()) + sum(
        zone.condition is Condition.NOT_JUDGED for zone in board.zones
    ) == len(board.zones)


def test_a_zone_is_found_by_its_id() -> None:
    board = board_of(PLAN, judged(status("cq-store.chiller.front", Condition.ALARM)))
    zone = board.zone("cq-store.chiller")
    assert zone is not None
    assert (zone.condition, zone.limits, zone.points[0].stale_at_ms) == (
        Condition.ALARM,
        (0.0, 8.0),
        NOW + 58_000,
    )
    assert board.zone("nowhere") is None


def test_what_is_no_number_is_no_temperature() -> None:
    board = board_of(PLAN, judged(status("cq-store.chiller.front", Condition.IN_LIMITS, value=True)))
    assert board.zones[0].points[0].temperature is None


def shown(board: Board, traces: dict[str, Trace] | None = None) -> list[str | None]:
    made = show_board(board, traces or {}, Wording(language=Language.EN, now_ms=NOW))
    return [point.shown for asset in made.assets for zone in asset.zones for point in zone.points]


def test_values_are_shown_on_their_side_of_the_limit() -> None:
    board = board_of(PLAN, judged(status("cq-store.chiller.front", Condition.WARNING, value=8.02)))
    assert shown(board)[0] == "8.02"
    assert shown(board)[1:] == [None] * 8


def test_nothing_pending_is_not_counted_aloud() -> None:
    wording = Wording(language=Language.EN, now_ms=NOW)
    quiet = show_board(board_of(PLAN, judged()), {}, wording)
    assert "pending" not in quiet.counts
    loud = show_board(
        board_of(PLAN, judged(status("cq-store.chiller.front", Condition.PENDING))), {}, wording
    )
    assert loud.counts["pending"] == 1


def test_a_young_points_curve_begins_with_its_first_reading() -> None:
    bucket = Bucket(start_ms=NOW - 600_000, end_ms=NOW - 590_000, low=4, high=4, mean=4, last=4)
    board = board_of(PLAN, judged(status("cq-store.chiller.front", Condition.IN_LIMITS)))
    wording = Wording(language=Language.EN, now_ms=NOW)
    made = show_board(board, {"cq-store.chiller.front": Trace(buckets=(bucket,), gaps=())}, wording)
    point, other = made.assets[0].zones[0].points
    assert (point.span, other.span) == ("10 min", "2 min")
    assert point.curve.lines
    assert other.curve.lines == ()


def test_unknown_time_up_to_now_is_a_gap_of_the_curve() -> None:
    trace = Trace(buckets=(), gaps=((1, 2),))
    assert with_silence(trace, None, NOW) == trace
    assert with_silence(trace, NOW - 5, NOW).gaps == ((1, 2), (NOW - 5, NOW))
    assert with_silence(None, None, NOW) == Trace(buckets=(), gaps=())
