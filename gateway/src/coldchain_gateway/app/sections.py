"""Tables of gateway.toml that a reload applies to the running program, beside its sources."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from coldchain_gateway.config import Settings
from coldchain_gateway.going_down import GoingDownConfig, GoingDownWatch
from coldchain_gateway.local_alarm import LocalAlarm
from coldchain_gateway.outbox import Bound, Keeper
from coldchain_gateway.page import PageConfig, Shows
from coldchain_runtime.supervisor import Supervisor

from .link import Link

if TYPE_CHECKING:
    from coldchain_gateway.page.server import PageServer


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


class GoingDownSection:
    """Inputs that announce the end of power."""

    def __init__(self, loops: Supervisor, make: Callable[[GoingDownConfig], GoingDownWatch]) -> None:
        self._loops = loops
        self._make = make
        self._names: list[str] = []

    async def apply(self, settings: Settings) -> None:
        for name in self._names:
            await self._loops.stop(name)
        self._names.clear()
        self.start(settings)

    def start(self, settings: Settings) -> None:
        """One loop for each input."""
        for config in settings.config.going_down:
            name = f"going_down.{config.name}"
            self._names.append(name)
            self._loops.start(name, self._make(config).run)


class PageSection:
    """The status page; its server is loaded only where one is configured."""

    def __init__(self, loops: Supervisor, shows: Shows) -> None:
        self._loops = loops
        self._shows = shows

    async def apply(self, settings: Settings) -> None:
        await self._loops.stop("page")
        if settings.config.page is not None:
            server = self._made(settings.config.page)
            await server.listen()
            self._loops.start("page", server.run)

    def start(self, settings: Settings) -> None:
        """An address that is taken is tried again and again, and holds up nothing else."""
        if settings.config.page is not None:
            self._loops.start("page", self._made(settings.config.page).run)

    def _made(self, config: PageConfig) -> "PageServer":
        from coldchain_gateway.page.server import PageServer

        return PageServer(config, self._shows)
