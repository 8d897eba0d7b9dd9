"""Buzzers, lamps, relays and topics follow the alarm, are tried again, and are left off at the end."""

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from coldchain.errors import InvalidInput, Unavailable
from coldchain_gateway.gpio import GpioLine
from coldchain_gateway.local_alarm.config import CommandOutputConfig, GpioOutputConfig, MqttOutputConfig
from coldchain_gateway.local_alarm.outputs import CommandOutput, GpioOutput, Situation, keep, payload
from coldchain_gateway.local_alarm.standing import Signals
from support.fake_clock import FakeClock

LOUD = Situation(
    signals=Signals(buzzer=True, lamp=True), alarms=(("store.front", "high", "too warm", "过热"),)
)
HUSHED = Situation(signals=Signals(buzzer=False, lamp=True), hushed=True, alarms=LOUD.alarms)


@dataclass
class Horn:
    """An output that the test can break."""

    states: list[bool] = field(default_factory=list)
    broken: bool = False
    closed: bool = False

    def wants(self, situation: Situation) -> object:
        return situation.signals.buzzer

    async def become(self, situation: Situation) -> None:
        if self.broken:
            raise Unavailable("stuck")
        self.states.append(situation.signals.buzzer)

    async def close(self) -> None:
        self.closed = True


async def test_it_is_switched_once_per_change_tried_again_and_closed() -> None:
    clock, horn, situations = FakeClock(), Horn(), [Situation()]
    task = asyncio.create_task(keep(horn, "horn", lambda: situations[-1], clock))
    await clock.pass_time(3)
    assert horn.states == [False], "its state at the start is set, not assumed"
    situations.append(LOUD)
    await clock.pass_time(3)
    situations.append(HUSHED)
    horn.broken = True
    await clock.pass_time(3)
    horn.broken = False
    await clock.pass_time(6)
    assert horn.states == [False, True, False]
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert horn.closed


class Wire:
    """A line of a chip as the library gives it."""

    def __init__(self) -> None:
        self.levels: list[bool] = []
        self.closed = False
        self.broken = False

    def read(self) -> bool:
        if self.broken:
            raise OSError("chip gone")
        return self.levels[-1]

    def write(self, value: bool) -> None:  # noqa: FBT001 - the library's own form
        if self.broken:
            raise OSError("chip gone")
        self.levels.append(value)

    def close(self) -> None:
        self.closed = True


def test_a_line_is_written_read_and_given_back() -> None:
    wire = Wire()
    with GpioLine(wire, "chip line 17") as line:
        line.write(active=True)
        assert line.read()
        wire.broken = True
        with pytest.raises(Unavailable, match="chip line 17: chip gone"):
            line.write(active=False)
        with pytest.raises(Unavailable, match="chip line 17"):
            line.read()
    assert wire.closed


async def test_a_chip_that_is_not_there_is_a_fault_and_no_crash(tmp_path: Path) -> None:
    config = GpioOutputConfig(kind="gpio", role="lamp", line=17, chip=str(tmp_path / "gpiochip0"))
    with pytest.raises(Unavailable, match="gpiochip0 line 17"):
        await GpioOutput(config).become(LOUD)
    await GpioOutput(config).close()


async def test_a_relay_runs_the_command_of_its_state(tmp_path: Path) -> None:
    def write(text: str) -> tuple[str, ...]:
        return (sys.executable, "-c", f"open({str(tmp_path / 'relay')!r}, 'w').write({text!r})")

    relay = CommandOutput(
        CommandOutputConfig(kind="command", role="buzzer", on=write("on"), off=write("off"))
    )
    await relay.become(LOUD)
    assert (tmp_path / "relay").read_text() == "on"
    await relay.become(HUSHED)
    assert (tmp_path / "relay").read_text() == "off"
    failing = CommandOutputConfig(kind="command", role="lamp", on=(sys.executable, "-c", "1/0"), off=("x",))
    with pytest.raises(Unavailable, match="status 1"):
        await CommandOutput(failing).become(LOUD)


def test_a_topic_carries_the_whole_situation() -> None:
    said = json.loads(payload(HUSHED))
    assert (said["state"], said["buzzer"], said["lamp"], said["hushed"]) == ("alarm", False, True, True)
    assert said["alarms"] == [
        {"point": "store.front", "rule": "high", "text_en": "too warm", "text_zh": "过热"}
    ]
    assert json.loads(payload(Situation()))["state"] == "ok"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: GpioOutputConfig(kind="gpio", role="lamp", line=-1),
        lambda: CommandOutputConfig(kind="command", role="lamp", on=("a",), off=()),
        lambda: MqttOutputConfig(kind="mqtt", host="h", topic="a/#"),
        lambda: MqttOutputConfig(kind="mqtt", host="", topic="a"),
        lambda: MqttOutputConfig(kind="mqtt", host="h", topic="a", password="plain"),
    ],
)
def test_what_cannot_work_is_refused(wrong: object) -> None:
    assert callable(wrong)
    with pytest.raises(InvalidInput):
        wrong()
