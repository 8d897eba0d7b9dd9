"""Who tells a local alarm beside the goods: the log, or a command that switches a horn or a lamp."""

import asyncio
import os
from collections.abc import Sequence
from typing import Final, Protocol

from coldchain_gateway.contracts import Notice
from coldchain_runtime.logs import Log

COMMAND_WITHIN_S: Final = 10.0
log = Log("gateway.local_alarm")


class Teller(Protocol):
    """Tells one notice. What fails is logged, never raised into judging."""

    async def tell(self, notice: Notice) -> None: ...


class LogTeller:
    """Writes notices to the gateway's log."""

    async def tell(self, notice: Notice) -> None:
        write = log.event if notice.state == "end" else log.warning
        write(
            "local_alarm.told", point=notice.point, rule=notice.rule, state=notice.state, text=notice.text_en
        )


class CommandTeller:
    """Starts a program without a shell; one that does not end in time is killed."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)

    async def tell(self, notice: Notice) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, env={**os.environ, **environment(notice)}, stdin=asyncio.subprocess.DEVNULL
            )
        except OSError as error:
            log.error("local_alarm.command_failed", command=self._command[0], reason=str(error))
            return
        try:
            code = await asyncio.wait_for(process.wait(), COMMAND_WITHIN_S)
        except TimeoutError:
            code = -9
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if code != 0:
            log.error("local_alarm.command_failed", command=self._command[0], code=code)


def environment(notice: Notice) -> dict[str, str]:
    """A notice as a program reads it."""
    return {
        "COLDCHAIN_POINT": notice.point,
        "COLDCHAIN_RULE": notice.rule,
        "COLDCHAIN_STATE": notice.state,
        "COLDCHAIN_TEXT_EN": notice.text_en,
        "COLDCHAIN_TEXT_ZH": notice.text_zh,
        "COLDCHAIN_VALUE": "" if notice.value is None else f"{notice.value:g}",
    }
