"""The [local_alarm] table of gateway.toml."""

from dataclasses import dataclass
from pathlib import Path

from coldchain.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalAlarmConfig:
    """Whom to tell beside the goods.

    log          write every alarm and its end to the gateway's log
    command      started with the notice in its environment (COLDCHAIN_POINT, …_STATE, …_TEXT_EN, …_TEXT_ZH)
    watch_file   a watch bundle for a gateway without backend
    """

    log: bool = True
    command: tuple[str, ...] = ()
    watch_file: Path | None = None

    def __post_init__(self) -> None:
        if any("\0" in part for part in self.command) or (self.command and not self.command[0].strip()):
            raise InvalidInput("command must name a program")
