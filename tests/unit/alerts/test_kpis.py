"""The figures of alarms: by hand where they are known, and what must hold of any lives."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain_backend.alerts.kpis import DAY_MS, HOUR_MS, MINUTE_MS, Kpis, Life, Priority, Rules, kpis
from coldchain_backend.alerts.targets import SPLIT, TARGETS, UNVERIFIED, Standing, of_all, of_load

T0 = 1_795_377_600_000
RULES = Rules()


def life(at_min: float, *, lasts_min: float | None = None, **others: object) -> Life:
    """An alarm that people were called for so many minutes after T0."""
    began = T0 + int(at_min * MINUTE_MS)
    ended = None if lasts_min is None else began + int(lasts_min * MINUTE_MS)
    plain = Life(
        alert=f"al_{began}", source="excursion\nhigh\np1", priority=Priority.ALARM, receivers=("dispatch",),
        calls=(began,), on=((began, ended),),
    )  # fmt: skip
    return replace(plain, **others)  # type: ignore[arg-type]  # fields by name


def hour(lives: list[Life], hours: float = 1.0) -> Kpis:
    return kpis(lives, T0, T0 + int(hours * HOUR_MS), RULES)


def test_nothing_happened() -> None:
    found = hour([])
    assert (found.total.alarms, found.total.per_hour, found.total.floods) == (0, 0.0, ())
    assert found.positions == ()
    assert (found.standing, found.fleeting, found.actors, found.actors_share) == (0, 0, (), 0)
    assert found.waited.p50_ms is None


def test_rates_per_position() -> None:
    lives = [
        life(at, receivers=("dispatch", "night") if at < 20 else ("night",)) for at in (0, 5, 15, 25, 50)
    ]
    found = hour(lives)
    assert (found.total.alarms, found.total.per_hour) == (5, 5.0)
    assert [(one.position, one.alarms, one.most_per_10_minutes) for one in found.positions] == [
        ("dispatch", 3, 2), ("night", 5, 2),
    ]  # fmt: skip
    assert found.total.per_10_minutes == pytest.approx(5 / 6)


def test_a_call_at_the_end_of_the_time_belongs_to_the_next() -> None:
    lives = [life(0), life(60)]
    assert hour(lives).total.alarms == 1
    assert kpis(lives, T0 + HOUR_MS, T0 + 2 * HOUR_MS, RULES).total.alarms == 1


def test_a_storm_is_one_flood_with_its_share_of_the_time() -> None:
    found = hour([life(20 + number / 10) for number in range(40)])
    [(began, ended)] = found.total.floods
    assert began == T0 + int(20.9 * MINUTE_MS)
    assert ended == T0 + int(23.5 * MINUTE_MS) + 10 * MINUTE_MS
    assert found.total.flood_share == pytest.approx((ended - began) / HOUR_MS)
    assert of_load(found.total)["flood_share"] is Standing.OVER
    assert of_load(found.total)["most_per_10_minutes"] is Standing.OVER


def test_a_flood_that_began_before_is_cut() -> None:
    [(began, ended)] = hour([life(-3 + number / 10) for number in range(40)]).total.floods
    assert began == T0
    assert ended > T0


def test_a_source_that_comes_again_and_again_chatters() -> None:
    again = [life(at, lasts_min=6, alert=f"al_{at}") for at in (0, 12, 24, 36)]
    calm = [life(at, lasts_min=6, source="excursion\nhigh\np2") for at in (0, 20, 40)]
    assert hour([*again, *calm]).chattering == ("excursion\nhigh\np1",)


def test_what_was_over_before_anybody_could_act_is_fleeting() -> None:
    acted = life(9, lasts_min=4, acknowledged_ms=T0 + 11 * MINUTE_MS)
    found = hour([life(0, lasts_min=4.9), life(6, lasts_min=5), acted, life(20)])
    assert found.fleeting == 1


def test_alarms_stand_after_a_day() -> None:
    lives = [life(0), life(30, lasts_min=25 * 60), life(40, lasts_min=60)]
    assert kpis(lives, T0, T0 + DAY_MS, RULES).standing == 0
    later = kpis(lives, T0, T0 + 2 * DAY_MS, RULES)
    assert (later.standing, later.standing_most) == (1, 2)
    assert of_all(later)["standing_most"] is Standing.ACCEPTABLE


def test_the_worst_actors_and_their_share() -> None:
    lives = [life(number, source=f"s{number % 12:02}", alert=f"al_{number}") for number in range(24)]
    lives += [life(30 + number, source="worst", alert=f"al_w{number}") for number in range(6)]
    found = hour(lives)
    assert [(one.source, one.alarms) for one in found.actors[:2]] == [("worst", 6), ("s00", 2)]
    assert len(found.actors) == 10
    assert found.actors[0].share == pytest.approx(0.2)
    assert found.actors_share == pytest.approx(24 / 30)


def test_time_to_acknowledge_by_nearest_rank() -> None:
    taken = [
        life(number, alert=f"al_{number}", acknowledged_ms=T0 + (number + wait) * MINUTE_MS)
        for number, wait in enumerate([1, 2, 3, 4, 5, 6, 7, 8, 9, 30])
    ]
    waited = hour([*taken, life(20)]).waited
    assert (waited.acknowledged, waited.never) == (10, 1)
    minutes = [value and value // MINUTE_MS for value in (waited.p50_ms, waited.p90_ms, waited.p99_ms)]
    assert minutes == [5, 9, 30]
    assert waited.longest_ms == 30 * MINUTE_MS


def test_what_was_acknowledged_later_is_not_known_yet() -> None:
    found = hour([life(50, acknowledged_ms=T0 + 90 * MINUTE_MS)])
    assert (found.waited.acknowledged, found.waited.never) == (0, 1)


def test_shelved_now_and_for_how_long() -> None:
    spans = ((T0 + 10 * MINUTE_MS, T0 + 30 * MINUTE_MS), (T0 + 50 * MINUTE_MS, None))
    found = hour([life(0, shelved=spans)])
    assert (found.shelved, found.shelved_ms) == (1, 30 * MINUTE_MS)


LIVES = st.lists(
    st.builds(
        life,
        st.integers(-30, 90),
        lasts_min=st.none() | st.integers(0, 80),
        source=st.sampled_from(["a", "b", "c"]),
        priority=st.sampled_from(Priority),
        receivers=st.sampled_from([(), ("x",), ("x", "y")]),
    ),
    max_size=25,
)


@given(LIVES, st.randoms())
def test_the_order_of_lives_does_not_matter(lives: list[Life], random: object) -> None:
    shuffled = sorted(lives, key=lambda _: random.random())  # type: ignore[attr-defined]  # a Random
    assert hour(shuffled) == hour(lives)


@given(LIVES)
def test_two_halves_make_the_whole(lives: list[Life]) -> None:
    middle = T0 + HOUR_MS // 2
    whole = hour(lives)
    first, second = kpis(lives, T0, middle, RULES), kpis(lives, middle, T0 + HOUR_MS, RULES)
    assert first.total.alarms + second.total.alarms == whole.total.alarms
    assert first.shelved_ms + second.shelved_ms == whole.shelved_ms
    assert first.total.flood_share + second.total.flood_share == pytest.approx(2 * whole.total.flood_share)
    assert max(first.standing_most, second.standing_most) == whole.standing_most
    assert max(first.total.most_per_hour, second.total.most_per_hour) <= whole.total.most_per_hour


@given(LIVES)
def test_shares_and_counts_agree(lives: list[Life]) -> None:
    found = hour(lives)
    called = [one for one in lives if any(T0 <= at < T0 + HOUR_MS for at in one.calls)]
    assert sum(found.split.values()) == len(called)
    assert found.actors_share == pytest.approx(1.0 if called else 0.0)
    assert all(one.alarms <= found.total.alarms for one in found.positions)
    assert 0 <= found.total.flood_share <= 1
    assert found.waited.acknowledged + found.waited.never == len(called)


def test_targets_are_marked_unverified_and_ordered() -> None:
    assert UNVERIFIED
    assert all(target.acceptable <= target.manageable for target in TARGETS.values())
    assert sum(SPLIT.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("value", "wanted"), [(0, "acceptable"), (6, "acceptable"), (6.1, "manageable"), (13, "over")]
)
def test_how_a_figure_stands(value: float, wanted: str) -> None:
    assert TARGETS["per_hour"].standing(value).value == wanted
