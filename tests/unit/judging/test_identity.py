"""Identity by overlap: every old excursion has exactly one fate, every new one exactly one id."""

from hypothesis import given
from hypothesis import strategies as st

from coldchain.excursions import Excursion
from coldchain_backend.judging.contracts import CourseKey, Gone, StoredExcursion
from coldchain_backend.judging.identity import Found, match

KEY = CourseKey("s", 0, "temperature")


def excursion(opened: int, closed: int | None, rule: str = "high") -> Excursion:
    return Excursion(rule=rule, opened_ms=opened, closed_ms=closed, peak=9.0, peak_ms=opened)


def old(name: str, created: int, opened: int, closed: int | None) -> StoredExcursion:
    return StoredExcursion(id=name, key=KEY, point="p", created=created, excursion=excursion(opened, closed))


@st.composite
def intervals(draw: st.DrawFn) -> list[Excursion]:
    """Excursions of one rule, one after the other; the last may be open."""
    cuts = sorted(draw(st.sets(st.integers(0, 40), max_size=12)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    found = [excursion(opened, closed) for opened, closed in pairs]
    if len(cuts) % 2:
        found.append(excursion(cuts[-1], None))
    return found


@given(intervals(), intervals(), st.randoms(use_true_random=False))
def test_nothing_is_lost_and_nothing_doubled(
    before: list[Excursion], after: list[Excursion], rng: object
) -> None:
    del rng
    stored = [
        StoredExcursion(id=f"e{n}", key=KEY, point="p", created=n, excursion=one)
        for n, one in enumerate(before)
    ]
    matched = match(stored, [Found(excursion=one) for one in after])
    assert sorted(one.id for one in matched.kept + matched.gone) == [one.id for one in stored]
    new = [one.excursion for one in matched.kept] + [one.excursion for one in matched.fresh]
    assert sorted(new, key=lambda one: one.opened_ms) == after
    assert all(
        one.into in {kept.id for kept in matched.kept} for one in matched.gone if one.gone is Gone.MERGED
    )


def test_on_a_merge_the_first_of_the_log_survives() -> None:
    matched = match([old("late", 2, 0, 5), old("first", 1, 8, 12)], [Found(excursion=excursion(0, 12))])
    [kept], [gone] = matched.kept, matched.gone
    assert (kept.id, gone.id, gone.into, gone.gone) == ("first", "late", "first", Gone.MERGED)


def test_on_a_split_the_open_part_keeps_the_id_else_the_earliest() -> None:
    parts = [Found(excursion=excursion(0, 5)), Found(excursion=excursion(8, None))]
    [kept] = match([old("one", 1, 0, None)], parts).kept
    assert kept.excursion.opened_ms == 8
    parts = [Found(excursion=excursion(0, 5)), Found(excursion=excursion(8, 12))]
    [kept] = match([old("one", 1, 0, 12)], parts).kept
    assert kept.excursion.opened_ms == 0


def test_what_did_not_change_keeps_its_revision() -> None:
    same = old("one", 1, 0, 12)
    assert match([same], [Found(excursion=same.excursion)]).kept == [same]


def test_other_rules_do_not_overlap() -> None:
    matched = match([old("one", 1, 0, 12)], [Found(excursion=excursion(0, 12, rule="low"))])
    assert [one.gone for one in matched.gone] == [Gone.WITHDRAWN]
    assert len(matched.fresh) == 1
