"""`[[going_down]]` of gateway.toml: what says that power will go."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from coldchain.errors import InvalidInput
from coldchain_gateway.gpio import Active, checked_line
from coldchain_runtime.documents import Duration

MIN_EVERY_MS: Final = 100


def _checked(name: str, every_ms: int) -> None:
    if not name.strip():
        raise InvalidInput("an input needs a name; it is the reason that is sealed")
    if every_ms < MIN_EVERY_MS:
        raise InvalidInput("every must be at least 100ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileInputConfig:
    """A file that another program writes: its presence, or what stands in it.

    value    the content (blanks around it do not count); without it, that the file is there
    every    how often it is looked at
    lasts    for how long it must say so
    """

    kind: Literal["file"]
    name: str
    path: Path
    value: str | None = None
    every: Duration = 1_000
    lasts: Duration = 3_000

    def __post_init__(self) -> None:
        _checked(self.name, self.every)


@dataclass(frozen=True, slots=True, kw_only=True)
class GpioInputConfig:
    """A line of a GPIO chip, behind an opto-coupler: ignition off, or a UPS's contact."""

    kind: Literal["gpio"]
    name: str
    line: int
    chip: str = "/dev/gpiochip0"
    active: Active = "low"
    every: Duration = 500
    lasts: Duration = 3_000

    def __post_init__(self) -> None:
        _checked(self.name, self.every)
        checked_line(self.line)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandInputConfig:
    """A program that knows, such as `upsc ups@localhost ups.status` of Network UPS Tools.

    contains   a word of its output, such as `OB` (on battery); without it, that it ends with status 0
    """

    kind: Literal["command"]
    name: str
    command: tuple[str, ...]
    contains: str | None = None
    every: Duration = 5_000
    lasts: Duration = 0

    def __post_init__(self) -> None:
        _checked(self.name, self.every)
        if not self.command or not self.command[0].strip():
            raise InvalidInput("command must name a program")


GoingDownConfig = FileInputConfig | GpioInputConfig | CommandInputConfig
