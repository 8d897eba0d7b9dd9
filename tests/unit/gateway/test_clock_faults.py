"""A clock that woke up wrong: every reading is placed right, or says between which instants it was."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from coldchain.readings import Quality, Reading
from coldchain_gateway.clock_trust import ClockTrust, TrustSource
from coldchain_gateway.outbox import Entry, Group
from support.acceptance import Figures
from support.gateway_life import Life
from support.lines import reading_lines
from support.readings import reading_of
from support.still_clock import StillClock

TRUE_BOOT_MS = 1_795_376_523_000  # UTC at which the boot of the story began
DAY_MS = 86_400_000


def http_date(utc_ms: int) -> str:
    return format_datetime(datetime.fromtimestamp(utc_ms // 1000, UTC), usegmt=True)


@dataclass(slots=True)
class Machine:
    """A computer whose wall clock says what it likes; `now_ms` is the truth."""

    life: Life
    clock: StillClock
    trust: ClockTrust
    synchronised: bool = False
    booted_ms: int = TRUE_BOOT_MS

    @property
    def now_ms(self) -> int:
        return self.booted_ms + self.trust.boot_ms()

    def keep(self, count: int, chance: random.Random) -> None:
        """Readings now and then, each with the true instant as its value."""
        for _ in range(count):
            self.clock.advance(chance.randint(1, 9_000))
            now, trusted = self.trust.boot_ms(), self.trust.offset_ms() is not None
            line = b"reading,sensor=a temperature=4.0,counter=%di" % now
            entries = [Entry(line=line, boot_ms=now)]
            self.life.outbox.commit(Group(boot=self.life.boot, boot_ms=now, trusted=trusted, entries=entries))

    def seal(self) -> None:
        offset = self.trust.offset_ms()
        if offset is not None:
            self.life.seal(self.trust.boot_ms(), offset_ms=offset)

    def backend_answers(self) -> None:
        self.trust.answered(http_date(self.now_ms), self.trust.boot_ms() - 40, self.trust.boot_ms())

    def readings(self) -> list[Reading]:
        lines = [line for batch in self.life.batches() for line in reading_lines(batch.body)]
        return [reading_of(line) for line in lines]


def machine(folder: Path, wall_ms: int, boot: str = "boot-1") -> Machine:
    """Just booted, with that on its wall clock."""
    life, clock = Life.open(folder, boot), StillClock(now_ms=wall_ms)
    made = Machine(life, clock, ClockTrust(clock, lambda: False))
    made.trust = ClockTrust(clock, lambda: made.synchronised)
    return made


def worst_ms(told: Machine) -> int:
    """How far the worst placed reading is from the truth; its counter is CLOCK_BOOTTIME."""
    return max(abs(one.time_ms - TRUE_BOOT_MS - int(one.values["counter"])) for one in told.readings())


WALLS = {"1970": 0, "last shutdown": TRUE_BOOT_MS - 3 * DAY_MS, "ahead": TRUE_BOOT_MS + 400 * DAY_MS}


@pytest.mark.acceptance("A5")
@pytest.mark.parametrize("wall", WALLS)
@pytest.mark.parametrize("by", [TrustSource.BACKEND, TrustSource.KERNEL, TrustSource.SATELLITES])
def test_readings_of_this_boot_are_placed_exactly_once_somebody_knows(
    tmp_path: Path, wall: str, by: TrustSource, figures: Figures
) -> None:
    chance = random.Random(wall)
    told = machine(tmp_path, WALLS[wall])
    told.keep(20, chance)
    told.life = told.life.reopen()  # the process is killed; the kernel's boot goes on
    told.keep(20, chance)
    told.seal()
    assert told.readings() == []
    if by is TrustSource.KERNEL:
        told.clock.wall_ms, told.synchronised = told.now_ms, True
        told.clock.advance(1000)
    elif by is TrustSource.BACKEND:
        told.backend_answers()
    else:
        told.trust.offer(by, told.now_ms + 300, told.clock.boottime_ns(), 750)
    assert told.trust.source is TrustSource.NOBODY or told.trust.source is by
    told.seal()
    told.keep(5, chance)
    told.seal()
    placed = [one for one in told.readings() if one.quality is Quality.TIME_PLACED]
    figures.add(boots=1, readings=len(told.readings()), placed=len(placed))
    assert len(told.readings()) == 45
    assert len(placed) == 40
    assert worst_ms(told) <= 1100


@pytest.mark.acceptance("A5")
def test_a_step_of_three_days_moves_nothing_that_is_trusted(tmp_path: Path, figures: Figures) -> None:
    chance = random.Random(3)
    told = machine(tmp_path, TRUE_BOOT_MS)
    told.backend_answers()
    told.keep(20, chance)
    told.seal()
    told.clock.wall_ms += 3 * DAY_MS
    told.keep(20, chance)
    told.seal()
    told.backend_answers()
    told.keep(20, chance)
    told.seal()
    figures.add(steps=1, readings=len(told.readings()))
    assert worst_ms(told) <= 1100
    assert {one.quality for one in told.readings()} == {Quality.GOOD}


@pytest.mark.acceptance("A5")
def test_readings_of_an_earlier_boot_say_between_which_instants_they_were(
    tmp_path: Path, figures: Figures
) -> None:
    chance = random.Random(5)
    first = machine(tmp_path, TRUE_BOOT_MS)
    first.backend_answers()
    first.keep(10, chance)
    first.seal()
    last_trusted = first.now_ms
    first.life.reopen("boot-2").outbox.close()
    # Power comes back two days later, for an hour, without anybody who knows the time; then once more, with.
    second = machine(tmp_path, 0, "boot-2")
    second.keep(10, chance)
    second.seal()
    assert len(second.readings()) == 10
    second.life.outbox.close()
    third = machine(tmp_path, 0, "boot-3")
    third.booted_ms = last_trusted + 3 * DAY_MS
    third.backend_answers()
    third.keep(1, chance)
    third.seal()
    unsure = [one for one in third.readings() if one.quality is Quality.TIME_UNSURE]
    figures.add(boots=3, readings=len(third.readings()), unsure=len(unsure))
    assert len(unsure) == 10
    for one in unsure:
        assert one.time_lower_ms is not None
        assert one.time_upper_ms is not None
        assert one.time_lower_ms <= one.time_ms <= one.time_upper_ms
        assert abs(one.time_upper_ms - third.booted_ms) <= 1100
        assert abs(one.time_lower_ms - last_trusted) <= 1100


@pytest.mark.acceptance("A5")
def test_a_day_without_anybody_who_knows_is_an_alarm_and_costs_nothing(
    tmp_path: Path, figures: Figures
) -> None:
    told = machine(tmp_path, 0)
    told.keep(3, random.Random(1))
    told.clock.advance(DAY_MS)
    assert told.trust.alarming()
    told.backend_answers()
    told.seal()
    figures.add(alarms=1, readings=len(told.readings()))
    assert not told.trust.alarming()
    assert worst_ms(told) <= 1100
