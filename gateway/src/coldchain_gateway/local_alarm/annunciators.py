"""Who tells a local alarm beside the goods: the log, or a command that switches a horn or a lamp."""

from collections.abc import Sequence
from typing import Protocol

from coldchain.errors import Unavailable
from coldchain_gateway.contracts import Notice
from coldchain_gateway.programs import run_program
from coldchain_runtime.logs import Log

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
            await run_program(self._command, environment(notice))
        except Unavailable as error:
            log.error("local_alarm.command_failed", reason=str(error))


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
