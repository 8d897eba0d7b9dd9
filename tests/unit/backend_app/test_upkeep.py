"""The disk of the data folder: its forecast, and what is told about it once and no more."""

from pathlib import Path

import pytest

from coldchain_backend.ledger import Json, MarkName
from coldchain_backend.upkeep import (
    DAY_MS,
    NOTE_MS,
    Noted,
    Upkeep,
    bytes_per_day,
    days_until_full,
    first_look,
    marks_for,
)
from support.still_clock import StillClock

FILLING, EASED = MarkName.DISK_FILLING, MarkName.DISK_EASED
NEARLY_FULL, ROOM = MarkName.DISK_NEARLY_FULL, MarkName.DISK_ROOM


def readings() -> int:
    return 70_000


def test_growth_is_foreseen_from_an_hour_on() -> None:
    assert bytes_per_day([]) is None
    assert bytes_per_day([Noted(0, 100), Noted(NOTE_MS - 1, 200)]) is None
    assert bytes_per_day([Noted(0, 100), Noted(5, 7), Noted(DAY_MS // 2, 1_100)]) == 2_000
    assert days_until_full(10_000, 2_000) == 5
    assert days_until_full(10_000, 0) is days_until_full(10_000, -3) is days_until_full(10_000, None) is None


@pytest.mark.parametrize(
    ("used", "told", "marks"),
    [
        (0.79, (), []),
        (0.80, (), [FILLING]),
        (0.85, (FILLING,), []),
        (0.79, (FILLING,), []),
        (0.77, (FILLING,), [EASED]),
        (0.95, (), [FILLING, NEARLY_FULL]),
        (0.89, (FILLING, NEARLY_FULL), []),
        (0.87, (FILLING, NEARLY_FULL), [ROOM]),
        (0.10, (FILLING, NEARLY_FULL), [EASED, ROOM]),
    ],
)
def test_each_condition_is_told_once_and_ends_a_little_below(
    used: float, told: tuple[MarkName, ...], marks: list[MarkName]
) -> None:
    assert marks_for(used, frozenset(told)) == marks


def test_after_a_start_what_is_over_is_ended_and_what_goes_on_told() -> None:
    assert marks_for(0.5, first_look(0.5)) == [EASED, ROOM]
    assert marks_for(0.85, first_look(0.85)) == [FILLING, ROOM]
    assert marks_for(0.95, first_look(0.95)) == [FILLING, NEARLY_FULL]


async def test_sizes_are_noted_every_hour_and_survive_a_restart(tmp_path: Path) -> None:
    told: list[MarkName] = []

    async def mark(name: MarkName, details: dict[str, Json]) -> None:
        assert 0 <= float(str(details["used_percent"])) <= 100
        told.append(name)

    (tmp_path / "ledger").mkdir()
    clock = StillClock()
    upkeep = Upkeep(tmp_path, clock, mark, readings)
    await upkeep.turn()
    before = list(told)
    (tmp_path / "ledger" / "00000001.seg").write_bytes(b"x" * 500_000)
    (tmp_path / "coldchain.sqlite").write_bytes(b"x" * 100_000)
    clock.advance(NOTE_MS)
    again = Upkeep(tmp_path, clock, mark, readings)
    room = again.room()
    assert room.ledger >= 500_000
    assert room.series == 70_000
    assert room.database >= 30_000
    assert room.grows["ledger"] >= 24 * 500_000
    assert room.grows["series"] == 24 * 70_000
    assert again.room() is room
    assert room.bytes_per_day is not None
    assert room.bytes_per_day >= 24 * 600_000
    assert room.days_until_full is not None
    await upkeep.turn()
    assert told == before


def test_notes_that_cannot_be_read_are_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "growth.json").write_bytes(b"{")

    async def mark(name: MarkName, details: dict[str, Json]) -> None:
        del name, details

    assert Upkeep(tmp_path, StillClock(), mark, readings).room().bytes_per_day is None


def test_each_store_is_foreseen_by_the_notes_that_know_it(tmp_path: Path) -> None:
    """Notes of an earlier product know the whole only."""
    notes = [Noted(0, 100), Noted(DAY_MS, 200, {"ledger": 50}), Noted(2 * DAY_MS, 500, {"ledger": 150})]
    assert bytes_per_day(notes) == 200
    assert bytes_per_day(notes, "ledger") == 100
    assert bytes_per_day(notes, "series") is bytes_per_day(notes[:2], "ledger") is None
    (tmp_path / "growth.json").write_bytes(b'[[0, 100], [3600000, 200, {"ledger": 50}]]')

    async def mark(name: MarkName, details: dict[str, Json]) -> None:
        del name, details

    clock = StillClock(3 * NOTE_MS)
    room = Upkeep(tmp_path, clock, mark, readings).room()
    assert room.bytes_per_day is not None
    assert set(room.grows) == {"ledger"}
