"""When a line was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.lineprotocol import encode_reading
from coldchain.readings import Quality, Reading
from coldchain_gateway.outbox import Boot, Entry
from coldchain_gateway.outbox.dating import (
    FLOOR_MS,
    Dating,
    Placement,
    believable,
    placement_of,
    series_of,
)
from support.lines import reading_lines

UTC_MS = 1_795_376_523_000
EXACT = Placement(offset_ms=UTC_MS)


def boot(ordinal: int, last_ms: int = 0, offset_ms: int | None = None) -> Boot:
    return Boot(ordinal=ordinal, boot=f"boot-{ordinal}", last_ms=last_ms, offset_ms=offset_ms)


def entry(boot_ms: int, source_ms: int | None = None, line: bytes = b"reading,sensor=a t=1") -> Entry:
    return Entry(line=line, boot_ms=boot_ms, source_ms=source_ms)


def times(dating: Dating, entries: list[Entry]) -> list[int]:
    return [int(dating.date(e, EXACT, trusted=True).rpartition(b" ")[2]) for e in entries]


def test_a_boot_with_trusted_time_is_placed_exactly() -> None:
    assert placement_of(boot(1, offset_ms=UTC_MS), [boot(1, offset_ms=UTC_MS)]) == EXACT


def test_a_boot_without_trust_waits_for_one_that_gets_it() -> None:
    assert placement_of(boot(1), [boot(1), boot(2)]) is None


def test_an_earlier_boot_lies_between_the_last_trusted_instant_and_the_start_of_the_trusted_one() -> None:
    boots = [
        boot(1, last_ms=10_000, offset_ms=UTC_MS),
        boot(2, last_ms=3_000),
        boot(3, last_ms=5_000),
        boot(4, last_ms=1_000, offset_ms=UTC_MS + 900_000),
    ]
    lower, upper = UTC_MS + 10_000, UTC_MS + 900_000
    assert placement_of(boots[1], boots) == Placement(offset_ms=lower, lower_ms=lower, upper_ms=upper)
    assert placement_of(boots[2], boots) == Placement(offset_ms=lower + 3_000, lower_ms=lower, upper_ms=upper)


def test_where_nothing_was_ever_trusted_the_floor_is_the_lower_bound() -> None:
    boots = [boot(1, last_ms=3_000), boot(2, offset_ms=UTC_MS)]
    assert placement_of(boots[0], boots) == Placement(offset_ms=FLOOR_MS, lower_ms=FLOOR_MS, upper_ms=UTC_MS)


def test_an_unsure_time_never_passes_its_upper_bound() -> None:
    placement = Placement(offset_ms=UTC_MS, lower_ms=UTC_MS, upper_ms=UTC_MS + 50)
    line = Dating().date(entry(80), placement, trusted=False)
    assert line.endswith(b" %d\n" % (UTC_MS + 50))


@given(
    values=st.dictionaries(st.sampled_from(["temperature", "humidity"]), st.floats(-99, 99), min_size=1),
    quality=st.sampled_from(list(Quality)),
)
def test_a_dated_line_is_the_line_that_core_writes_for_the_reading(
    values: dict[str, float], quality: Quality
) -> None:
    unsure = quality is Quality.TIME_UNSURE
    placement = Placement(
        offset_ms=UTC_MS, lower_ms=UTC_MS if unsure else None, upper_ms=UTC_MS + 99_000 if unsure else None
    )
    reading = Reading(
        sensor="cold room 1",
        time_ms=UTC_MS + 7,
        values=values,
        quality=quality,
        time_lower_ms=placement.lower_ms,
        time_upper_ms=placement.upper_ms,
    )
    bare = Reading(sensor=reading.sensor, time_ms=0, values=values)
    kept = Entry(line=encode_reading(bare).removesuffix(b" 0"), boot_ms=7)
    dated = Dating().date(kept, placement, trusted=quality is Quality.GOOD)
    assert dated == encode_reading(reading) + b"\n"
    assert len(reading_lines(dated)) == 1


def test_the_gateways_own_lines_carry_no_quality() -> None:
    line = Dating().date(entry(5, line=b"gateway x=1i"), EXACT, trusted=False)
    assert line == b"gateway x=1i %d\n" % (UTC_MS + 5)


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from([b"a", b"b"])), max_size=60))
def test_two_lines_of_one_series_never_share_a_millisecond(kept: list[tuple[int, bytes]]) -> None:
    dating = Dating()
    seen: set[tuple[bytes, int]] = set()
    for boot_ms, sensor in sorted(kept, key=lambda pair: pair[0]):
        line = dating.date(entry(boot_ms, line=b"reading,sensor=%b t=1" % sensor), EXACT, trusted=True)
        stamp = (sensor, int(line.rpartition(b" ")[2]))
        assert stamp not in seen
        seen.add(stamp)


def test_a_line_moves_only_as_far_as_it_must() -> None:
    assert times(Dating(), [entry(5), entry(5), entry(6), entry(9)]) == [
        UTC_MS + 5,
        UTC_MS + 6,
        UTC_MS + 7,
        UTC_MS + 9,
    ]


def test_what_was_not_sealed_gets_the_same_times_again() -> None:
    dating = Dating()
    first = times(dating, [entry(5), entry(5)])
    dating.discard()
    assert times(dating, [entry(5), entry(5)]) == first
    dating.keep()
    assert times(dating, [entry(5)]) == [UTC_MS + 7]


def test_lines_sealed_by_an_earlier_process_are_respected() -> None:
    dating = Dating()
    dating.remember(b"reading,sensor=a", UTC_MS + 5)
    assert times(dating, [entry(5)]) == [UTC_MS + 6]


def test_after_a_large_step_back_the_true_time_counts() -> None:
    dating = Dating()
    dating.corrected(3_600_000)
    dating.remember(b"reading,sensor=a", UTC_MS + 3_600_000)
    dating.corrected(0)
    assert times(dating, [entry(5)]) == [UTC_MS + 5]


def test_after_a_small_step_back_order_is_kept() -> None:
    dating = Dating()
    dating.corrected(1000)
    dating.remember(b"reading,sensor=a", UTC_MS + 1000)
    dating.corrected(0)
    assert times(dating, [entry(5)]) == [UTC_MS + 1001]


def test_a_devices_own_time_is_kept_also_for_history() -> None:
    own = [UTC_MS - 600_000, UTC_MS - 900_000, UTC_MS - 600_000]
    assert times(Dating(), [entry(5, source_ms=own_ms) for own_ms in own]) == [
        UTC_MS - 600_000,
        UTC_MS - 900_000,
        UTC_MS - 600_000 + 1,
    ]


def test_a_devices_own_time_that_cannot_be_meant_is_not_believed() -> None:
    assert believable(0, UTC_MS) is None
    assert believable(UTC_MS + 61_000, UTC_MS) is None
    assert believable(None, UTC_MS) is None
    assert believable(UTC_MS - 1, UTC_MS) == UTC_MS - 1


def test_the_series_ends_at_the_first_plain_space() -> None:
    assert series_of(b"reading,sensor=cold\\ room t=1") == b"reading,sensor=cold\\ room"


@pytest.mark.parametrize("years", [0, 1, 5])
def test_history_stands_at_its_own_time_however_old(years: int) -> None:
    own_ms = UTC_MS - years * 365 * 86_400_000 - 1
    remembered = entry(5, source_ms=own_ms)._replace(history=True)
    assert times(Dating(), [entry(1), remembered, entry(7)]) == [UTC_MS + 1, own_ms, UTC_MS + 7]
    assert times(Dating(), [entry(5, source_ms=own_ms)]) == [own_ms if years == 0 else UTC_MS + 5]


def test_history_in_a_boot_without_trust_keeps_its_own_time_and_no_bounds_of_ours() -> None:
    unsure = Placement(offset_ms=FLOOR_MS, lower_ms=FLOOR_MS, upper_ms=UTC_MS)
    remembered = entry(5, source_ms=UTC_MS - 86_400_000)._replace(history=True)
    line = Dating().date(remembered, unsure, trusted=False)
    assert line == b'reading,sensor=a t=1,quality="time-placed" %d\n' % (UTC_MS - 86_400_000)
