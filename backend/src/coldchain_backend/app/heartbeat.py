"""The dead-man heartbeat: a request to a service outside every so often, as long as all is well here.

That service calls people when it hears nothing. So nothing is sent while evidence cannot be kept, judging
lags or the courier is stuck: then nobody here can tell, and somebody outside must.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from coldchain.errors import InvalidInput, Unavailable
from coldchain_backend.config import HeartbeatSection
from coldchain_backend.delivery.request import NoResponse, Request, Response
from coldchain_backend.ledger import Json, MarkName
from coldchain_backend.web.vitals import Part
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log
from coldchain_runtime.secrets import resolve

TOLD_AFTER: Final = 3
"""So many failures in a row are told; the service outside has its own patience."""

_log = Log("heartbeat")


class Sender(Protocol):
    """A wire."""

    async def send(self, request: Request, /) -> Response | NoResponse:
        """Make one attempt; never raises for what the other side or the network does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """`vitals` says how each part is; `mark` writes a service mark."""

    sender: Sender
    vitals: Callable[[], Sequence[Part]]
    clock: Clock
    mark: Callable[[MarkName, dict[str, Json]], Awaitable[None]]


class Heartbeat:
    """`folder`: where a reference to the address is relative to."""

    def __init__(self, wish: HeartbeatSection, folder: Path, ports: Ports) -> None:
        self._wish, self._folder, self._ports = wish, folder, ports
        self._failures = 0
        self._told: bool | None = None
        self._withheld = ""

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            await self.turn()
            await self._ports.clock.sleep(self._wish.every_s)

    async def turn(self) -> bool:
        """Beat once if all is well; whether it was sent and heard."""
        why = "; ".join(part.why for part in await asyncio.to_thread(self._ports.vitals) if not part.ok)
        if why != self._withheld:
            self._withheld = why
            if why:
                _log.error("heartbeat.withheld", reason=why)
        if why:
            return False
        reason = await self._send()
        if reason:
            self._failures += 1
            _log.warning("heartbeat.failed", reason=reason, failures=self._failures)
        else:
            self._failures = 0
        await self._tell(reason)
        return not reason

    async def _send(self) -> str:
        """Send it; why it was not heard, or nothing. An answer is a success if it is 2xx."""
        try:
            url = self._wish.url
            if not url.startswith(("http://", "https://")):
                url = resolve(url, self._folder).reveal().strip()
        except InvalidInput as error:
            return str(error)
        headers = {"content-type": "text/plain; charset=utf-8", "user-agent": "Coldchain (heartbeat)"}
        answer = await self._ports.sender.send(Request(url=url, headers=headers, body=b"ok\n"))
        if isinstance(answer, NoResponse):
            return answer.reason
        return "" if 200 <= answer.status < 300 else f"HTTP {answer.status}"

    async def _tell(self, reason: str) -> None:
        """A condition that is over is ended, also one that an earlier process told."""
        try:
            if self._failures >= TOLD_AFTER and self._told is not True:
                await self._ports.mark(MarkName.HEARTBEAT_FAILING, {"reason": reason[:200]})
                self._told = True
            elif not reason and self._told is not False:
                await self._ports.mark(MarkName.HEARTBEAT_RECOVERED, {})
                self._told = False
        except Unavailable as error:
            _log.error("heartbeat.not_told", reason=str(error))
