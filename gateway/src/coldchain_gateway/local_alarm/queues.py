"""What annunciators have still to tell; a slow one delays no other."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from coldchain_gateway.contracts import Notice
from coldchain_runtime.logs import Log

from .annunciators import CommandTeller, LogTeller, Teller
from .config import LocalAlarmConfig

UNTOLD_NOTICES: Final = 1_000
log = Log("gateway.local_alarm")


@dataclass(frozen=True, slots=True)
class Queue:
    """One annunciator and its notices in their order."""

    teller: Teller
    untold: deque[Notice] = field(default_factory=deque)

    def put(self, notice: Notice) -> None:
        """Bounded: what does not fit is logged instead of told."""
        if len(self.untold) < UNTOLD_NOTICES:
            self.untold.append(notice)
        else:
            log.error("local_alarm.untold", point=notice.point, rule=notice.rule, state=notice.state)


def queues_of(config: LocalAlarmConfig) -> list[Queue]:
    """One for each annunciator of the configuration."""
    queues = [Queue(LogTeller())] if config.log else []
    if config.command:
        queues.append(Queue(CommandTeller(config.command)))
    return queues
