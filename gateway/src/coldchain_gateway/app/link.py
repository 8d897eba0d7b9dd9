"""The way to the backend as it runs: opened, closed, and opened anew when the configuration changes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from coldchain_gateway.config import Settings
from coldchain_gateway.contracts import Watcher
from coldchain_gateway.uplink import (
    Connection,
    PinnedKey,
    Sender,
    TokenFile,
    WatchFetcher,
    Window,
    bundle_on_disk,
    default_interface,
)
from coldchain_gateway.uplink.direct import DeadLetters, Follower
from coldchain_gateway.workers import Crew

from .ground import Ground

SEND_STOP_S: Final = 1.5
LANE_STOP_S: Final = 0.2
DIRECT: Final = "uplink.influxdb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplink:
    """Both lanes, and what keeps the limits fresh."""

    sender: Sender
    watch: WatchFetcher

    def workers(self) -> dict[str, Callable[[], None]]:
        """Each body needs a thread."""
        return {
            "uplink.live": self.sender.run_live,
            "uplink.backlog": self.sender.run_backlog,
            "uplink.watch": self.watch.run,
        }


def _window(settings: Settings) -> Window | None:
    uplink = settings.config.uplink
    if uplink is None or uplink.window is None:
        return None
    return Window(uplink.window, default_interface)


class Link:
    """At most one uplink at a time; a gateway on its own has none."""

    def __init__(self, ground: Ground, watcher: Watcher, crew: Crew) -> None:
        self._ground = ground
        self._watcher = watcher
        self._crew = crew
        self.uplink: Uplink | None = None
        self.direct: Follower | None = None

    def open(self, settings: Settings) -> None:
        """Start what the settings say. Raises ConfigError."""
        self.uplink = self._made(settings)
        if self.uplink is not None:
            for name, body in self.uplink.workers().items():
                self._crew.start(name, body)
        self.direct = self._follower(settings)
        if self.direct is not None:
            self._crew.start(DIRECT, self.direct.run)

    def sealed(self) -> None:
        """There is a new batch."""
        if self.uplink is not None:
            self.uplink.sender.sealed()
        if self.direct is not None:
            self.direct.sealed()

    def accepted(self) -> object:
        """Changes whenever the backend has accepted something; None for a gateway on its own."""
        return None if self.uplink is None else (self.uplink.sender.state().last_accepted_ms,)

    async def close(self, *, drain: bool) -> None:
        """Stop; with `drain` after an attempt to send what waits."""
        direct, self.direct = self.direct, None
        if direct is not None:
            direct.stop()
        uplink, self.uplink = self.uplink, None
        if uplink is not None:
            await self._close_uplink(uplink, drain=drain)
        if direct is not None:
            await asyncio.to_thread(self._crew.stop, DIRECT, LANE_STOP_S)

    async def _close_uplink(self, uplink: Uplink, *, drain: bool) -> None:
        uplink.watch.stop()
        if drain:
            await asyncio.to_thread(uplink.sender.drain, SEND_STOP_S)
        uplink.sender.stop()
        for name in uplink.workers():
            await asyncio.to_thread(self._crew.stop, name, LANE_STOP_S)

    def _follower(self, settings: Settings) -> Follower | None:
        endpoint, config, ground = settings.influx_endpoint(), settings.config.influxdb, self._ground
        if endpoint is None or config is None:
            return None
        connection = Connection(endpoint, ground.clock, TokenFile(settings.folder / config.token_file))
        connection.validity = ground.trust.validity
        follower = Follower(
            outbox=ground.outbox,
            clock=ground.clock,
            connection=connection,
            config=config,
            letters=DeadLetters(settings.data_dir),
        )
        follower.alone = settings.config.uplink is None
        return follower

    def _made(self, settings: Settings) -> Uplink | None:
        endpoint = settings.endpoint()
        if endpoint is None:
            return None
        ground = self._ground
        token = TokenFile(settings.token_file)

        def connect() -> Connection:
            made = Connection(endpoint, ground.clock, token)
            made.validity = ground.trust.validity
            return made

        sender = Sender(
            outbox=ground.outbox,
            identity=ground.identity,
            trust=ground.trust,
            clock=ground.clock,
            connect=connect,
        )
        sender.window = _window(settings)
        pinned = PinnedKey(settings.data_dir)
        bundle = bundle_on_disk(settings.data_dir, pinned)
        if bundle is not None:
            self._watcher.load(bundle)
        watch = WatchFetcher(
            connection=connect(),
            trust=ground.trust,
            pinned=pinned,
            data_dir=settings.data_dir,
            current=None if bundle is None else bundle.version,
        )
        watch.loaded = self._watcher.load
        sender.watch_version = watch.announced
        return Uplink(sender=sender, watch=watch)
