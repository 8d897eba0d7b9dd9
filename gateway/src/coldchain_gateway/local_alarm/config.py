"""The [local_alarm] table of gateway.toml."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from coldchain.errors import InvalidInput
from coldchain_gateway.gpio import Active, checked_line
from coldchain_runtime.documents import Duration

Role = Literal["buzzer", "lamp"]
"""A buzzer can be hushed; a lamp shines while anything stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GpioOutputConfig:
    """A buzzer or lamp at a line of a GPIO chip, through a transistor or relay."""

    kind: Literal["gpio"]
    role: Role
    line: int
    chip: str = "/dev/gpiochip0"
    active: Active = "high"

    def __post_init__(self) -> None:
        checked_line(self.line)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandOutputConfig:
    """A relay that two commands switch."""

    kind: Literal["command"]
    role: Role
    on: tuple[str, ...]
    off: tuple[str, ...]

    def __post_init__(self) -> None:
        checked_command("on", self.on)
        checked_command("off", self.off)
        if not (self.on and self.off):
            raise InvalidInput("a relay needs both commands, on and off")


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttOutputConfig:
    """Retained JSON on a topic whenever what stands changes."""

    kind: Literal["mqtt"]
    host: str
    topic: str
    port: int = 1883
    tls: bool = False
    username: str | None = None
    password: str | None = None  # a reference: file:PATH or env:NAME

    def __post_init__(self) -> None:
        if not self.host or not 1 <= self.port <= 65535:
            raise InvalidInput(f"{self.host}:{self.port} is no address of a broker")
        if not self.topic or set(self.topic) & set("#+\0") or len(self.topic.encode()) > 0xFFFF:
            raise InvalidInput(f"{self.topic!r} is not a topic to publish on")
        if self.password is not None and not self.password.startswith(("file:", "env:")):
            raise InvalidInput("password is given by reference: file:PATH or env:NAME")


OutputConfig = GpioOutputConfig | CommandOutputConfig | MqttOutputConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalAlarmConfig:
    """Whom to tell beside the goods.

    log                    write every alarm and its end to the gateway's log
    command                started with the notice in its environment (COLDCHAIN_POINT, …_STATE, …_TEXT_EN)
    output                 what shines, sounds or publishes while alarms stand
    watch_file             a watch document for a gateway without backend
    upstream_silent_after  an alarm of its own when the backend has accepted nothing for so long; 0: none
    """

    log: bool = True
    command: tuple[str, ...] = ()
    output: tuple[OutputConfig, ...] = ()
    watch_file: Path | None = None
    upstream_silent_after: Duration = 30 * 60_000

    def __post_init__(self) -> None:
        checked_command("command", self.command)


def checked_command(key: str, command: Sequence[str]) -> None:
    """Raises InvalidInput for what cannot be started."""
    if any("\0" in part for part in command) or (command and not command[0].strip()):
        raise InvalidInput(f"{key} must name a program")
