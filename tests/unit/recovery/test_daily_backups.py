"""A backup a day, read back, restored for a test every week; that it fails is told once an hour."""

import asyncio
from pathlib import Path

import pytest

from coldchain.seal import Key
from coldchain_backend.app.backups import AGAIN_MS, DAY_MS, DailyBackups
from coldchain_backend.app.run import until_released
from coldchain_backend.config import load
from coldchain_backend.ledger import Json, MarkName
from coldchain_backend.recovery import listed
from support.judged_folder import JudgedFolder
from support.still_clock import StillClock

CONFIG = """
[backend]
organisation = "demo"
[backup]
folder = "backups"
passphrase = "file:passphrase"
at = "02:30"
keep = 3
"""
HOUR_MS = 3_600_000


class House:
    """A data folder with a configured backup, and the marks that were written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "backend.toml").write_text(CONFIG, encoding="utf-8")
        (folder / "passphrase").write_text("correct horse battery staple", encoding="utf-8")
        lived = JudgedFolder(folder / "data")
        lived.live(minutes=6)
        (folder / "data" / "backend.key").write_text(Key.generate().seed.hex(), encoding="ascii")
        self.ledger = lived.ledger_folder
        self.clock = StillClock()
        self.clock.wall_ms += 5 * HOUR_MS - self.clock.wall_ms % DAY_MS  # 05:00 UTC
        self.marks: list[tuple[MarkName, dict[str, Json]]] = []
        settings = load(folder / "backend.toml")
        assert settings.config.backup is not None
        self.daily = DailyBackups(settings, settings.config.backup, self.clock, self._mark)

    async def _mark(self, name: MarkName, details: dict[str, Json]) -> None:
        self.marks.append((name, details))

    def turn(self, later_ms: int = 0) -> bool:
        self.clock.advance(later_ms)
        return asyncio.run(self.daily.turn())


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_one_a_day_at_its_time(house: House) -> None:
    assert house.turn()
    assert not house.turn(HOUR_MS)
    assert not house.turn(20 * HOUR_MS)  # 02:00
    assert house.turn(HOUR_MS)  # 03:00
    assert len(listed(house.folder / "backups")) == 2
    assert [name for name, _ in house.marks] == [MarkName.BACKUP] * 2
    assert [details["tested"] for _, details in house.marks] == [True, False]


def test_old_ones_go_and_a_test_comes_every_week(house: House) -> None:
    assert all(house.turn(DAY_MS) for _ in range(8))
    assert len(listed(house.folder / "backups")) == 3
    assert [details["tested"] for _, details in house.marks].count(True) == 2
    assert {path.name for path in (house.folder / "data").iterdir()} == {
        "backend.key", "coldchain.sqlite", "ledger",
    }  # fmt: skip


def test_a_failure_is_told_and_tried_again_after_an_hour(house: House) -> None:
    (house.folder / "passphrase").unlink()
    assert not house.turn()
    assert not house.turn(AGAIN_MS // 2)
    (house.folder / "passphrase").write_text("correct horse battery staple", encoding="utf-8")
    assert house.turn(AGAIN_MS)
    assert [name for name, _ in house.marks] == [MarkName.BACKUP_FAILING, MarkName.BACKUP]
    assert "passphrase" in str(house.marks[0][1]["reason"])


def test_a_backup_that_does_not_come_back_is_a_failure(house: House) -> None:
    path = sorted(house.ledger.glob("*.seg"))[0]
    path.write_bytes(path.read_bytes().replace(b"temperature=4.0", b"temperature=5.0", 1))
    assert not house.turn()
    assert "its ledger is broken" in str(house.marks[0][1]["reason"])


async def test_deliveries_wait_until_the_file_of_the_restore_is_gone(tmp_path: Path) -> None:
    held = tmp_path / "held"
    await until_released(held, StillClock())
    held.write_text("{}")

    class Releasing(StillClock):
        slept = 0

        async def sleep(self, seconds: float) -> None:
            self.slept += 1
            if self.slept == 3:
                held.unlink()

    clock = Releasing()
    await until_released(held, clock)
    assert clock.slept == 3


@pytest.mark.parametrize("torn", [b"this is no database, however long it may be" * 40, None])
def test_a_damaged_database_is_told_as_a_failed_backup(house: House, torn: bytes | None) -> None:
    database = house.folder / "data" / "coldchain.sqlite"
    good = database.read_bytes()
    database.write_bytes(good[:100] + b"\x5a" * 4000 + good[4100:] if torn is None else torn)
    assert not house.turn()
    assert [name for name, _ in house.marks] == [MarkName.BACKUP_FAILING]
    assert "coldchain.sqlite: " in str(house.marks[0][1]["reason"])
    database.write_bytes(good)
    assert house.turn(DAY_MS)
    assert house.marks[-1][0] is MarkName.BACKUP
