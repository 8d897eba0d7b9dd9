"""Corrections of certificates, and marks of defrosts and doors."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.certificates import Certificate, corrected, in_force, uncertainty_over
from coldchain.errors import InvalidInput
from coldchain.marks import MarkedTime, MarkKind, explained_by, marked_times, overlap_ms

CERTIFICATE = Certificate(
    id="c-1", from_ms=100, due_ms=200, uncertainty=0.2, points=((-20.0, 0.4), (0.0, 0.0), (10.0, -0.5))
)
MINUTE = 60_000


@pytest.mark.parametrize(
    ("value", "correction"),
    [(-20.0, 0.4), (-10.0, 0.2), (0.0, 0.0), (5.0, -0.25), (10.0, -0.5), (50.0, -0.5), (-90.0, 0.4)],
)
def test_a_correction_runs_straight_between_points_and_stays_beyond_them(
    value: float, correction: float
) -> None:
    assert CERTIFICATE.correction(value) == pytest.approx(correction)


@given(st.floats(-100, 100))
def test_no_point_corrects_nothing(value: float) -> None:
    assert replace(CERTIFICATE, points=()).correction(value) == 0.0


def test_only_the_certificate_in_force_corrects_and_raw_values_stay() -> None:
    raw = [(50, 5.0), (100, 5.0), (199, 5.0), (200, 5.0)]
    assert list(corrected(raw, [CERTIFICATE])) == [(50, 5.0), (100, 4.75), (199, 4.75), (200, 5.0)]
    newer = replace(CERTIFICATE, id="c-2", from_ms=150, due_ms=300, points=((0.0, 1.0),))
    assert in_force([newer, CERTIFICATE], 160) is newer
    assert list(corrected([(160, 5.0)], [CERTIFICATE, newer])) == [(160, 6.0)]


def test_the_uncertainty_of_a_time_is_the_greatest_or_none() -> None:
    newer = replace(CERTIFICATE, id="c-2", from_ms=150, due_ms=300, uncertainty=0.5)
    assert uncertainty_over([CERTIFICATE], 100, 200) == 0.2
    assert uncertainty_over([CERTIFICATE, newer], 100, 300) == 0.5
    assert uncertainty_over([CERTIFICATE], 90, 150) is None
    assert uncertainty_over([CERTIFICATE], 150, 201) is None
    assert uncertainty_over([], 0, 1) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"uncertainty": -0.1},
        {"uncertainty": float("nan")},
        {"due_ms": 100},
        {"points": ((0.0, 0.0), (0.0, 1.0))},
        {"points": ((0.0, float("inf")),)},
    ],
)
def test_a_certificate_that_cannot_be_meant_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match="c-1"):
        replace(CERTIFICATE, **changes)  # type: ignore[arg-type]  # one wrong thing after the other


def test_a_switch_marks_the_time_in_which_it_was_on() -> None:
    said = [(0, False), (10, True), (20, True), (30, False), (40, True)]
    assert marked_times(MarkKind.DOOR, said, 60, 100) == [
        MarkedTime(kind=MarkKind.DOOR, from_ms=10, to_ms=30),
        MarkedTime(kind=MarkKind.DOOR, from_ms=40, to_ms=60),
    ]


def test_a_switch_that_went_silent_proves_no_open_door() -> None:
    assert marked_times(MarkKind.DOOR, [(10, True)], 1_000, 50) == [
        MarkedTime(kind=MarkKind.DOOR, from_ms=10, to_ms=60)
    ]
    assert marked_times(MarkKind.DOOR, [(10, True)], 5, 50) == []


def test_how_much_of_a_time_is_marked() -> None:
    times = [MarkedTime(kind=MarkKind.DEFROST, from_ms=10, to_ms=30)]
    assert (overlap_ms(0, 20, times), overlap_ms(30, 50, times), overlap_ms(0, 100, times)) == (10, 0, 20)


def test_an_excursion_is_explained_by_the_door_before_the_defrost() -> None:
    defrost = MarkedTime(kind=MarkKind.DEFROST, from_ms=0, to_ms=20 * MINUTE)
    door = MarkedTime(kind=MarkKind.DOOR, from_ms=10 * MINUTE, to_ms=12 * MINUTE)
    assert explained_by(11 * MINUTE, [defrost, door]) is MarkKind.DOOR
    assert explained_by(26 * MINUTE, [defrost, door]) is MarkKind.DOOR
    assert explained_by(60 * MINUTE, [defrost, door]) is MarkKind.DEFROST
    assert explained_by(70 * MINUTE, [defrost, door]) is None
