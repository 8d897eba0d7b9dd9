"""The 1-Wire source on a tree of files: whose readings are taken under which name, and what is refused."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

import pytest

from coldchain.errors import InvalidInput
from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Acquired, NotKept, Sample
from coldchain_gateway.sources import OnewireConfig, open_source
from coldchain_gateway.sources.onewire.config import ProbeConfig
from coldchain_gateway.sources.onewire.tree import BusMissing, look, read_probe
from support.fake_clock import FakeClock
from support.looking_intake import LookingIntake
from support.onewire_tree import scratchpad

FRONT, OTHER = "28-0316a2794a7f", "3b-0000001a2b3c"
WITHIN_S = 20.0  # a bound, not a wait


class CountingIntake(LookingIntake):
    """Tells when so many were taken."""

    def __init__(self, *, full: bool = False) -> None:
        super().__init__()
        self._full = full
        self._came = asyncio.Condition()

    async def take(self, acquired: Acquired) -> None:
        async with self._came:
            self.taken.append(acquired)
            self._came.notify_all()
        if self._full:
            raise NotKept("the disk is full")

    async def until(self, count: int) -> None:
        async with asyncio.timeout(WITHIN_S), self._came:
            await self._came.wait_for(lambda: len(self.taken) >= count)


def said(acquired: Sequence[Acquired]) -> list[tuple[str | None, object]]:
    return [
        (one.sensor, one.values["temperature"] if isinstance(one, Sample) else one.reason)
        for taken in acquired
        for one in taken.decoded
    ]


def probe(root: Path, name: str, text: str) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "w1_slave").write_text(text)
    return folder


def config(root: Path, others: Literal["read", "ignore"] = "read") -> OnewireConfig:
    named = (ProbeConfig(id=FRONT, sensor="front"),)
    return OnewireConfig(kind="onewire", name="probes", root=root, interval=1_000, others=others, probe=named)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "w1"
    probe(made, FRONT, scratchpad(4.5))
    probe(made, OTHER, scratchpad(-20.0))
    for name in ("00-400000000000", "26-000001aa2233", "w1_bus_master1"):
        (made / name).mkdir()
    return made


def test_what_stands_on_a_bus_is_told_from_what_noise_invented(root: Path) -> None:
    found = look(root)
    assert found.probes == (FRONT, OTHER)
    assert found.phantoms == ("00-400000000000",)
    assert read_probe(root, "28-000000000009") is None
    with pytest.raises(BusMissing, match="dtoverlay=w1-gpio"):
        look(root / "none")


@pytest.mark.parametrize(("others", "names"), [("read", {"front", OTHER}), ("ignore", {"front"})])
async def test_a_named_probe_has_its_name_and_others_their_id_or_nothing(
    root: Path, others: Literal["read", "ignore"], names: set[str]
) -> None:
    clock, intake = FakeClock(), CountingIntake()
    source = open_source(config(root, others), clock=clock, template_dirs=())
    task = asyncio.create_task(source.run(intake))
    await intake.until(len(names))
    await clock.pass_time(1)
    await intake.until(2 * len(names))
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert {sensor for sensor, _ in said(intake.taken)} == names
    assert [one.reason for _, one in intake.refused] == [RefusalReason.BAD_SENSOR], "a phantom counts once"


async def test_a_probe_that_is_gone_is_refused_each_round_and_read_again_when_it_is_back(root: Path) -> None:
    clock, intake = FakeClock(), CountingIntake()
    source = open_source(config(root, "ignore"), clock=clock, template_dirs=())
    task = asyncio.create_task(source.run(intake))
    await intake.until(1)
    (root / FRONT / "w1_slave").unlink()
    await clock.pass_time(1)
    await intake.until(2)
    (root / FRONT / "w1_slave").write_text(scratchpad(5.0, crc_ok=False))
    await clock.pass_time(1)
    await intake.until(3)
    (root / FRONT / "w1_slave").write_text(scratchpad(6.0))
    await clock.pass_time(1)
    await intake.until(4)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert said(intake.taken) == [
        ("front", 4.5),
        ("front", RefusalReason.PORT_LOST),
        ("front", RefusalReason.CRC),
        ("front", 6.0),
    ]


async def test_a_full_disk_is_counted_and_the_reading_goes_on(root: Path) -> None:
    clock, intake = FakeClock(), CountingIntake(full=True)
    source = open_source(config(root), clock=clock, template_dirs=())
    task = asyncio.create_task(source.run(intake))
    await intake.until(2)
    await clock.pass_time(1)
    await intake.until(4)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    told = [one for _, one in intake.refused if one.reason is RefusalReason.NOT_KEPT]
    assert len(told) >= 3
    assert all(isinstance(one, Refusal) and one.detail == "the disk is full" for one in told)


@pytest.mark.parametrize(
    ("probes", "why"),
    [
        ([("28-0316A2794A7F", "a")], "is no probe"),
        ([("26-0316a2794a7f", "a")], "is no probe"),
        ([("28-0316a2794a7f", "")], "not a sensor id"),
        ([(FRONT, "a"), (FRONT, "b")], "share an id"),
        ([(FRONT, "a"), (OTHER, "a")], "share an id or a sensor"),
    ],
)
def test_probes_that_cannot_be_meant_are_refused(probes: list[tuple[str, str]], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        OnewireConfig(
            kind="onewire",
            name="p",
            probe=tuple(ProbeConfig(id=name, sensor=sensor) for name, sensor in probes),
        )
