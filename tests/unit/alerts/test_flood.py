"""A flood that grows: the same as counting all of its alarms from the beginning."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from coldchain_backend.alerts.cause import Cause
from coldchain_backend.alerts.flood import MOST_ASSETS, NAMED, Counted, Flood, cause_of_flood, grown

names = st.sampled_from(["", *(f"a{number}" for number in range(30))])


def alarms(assets: list[str]) -> list[Counted]:
    return [
        Counted(at_ms=1_000 + number, alert=f"al{number}", asset=name) for number, name in enumerate(assets)
    ]


def after(assets: list[str]) -> Cause:
    first, *more = alarms(assets)
    cause = cause_of_flood(Flood(newest=(first,)), first.at_ms)
    for one in more:
        cause = grown(cause, one)
    return cause


@given(st.lists(names, min_size=1, max_size=80))
def test_a_flood_counts_every_alarm_under_its_asset(assets: list[str]) -> None:
    cause = after(assets)
    counted = Counter(assets)
    assert {share.asset: share.count for share in cause.shares} == counted
    assert [share.asset for share in cause.shares] == list(dict.fromkeys(assets))
    assert cause.count == len(assets)
    assert cause.known_ms == 1_000 + len(assets) - 1
    most = sorted((name for name in counted if name), key=lambda name: (-counted[name], name))[:NAMED]
    assert cause.detail == (", ".join(f"{name} ({counted[name]})" for name in most) or "–")


@given(st.integers(1, 40), st.integers(1, 5))
def test_more_assets_than_are_counted_by_themselves_count_together(beyond: int, again: int) -> None:
    every = [f"asset{number}" for number in range(MOST_ASSETS + beyond)]
    cause = after(every * again)
    assert len(cause.shares) == MOST_ASSETS + 1
    assert {share.asset: share.count for share in cause.shares}[""] == beyond * again
    assert sum(share.count for share in cause.shares) == cause.count == len(every) * again


def test_nothing_but_the_count_of_a_flood_changes() -> None:
    before = after(["a", "b"])
    later = grown(before, Counted(at_ms=5_000, alert="x", asset="b"))
    same = replace(
        later, count=before.count, shares=before.shares, known_ms=before.known_ms, detail=before.detail
    )
    assert same == before
