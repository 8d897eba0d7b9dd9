"""Tables of gateway.toml that a reload applies to the running program, beside its sources."""

from coldchain_gateway.config import Settings
from coldchain_gateway.local_alarm import LocalAlarm
from coldchain_gateway.outbox import Bound, Keeper

from .link import Link


class OutboxSection:
    """Sealing and bounds, without touching the outbox's file."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    async def apply(self, settings: Settings) -> None:
        section = settings.config.gateway
        self._keeper.tune(
            seal_after_ms=section.seal_after,
            bound=Bound(cap_bytes=section.outbox_cap, floor_bytes=section.free_space_floor),
            keep_acknowledged_ms=section.keep_acknowledged,
        )


class LinkSection:
    """The way to the backend: closed, and opened as the settings say."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def apply(self, settings: Settings) -> None:
        await self._link.close(drain=False)
        self._link.open(settings)


class LocalAlarmSection:
    """Whom the local alarm tells; what stands goes on."""

    def __init__(self, alarm: LocalAlarm) -> None:
        self._alarm = alarm

    async def apply(self, settings: Settings) -> None:
        await self._alarm.reconfigure(settings.config.local_alarm)
