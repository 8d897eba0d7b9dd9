"""Due times fire by instant, kind and key, never by when they were set."""

from hypothesis import given
from hypothesis import strategies as st

from coldchain_backend.judging.dues import DueKind, Dues

SET = st.tuples(st.sampled_from(DueKind), st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 50)))


@given(st.lists(SET, max_size=60), st.integers(0, 50))
def test_each_key_has_one_due_time_and_they_fire_in_order(
    given_: list[tuple[DueKind, str, int | None]], until_ms: int
) -> None:
    dues, wanted = Dues(), dict[tuple[DueKind, str], int]()
    for kind, key, due_ms in given_:
        dues.set(kind, (key,), due_ms)
        if due_ms is None:
            wanted.pop((kind, key), None)
        else:
            wanted[kind, key] = due_ms
    assert dues.next_ms() == min(wanted.values(), default=None)
    fired = []
    while (due := dues.pop(until_ms)) is not None:
        fired.append(due)
    assert fired == sorted(
        (due_ms, kind, (key,)) for (kind, key), due_ms in wanted.items() if due_ms <= until_ms
    )


def test_many_moves_of_one_due_time_do_not_pile_up() -> None:
    dues = Dues()
    for due_ms in range(100_000):
        dues.set(DueKind.SILENCE, ("s",), due_ms)
    assert dues.pop(200_000) == (99_999, DueKind.SILENCE, ("s",))
    assert dues.pop(200_000) is None
