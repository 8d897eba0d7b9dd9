"""The courier: lease → send → outcome, on its own for each receiver, so that a dead one delays nobody."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final, Protocol

from coldchain.errors import InvalidInput
from coldchain_backend.delivery.channels import CHANNELS
from coldchain_backend.delivery.endpoints import Breaker
from coldchain_backend.delivery.notice import read_notice
from coldchain_backend.delivery.queue import Queue, Queued, Waiting
from coldchain_backend.delivery.request import Fate, NoResponse, Outcome, Request, Response
from coldchain_backend.delivery.retry import Again, Done, decide
from coldchain_backend.delivery.telling import Telling
from coldchain_backend.fleet import Receiver
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log
from coldchain_runtime.secrets import resolve

LEASE_MS: Final = 120_000
_log = Log("courier")


class Sender(Protocol):
    """A wire."""

    async def send(self, request: Request) -> Response | NoResponse:
        """Make one attempt; never raises for what the other side or the network does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierSettings:
    """`folder`: where secrets' relative files lie. `at_once`: concurrent attempts per receiver."""

    folder: Path
    at_once: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierPorts:
    """What the courier works with; `announce(receiver, failing)` tells the log of it."""

    queue: Queue
    sender: Sender
    clock: Clock
    receivers: Callable[[], Mapping[str, Receiver]]
    announce: Callable[[str, bool], Awaitable[None]]
    random: Random


class Courier:
    """`turn` makes all attempts that are due and says when to come again."""

    def __init__(self, ports: CourierPorts, settings: CourierSettings) -> None:
        self._ports, self._settings = ports, settings
        self._breakers: dict[str, Breaker] = {}
        self._busy: dict[str, asyncio.Task[None]] = {}
        ports.queue.free()

    async def turn(self) -> int | None:
        """Start what is due for every receiver that is not busy; when the next is due, or None."""
        now_ms = self._ports.clock.now_ms()
        waiting = await asyncio.to_thread(self._ports.queue.waiting, now_ms)
        next_ms: int | None = None
        for one in waiting:
            breaker = self._breaker(one, now_ms)
            due_ms = breaker.probe_ms if breaker.down else one.due_ms
            if due_ms > now_ms:
                next_ms = due_ms if next_ms is None else min(next_ms, due_ms)
            elif one.receiver not in self._busy:
                task = asyncio.create_task(self._serve(one.receiver, breaker), name=f"courier {one.receiver}")
                self._busy[one.receiver] = task
        return next_ms

    async def idle(self) -> None:
        """Wait until no attempt is under way."""
        while self._busy:
            done, _ = await asyncio.wait(self._busy.values())
            self._forget(done)

    async def any_done(self) -> None:
        """Wait until some receiver's attempts are over; for ever if none is busy."""
        tasks: Sequence[asyncio.Task[None]] = list(self._busy.values())
        if not tasks:
            await asyncio.Event().wait()
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        self._forget(done)

    def _forget(self, done: set[asyncio.Task[None]]) -> None:
        self._busy = {name: task for name, task in self._busy.items() if task not in done}
        for task in done:
            task.result()

    async def close(self) -> None:
        """Give up the attempts that are under way; their rows are leased again later."""
        for task in self._busy.values():
            task.cancel()
        await asyncio.gather(*self._busy.values(), return_exceptions=True)
        self._busy.clear()

    def _breaker(self, waiting: Waiting, now_ms: int) -> Breaker:
        """A receiver whose queue shows failures is failing, also after a restart."""
        known = self._breakers.get(waiting.receiver)
        if known is None:
            known = self._breakers[waiting.receiver] = Breaker()
            if waiting.attempts:
                known.failing_since_ms, known.down, known.probe_ms = waiting.oldest_ms, True, now_ms
        return known

    async def _serve(self, receiver: str, breaker: Breaker) -> None:
        """Attempts for one receiver: the oldest alone while it fails, else all that are due."""
        ports, now_ms = self._ports, self._ports.clock.now_ms()
        probing = breaker.down
        limit = 1 if probing else self._settings.at_once
        until_ms = now_ms + LEASE_MS
        queued = await asyncio.to_thread(
            ports.queue.lease, receiver, now_ms, until_ms, limit, due_only=not probing
        )
        known = ports.receivers().get(receiver)
        if known is None:
            for one in queued:
                await asyncio.to_thread(ports.queue.dead, one.id, now_ms, "the receiver was removed")
            return
        outcomes = await asyncio.gather(*(self._attempt(one, known) for one in queued))
        for outcome in outcomes:
            if breaker.note(outcome, ports.clock.now_ms()):
                await asyncio.to_thread(ports.queue.release, receiver, ports.clock.now_ms())
        tell = breaker.to_tell(ports.clock.now_ms())
        if tell is not None:
            await ports.announce(receiver, tell)

    async def _attempt(self, queued: Queued, receiver: Receiver) -> Outcome:
        ports, channel = self._ports, CHANNELS[receiver.kind]
        try:
            request = channel.compose(self._telling(queued, receiver))
        except InvalidInput as error:
            outcome = Outcome(fate=Fate.SLOW, reason=str(error))
        else:
            outcome = channel.read(await ports.sender.send(request))
        await asyncio.to_thread(self._keep, queued, outcome, ports.clock.now_ms())
        return outcome

    def _telling(self, queued: Queued, receiver: Receiver) -> Telling:
        references = {name: getattr(receiver.channel, name) for name in receiver.channel.SECRETS}
        return Telling(
            id=queued.id,
            body=queued.body,
            notice=read_notice(queued.body),
            receiver=receiver,
            secrets={
                name: resolve(reference, self._settings.folder)
                for name, reference in references.items()
                if reference is not None
            },
            now_ms=self._ports.clock.now_ms(),
        )

    def _keep(self, queued: Queued, outcome: Outcome, now_ms: int) -> None:
        decision = decide(
            outcome, queued.attempts + 1, queued.created_ms, now_ms, self._ports.random.random()
        )
        if isinstance(decision, Done):
            self._ports.queue.delivered(queued.id, now_ms)
            _log.event("courier.delivered", receiver=queued.receiver, delivery=queued.id)
        elif isinstance(decision, Again):
            self._ports.queue.postponed(queued.id, now_ms, decision.due_ms, outcome.reason)
            _log.warning(
                "courier.postponed",
                receiver=queued.receiver,
                delivery=queued.id,
                reason=outcome.reason,
                retry_in_ms=decision.due_ms - now_ms,
            )
        else:
            self._ports.queue.dead(queued.id, now_ms, outcome.reason)
            _log.error(
                "courier.dead_letter", receiver=queued.receiver, delivery=queued.id, reason=outcome.reason
            )
