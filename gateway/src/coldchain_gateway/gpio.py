"""Lines of a GPIO chip (`/dev/gpiochip0`), through a library that is loaded where a line is configured."""

from types import TracebackType
from typing import Literal, Protocol, Self, cast

from coldchain.errors import InvalidInput, Unavailable

Active = Literal["high", "low"]
MAX_LINE = 1023


class Line(Protocol):
    """What the library's line can do."""

    def read(self) -> bool: ...
    def write(self, value: bool) -> None: ...  # noqa: FBT001 - the library's own form
    def close(self) -> None: ...


class GpioLine:
    """One line, held until it is closed: `True` is the active level."""

    def __init__(self, line: Line, name: str) -> None:
        self._line = line
        self._name = name

    @classmethod
    def output(cls, chip: str, line: int, active: Active) -> Self:
        """Begins inactive. Raises Unavailable."""
        return cls._opened(chip, line, "low", active)

    @classmethod
    def input(cls, chip: str, line: int, active: Active) -> Self:
        """Raises Unavailable."""
        return cls._opened(chip, line, "in", active)

    @classmethod
    def _opened(cls, chip: str, line: int, direction: str, active: Active) -> Self:
        from periphery import GPIO, GPIOError

        name = f"{chip} line {line}"
        try:
            opened = GPIO(chip, line, direction, inverted=active == "low", label="coldchain")
        except (GPIOError, OSError, LookupError, ValueError) as error:
            raise Unavailable(f"{name}: {error}") from error
        return cls(cast(Line, opened), name)

    def read(self) -> bool:
        """Whether it is active. Raises Unavailable."""
        try:
            return self._line.read()
        except OSError as error:
            raise Unavailable(f"{self._name}: {error}") from error

    def write(self, *, active: bool) -> None:
        """Raises Unavailable."""
        try:
            self._line.write(active)
        except OSError as error:
            raise Unavailable(f"{self._name}: {error}") from error

    def close(self) -> None:
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def checked_line(line: int) -> None:
    """Raises InvalidInput for a number that no chip has."""
    if not 0 <= line <= MAX_LINE:
        raise InvalidInput(f"line {line} is not between 0 and {MAX_LINE}")
