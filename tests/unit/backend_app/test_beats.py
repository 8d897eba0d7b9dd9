"""Beats that are expected from outside: missed ones are told once, over restarts too."""

from __future__ import annotations

from pathlib import Path

import pytest

from coldchain.errors import InvalidInput, Unavailable
from coldchain_backend.app.beats import FILE, Beats
from coldchain_backend.config import BackendConfig, BackendSection, BeatSection, HeartbeatSection
from coldchain_backend.ledger import Json, MarkName
from support.still_clock import StillClock

NOW = 1_795_376_523_000
MINUTE = 60_000
ERP = BeatSection(name="erp", every_s=600, grace_s=60)


class World:
    """Expected beats on a clock moved by hand; a new one on the same folder is a restart."""

    def __init__(self, folder: Path, clock: StillClock | None = None) -> None:
        self.clock = clock or StillClock(NOW)
        self.marks: list[str] = []
        self.closed = False
        self.beats = Beats([ERP], folder, self.clock, self.mark)

    async def mark(self, name: MarkName, details: dict[str, Json]) -> None:
        if self.closed:
            raise Unavailable("the ledger is closed")
        self.marks.append(f"{name.value} {details['beat']}")

    async def after(self, minutes: float) -> list[str]:
        """What was marked in all once so much time has passed."""
        self.clock.advance(int(minutes * MINUTE))
        await self.beats.turn()
        return self.marks


async def test_a_beat_in_time_keeps_it_quiet(tmp_path: Path) -> None:
    world = World(tmp_path)
    for _ in range(5):
        assert await world.after(10.9) in ([], ["beat_back erp"])
        assert await world.beats.note("erp")
    assert await world.after(0) == ["beat_back erp"]


async def test_a_missed_one_is_told_once_and_its_return_too(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert await world.after(10.99) == []
    assert await world.after(0.01) == ["beat_missed erp"]
    assert await world.after(60) == ["beat_missed erp"]
    assert world.beats.all()[0].missed
    await world.beats.note("erp")
    assert await world.after(1) == ["beat_missed erp", "beat_back erp"]
    assert await world.after(11) == ["beat_missed erp", "beat_back erp", "beat_missed erp"]


async def test_a_restart_forgets_no_beat_and_ends_what_an_earlier_process_told(tmp_path: Path) -> None:
    first = World(tmp_path)
    await first.beats.note("erp")
    first.clock.advance(10 * MINUTE)
    again = World(tmp_path, first.clock)
    assert again.beats.all()[0].last_ms == NOW
    assert await again.after(1) == ["beat_missed erp"]
    third = World(tmp_path, again.clock)
    await third.beats.note("erp")
    assert await third.after(0) == ["beat_back erp"]


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"erp": "x"}', b"\xff"])
async def test_a_damaged_memory_counts_from_now(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / FILE).write_bytes(damage)
    world = World(tmp_path)
    assert await world.after(10) == []
    assert await world.after(1) == ["beat_missed erp"]


async def test_a_beat_from_the_future_counts_from_now(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(f'{{"erp": {NOW + 10**9}}}')
    assert World(tmp_path).beats.all()[0].last_ms == NOW


async def test_what_cannot_be_told_now_is_told_later(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.closed = True
    assert await world.after(11) == []
    world.closed = False
    assert await world.after(0) == ["beat_missed erp"]


async def test_a_stranger_is_not_noted(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert not await world.beats.note("crm")
    assert [one.name for one in world.beats.all()] == ["erp"]


@pytest.mark.parametrize("wrong", [
    lambda: BeatSection(name="a b", every_s=60),
    lambda: BeatSection(name="a", every_s=0),
    lambda: BeatSection(name="a", every_s=60, grace_s=-1),
    lambda: HeartbeatSection(url="ftp://x"),
    lambda: HeartbeatSection(url="https://x", every_s=1),
    lambda: BackendConfig(backend=BackendSection(organisation="demo"), beats=(ERP, ERP)),
])  # fmt: skip
def test_a_wrong_section_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidInput):
        wrong()  # type: ignore[operator]  # each makes one section
