"""Looks at one input and stops the program in order when it turns active.

One that is active from the start says only that power may go: readings go on, and that it is going down is
said again and again, so that the end is never told as a failure.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from coldchain.errors import Unavailable
from coldchain_gateway.contracts import Intake
from coldchain_gateway.gpio import GpioLine
from coldchain_gateway.programs import ask_program
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

from .config import CommandInputConfig, FileInputConfig, GoingDownConfig

MOST_OUTPUT: Final = 65_536
SAY_EVERY_MS: Final = 5_000
log = Log("gateway.going_down")
Look = Callable[[], Awaitable[bool]]


class GoingDownWatch:
    """One input; `run` is supervised."""

    def __init__(
        self, config: GoingDownConfig, *, clock: Clock, intake: Intake, ask: Callable[[str], None]
    ) -> None:
        """`ask` stops the program for a reason."""
        self._config = config
        self._clock = clock
        self._intake = intake
        self._ask = ask
        self._armed = False  # it has been seen inactive

    async def run(self) -> None:
        """Until cancelled. Raises Unavailable when the input cannot be read."""
        since_ms: int | None = None
        said_ms: int | None = None
        async with _opened(self._config) as look:
            while True:
                active, now_ms = await look(), self._clock.monotonic_ns() // 1_000_000
                if not active:
                    self._armed, since_ms = True, None
                elif self._armed:
                    since_ms = now_ms if since_ms is None else since_ms
                    if now_ms - since_ms >= self._config.lasts:
                        self._ask(self._config.name)
                elif said_ms is None or now_ms - said_ms >= SAY_EVERY_MS:
                    if said_ms is None:
                        log.warning("going_down.active_from_the_start", input=self._config.name)
                    said_ms = now_ms
                    self._intake.note("going_down", {}, {"reason": self._config.name})
                await self._clock.sleep(self._config.every / 1000)


@asynccontextmanager
async def _opened(config: GoingDownConfig) -> AsyncIterator[Look]:
    """How to look at the input, and its end."""
    if isinstance(config, FileInputConfig):
        yield file_look(config)
    elif isinstance(config, CommandInputConfig):
        yield command_look(config)
    else:
        with GpioLine.input(config.chip, config.line, config.active) as line:

            async def look() -> bool:
                return line.read()

            yield look


def file_look(config: FileInputConfig) -> Look:
    """Whether the file says so."""

    async def look() -> bool:
        try:
            with config.path.open("rb") as file:
                content = file.read(MOST_OUTPUT).decode("utf-8", "replace").strip()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise Unavailable(f"{config.path}: {error.strerror}") from error
        return config.value is None or content == config.value

    return look


def command_look(config: CommandInputConfig) -> Look:
    """Whether the program says so."""

    async def look() -> bool:
        code, said = await ask_program(config.command, {})
        return code == 0 if config.contains is None else config.contains in said.split()

    return look
