"""Inputs that announce the end of power: edges, delays, and what is said meanwhile."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from coldchain.errors import InvalidInput, Unavailable
from coldchain_gateway.going_down import (
    CommandInputConfig,
    FileInputConfig,
    GoingDownConfig,
    GoingDownWatch,
    GpioInputConfig,
)
from coldchain_gateway.going_down.watch import command_look
from support.watching import Desk


class Site:
    """A watch over one input on a clock moved by hand."""

    def __init__(self, config: GoingDownConfig) -> None:
        self.desk = Desk()
        self.asked: list[str] = []
        self.watch = GoingDownWatch(
            config, clock=self.desk.clock, intake=self.desk.intake, ask=self.asked.append
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.watch.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def said(self) -> list[str]:
        return [line for line in self.desk.all_lines() if line.startswith("going_down ")]


async def test_a_file_that_says_so_for_long_enough_stops_the_program(tmp_path: Path) -> None:
    flag = tmp_path / "ups"
    site = Site(FileInputConfig(kind="file", name="ups", path=flag, value="OB"))
    async with site.running():
        await site.desk.clock.pass_time(5)
        flag.write_text("OB\n")
        await site.desk.clock.pass_time(2)
        assert site.asked == [], "a flicker is not the end"
        flag.write_text("OL\n")
        await site.desk.clock.pass_time(5)
        flag.write_text("OB\n")
        await site.desk.clock.pass_time(5)
    assert site.asked[0] == "ups"
    assert site.said() == [], "the line belongs to the stop itself"


async def test_one_active_from_the_start_keeps_reading_and_says_that_power_may_go(tmp_path: Path) -> None:
    flag = tmp_path / "ignition-off"
    flag.touch()
    site = Site(FileInputConfig(kind="file", name="ignition", path=flag))
    async with site.running():
        await site.desk.clock.pass_time(60)
        assert site.asked == []
        assert 10 <= len(site.said()) <= 14
        assert 'reason="ignition"' in site.said()[0]
        flag.unlink()
        await site.desk.clock.pass_time(5)
        flag.touch()
        await site.desk.clock.pass_time(5)
        assert site.asked


@pytest.mark.parametrize(("said", "contains", "active"), [("OB LB", "OB", True), ("OL", "OB", False)])
async def test_a_programs_word_decides(said: str, contains: str, active: bool) -> None:  # noqa: FBT001 - a case
    command = (sys.executable, "-c", f"print({said!r})")
    config = CommandInputConfig(kind="command", name="ups", command=command, contains=contains)
    assert await command_look(config)() is active


async def test_an_input_that_cannot_be_read_is_a_fault_for_the_supervisor(tmp_path: Path) -> None:
    missing = (str(tmp_path / "nowhere"),)
    for config in (
        CommandInputConfig(kind="command", name="ups", command=missing),
        GpioInputConfig(kind="gpio", name="ignition", line=3, chip=str(tmp_path / "gpiochip0")),
        FileInputConfig(kind="file", name="folder", path=tmp_path),
    ):
        with pytest.raises(Unavailable):
            await Site(config).watch.run()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: FileInputConfig(kind="file", name=" ", path=Path("x")),
        lambda: FileInputConfig(kind="file", name="a", path=Path("x"), every=1),
        lambda: GpioInputConfig(kind="gpio", name="a", line=5_000),
        lambda: CommandInputConfig(kind="command", name="a", command=()),
    ],
)
def test_what_cannot_work_is_refused(wrong: object) -> None:
    assert callable(wrong)
    with pytest.raises(InvalidInput):
        wrong()
