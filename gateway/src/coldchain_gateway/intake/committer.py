"""Group commit: one begins when the last has ended, with whatever came meanwhile; no fixed wait.

One thread commits, sources offer from theirs. What waits is bounded; a full queue stops its source.
"""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from coldchain.lineprotocol import encode_fields, series_key
from coldchain.readings import Refusal, RefusalReason, Value
from coldchain_gateway.contracts import Acquired, NotKept, Sample, Watcher
from coldchain_gateway.outbox import Entry, Outbox, OutboxFull
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

from .draft import Draft, Forget, Item, Taken, guarded

QUEUE_ITEMS: Final = 600
QUEUE_NOTES: Final = 1000
GROUP_ITEMS: Final = 400
# A commit that found no room is tried again after this long.
FULL_RETRY_S: Final = 1.0
log = Log("gateway.intake")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Whom the committing thread tells; none may block."""

    committed: Callable[[int], None]  # after each commit, with its lines
    hurry: Callable[[], None]  # what is kept must be sealed at once
    relieve: Callable[[], None]  # there was no room: make some


class GatewayIntake:
    """Implements `contracts.Intake`."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        clock: Clock,
        boot: str,
        trusted: Callable[[], bool],
        hooks: Hooks,
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        self._boot = boot
        self._trusted = trusted
        self._hooks = hooks
        self._queue: deque[Item] = deque()
        self._notes: deque[tuple[Entry, bool]] = deque()
        self._wake = threading.Event()
        self._room = threading.Event()
        self._stopping = threading.Event()
        self._refusals: Counter[tuple[str, str]] = Counter()
        self._refusals_lock = threading.Lock()
        self._full_since_ns: int | None = None
        self.watcher: Watcher | None = None
        self.kept_lines = 0
        self.redelivered = 0
        self.turned_ns = clock.monotonic_ns()  # when the committing thread last came round

    async def take(self, acquired: Acquired) -> None:
        """See the contract."""
        loop = asyncio.get_running_loop()
        fate: asyncio.Future[None] = loop.create_future()

        def settle(error: NotKept | None) -> None:
            loop.call_soon_threadsafe(_settle, fate, error)

        if len(self._queue) >= QUEUE_ITEMS:
            raise NotKept("the queue before the outbox is full")
        self._put(Taken(acquired, settle))
        await fate

    def offer(self, *acquired: Acquired, more: bool = False) -> None:
        """See the contract."""
        at = 0
        while at < len(acquired):
            while (room := QUEUE_ITEMS - len(self._queue)) <= 0 and not self._stopping.is_set():
                self._wait_for_room()
            end = at + room if room > 0 else len(acquired)
            self._queue.extend(acquired[at:end])
            at = end
        if not more:
            self.begin()

    def begin(self) -> None:
        """See the contract."""
        if not self._wake.is_set():
            self._wake.set()

    def refuse(self, source: str, refusal: Refusal) -> None:
        """See the contract."""
        with self._refusals_lock:
            self._refusals[source, refusal.reason.value] += 1
        log.debug("intake.refused", source=source, reason=refusal.reason.value, detail=refusal.detail)

    def forget(self, session: str, done: Callable[[], None]) -> None:
        """See the contract."""
        self._put(Forget(session, done))

    def note(
        self,
        measurement: str,
        tags: Mapping[str, str],
        fields: Mapping[str, Value | str],
        *,
        urgent: bool = False,
    ) -> None:
        """See the contract."""
        if len(self._notes) >= QUEUE_NOTES:
            self.refuse(
                "gateway", Refusal(reason=RefusalReason.NOT_KEPT, detail=f"{measurement}: queue full")
            )
            return
        line = b"%b %b" % (series_key(measurement, tags), encode_fields(fields))
        self._notes.append((Entry(line=line, boot_ms=self._clock.boottime_ns() // 1_000_000), urgent))
        self._wake.set()

    def refusals(self) -> dict[tuple[str, str], int]:
        """Counts since start by (source, reason)."""
        with self._refusals_lock:
            return dict(self._refusals)

    @property
    def waiting(self) -> int:
        """How much was offered and is not durable yet."""
        return len(self._queue)

    def full_for_ms(self) -> int:
        """For how long nothing could be committed; 0 while all is well."""
        since = self._full_since_ns
        return 0 if since is None else max(1, (self._clock.monotonic_ns() - since) // 1_000_000)

    def run(self) -> None:
        """Commit until `stop`, then what is left. Raises CorruptOutbox when the file is broken."""
        while not self._stopping.is_set():
            self._wake.wait()
            self._wake.clear()
            self.turned_ns = self._clock.monotonic_ns()
            self.commit_all()
        self.commit_all()

    def stop(self) -> None:
        """Let `run` end after a last commit."""
        self._stopping.set()
        self._room.set()
        self._wake.set()

    def commit_all(self) -> None:
        """Commit until nothing waits, or until there is no room and the program is to stop."""
        while self._queue or self._notes:
            draft = Draft(self._outbox.remembered, self.refuse)
            urgent = self._absorb(draft)
            if not self._make_durable(draft):
                return
            self.turned_ns = self._clock.monotonic_ns()
            self.redelivered += draft.redelivered
            draft.tell()
            if urgent:
                self._hooks.hurry()
            self._hooks.committed(len(draft.entries))

    def _wait_for_room(self) -> None:
        self._wake.set()
        self._room.clear()
        # Asked again behind `clear`: whoever makes room from here on ends the wait.
        if len(self._queue) >= QUEUE_ITEMS:
            self._room.wait(0.5)

    def _put(self, item: Taken | Forget) -> None:
        self._queue.append(item)
        self.begin()

    def _absorb(self, draft: Draft) -> bool:
        """Move what waits into the draft, within its bound; whether any of it is urgent."""
        urgent = False
        for one in _in_runs(self._queue, GROUP_ITEMS - draft.items):
            if isinstance(one, Forget):
                draft.forget(one)
            elif isinstance(one, Taken):
                self._observe(draft.take(one), one.acquired.boottime_ns)
            else:
                self._observe(draft.add(one), one[0].boottime_ns)
        if not self._room.is_set():
            self._room.set()
        while self._notes:
            entry, hurried = self._notes.popleft()
            draft.note(entry)
            urgent = urgent or hurried
        return urgent

    def _observe(self, samples: Sequence[Sample], boottime_ns: int) -> None:
        if samples and self.watcher is not None:
            guarded("observe", partial(self.watcher.observe, samples, boottime_ns))

    def _make_durable(self, draft: Draft) -> bool:
        """Commit, again and again while there is no room; False if the program stops before it succeeds.

        Meanwhile what comes is still taken in, judged by the local alarm, and given back where it can be.
        """
        while True:
            group = draft.group(
                boot=self._boot, boot_ms=self._clock.boottime_ns() // 1_000_000, trusted=self._trusted()
            )
            try:
                self._outbox.commit(group)
            except OutboxFull as error:
                self.turned_ns = self._clock.monotonic_ns()
                self._no_room(draft, error)
                if self._stopping.wait(FULL_RETRY_S):
                    return False
                self._absorb(draft)
                continue
            self.kept_lines += len(group.entries)
            if self._full_since_ns is not None:
                log.event("intake.outbox_has_room", after_ms=self.full_for_ms())
                self._full_since_ns = None
            return True

    def _no_room(self, draft: Draft, error: OutboxFull) -> None:
        if self._full_since_ns is None:
            self._full_since_ns = self._clock.monotonic_ns()
            log.error("intake.outbox_full", reason=str(error))
        draft.give_back(error)
        self._hooks.relieve()


def _in_runs(queue: deque[Item], most: int) -> Iterator[Forget | Taken | list[Acquired]]:
    """Up to so much of what waits, in its order; what came at one instant in a row comes together."""
    run: list[Acquired] = []
    for _ in range(min(len(queue), most)):
        item = queue.popleft()
        if run and not (isinstance(item, Acquired) and item.boottime_ns == run[0].boottime_ns):
            yield run
            run = []
        if isinstance(item, Acquired):
            run.append(item)
        else:
            yield item
    if run:
        yield run


def _settle(fate: asyncio.Future[None], error: NotKept | None) -> None:
    if fate.done():
        return
    if error is None:
        fate.set_result(None)
    else:
        fate.set_exception(error)
