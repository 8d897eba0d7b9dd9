"""Two lanes to the backend: the newest batch at once, the backlog oldest first beside it.

Nothing leaves before the head beside the key covers it, nothing is forgotten before the backend holds it.
"""

import random
import threading
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from coldchain_gateway.clock_trust import ClockTrust
from coldchain_gateway.identity import Identity
from coldchain_gateway.outbox import Outbox, OutboxFull, Waiting, pieces
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

from .connection import Answer, Connection, Unreachable
from .heads import Heads
from .outcome import Outcome, OutcomeKind, read_outcome, unreachable
from .pace import Pace
from .window import Window

# Compressed bytes of one request: some 40 000 readings, and little memory on either side.
REQUEST_BYTES: Final = 512 * 1024
IDLE_S: Final = 1.0
WRITE_HEADERS: Final = {"Content-Type": "text/plain; charset=utf-8", "Content-Encoding": "gzip"}
log = Log("gateway.uplink")


class Lane:
    """One connection with its own pace."""

    def __init__(self, name: str, connection: Connection) -> None:
        self.name = name
        self.connection = connection
        self.headers = {**WRITE_HEADERS, "Coldchain-Lane": name}
        self.pace = Pace()
        self.wake = threading.Event()
        self.last: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkState:
    """The uplink as health and status show it."""

    state: str
    message: str
    last_accepted_ms: int | None  # wall clock
    unsent_again: int


class Sender:
    """Chooses what goes where, and obeys the answers. `run_live` and `run_backlog` each need a thread."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        identity: Identity,
        trust: ClockTrust,
        clock: Clock,
        connect: Callable[[], Connection],
    ) -> None:
        self._outbox = outbox
        self._head_file = identity.head_file
        self._path = "/api/v2/write?" + urlencode(
            {"org": identity.organisation, "bucket": identity.organisation, "precision": "ms"}
        )
        self._trust = trust
        self._clock = clock
        self.live = Lane("live", connect())
        self.backlog = Lane("backlog", connect())
        self.watch_version: Callable[[str], None] = lambda _: None
        self._stopping = threading.Event()
        self._choice = threading.Lock()
        self._in_flight: set[int] = set()
        self._live_mark = 0  # closed while connected, and so the live lane's, is what is above it
        self._newest_held = 0
        self._shut = False  # the window was shut when the live lane looked last
        self.window: Window | None = None
        self._connected = False
        self._heads = Heads(outbox)
        self._last_accepted_ms: int | None = None

    def sealed(self) -> None:
        """There is a new batch."""
        self.live.wake.set()
        self.backlog.wake.set()

    def stop(self) -> None:
        """Let both lanes end after the request they are in."""
        self._stopping.set()
        self.sealed()

    def state(self) -> UplinkState:
        last = self.live.last or self.backlog.last
        shut = "starting" if last is None else last.kind.value
        return UplinkState(
            state=self._state_word(shut),
            message="" if self._connected or last is None else last.message,
            last_accepted_ms=self._last_accepted_ms,
            unsent_again=self._heads.unsent_again,
        )

    def _state_word(self, shut: str) -> str:
        if not self._open():
            return "window_shut"
        return "connected" if self._connected else shut

    def _backlog_open(self) -> bool:
        """After the way was shut the newest goes first."""
        return self._connected and not self._shut and self._open()

    def _open(self) -> bool:
        return self.window is None or self.window.open(self._trust.now_ms())

    def run_live(self) -> None:
        """Send batches as they close; while the way is shut, probe it with the newest there is."""
        while not self._stopping.is_set():
            self._rest(self.live)
            while self._may_send(self.live):
                if not self._send(self.live, self._choose_live()):
                    break
        self.live.connection.close()

    def run_backlog(self) -> None:
        """Send what else waits, oldest first, while the way is open."""
        while not self._stopping.is_set():
            self._rest(self.backlog)
            while self._backlog_open() and self._may_send(self.backlog):
                if not self._send(self.backlog, self._choose_oldest()):
                    break
        self.backlog.connection.close()

    def drain(self, within_s: float) -> None:
        """On the way out: give the lanes that long to send what waits, if the way is open."""
        self.sealed()
        end_ms = self._trust.boot_ms() + int(within_s * 1000)
        while self._connected and self._trust.boot_ms() < end_ms:
            if self._outbox.newest(0, urgent=not self._open()) is None:
                return
            self._stopping.wait(0.02)

    def _rest(self, lane: Lane) -> None:
        wait_ms = max(0, lane.pace.not_before_ms - self._trust.boot_ms())
        if wait_ms:
            self._stopping.wait(wait_ms / 1000)
        else:
            lane.wake.wait(IDLE_S)
        lane.wake.clear()

    def _may_send(self, lane: Lane) -> bool:
        return not self._stopping.is_set() and self._trust.boot_ms() >= lane.pace.not_before_ms

    def _choose_live(self) -> Sequence[Waiting]:
        """What was closed while connected, oldest first; else the newest; outside the window the urgent."""
        with self._choice:
            busy = frozenset(self._in_flight)
            is_open = self._open()
            if is_open and self._connected and not self._shut:
                most = self.live.pace.max_batches
                return self._taken(self._outbox.waiting(most, REQUEST_BYTES, busy, self._live_mark))
            newest = self._outbox.newest(0, urgent=not is_open)
            self._shut = not is_open
            if newest is None or newest.id in busy:
                return ()
            if is_open:
                self._live_mark = max(self._live_mark, newest.id)
            return self._taken((newest,))

    def _choose_oldest(self) -> Sequence[Waiting]:
        with self._choice:
            skip = frozenset(self._in_flight)
            found = self._outbox.waiting(self.backlog.pace.max_batches, REQUEST_BYTES, skip)
            # A second connection for what is live would cost another handshake over the air.
            return self._taken([batch for batch in found if batch.id <= self._live_mark])

    def _taken(self, found: Sequence[Waiting]) -> Sequence[Waiting]:
        """Of these, what the head beside the key covers; it is in flight now."""
        batches = [batch for batch in found if self._head_file.covers(batch.run, batch.seq)]
        self._in_flight.update(batch.id for batch in batches)
        return batches

    def _send(self, lane: Lane, batches: Sequence[Waiting]) -> bool:
        """Send and obey; whether it makes sense to go on at once."""
        if not batches:
            return False
        try:
            outcome, answer = self._post(lane, batches)
            self._obey(lane, batches, outcome)
            if answer is not None and outcome.reached:
                self._learn(outcome, answer)
        except OutboxFull as error:
            log.error("uplink.outbox_full", reason=str(error))
            return False
        finally:
            with self._choice:
                self._in_flight.difference_update(batch.id for batch in batches)
        lane.pace = lane.pace.after(outcome, len(batches), self._trust.boot_ms(), random.random())  # noqa: S311 - jitter
        return outcome.reached or lane.pace.failures == 0

    def _post(self, lane: Lane, batches: Sequence[Waiting]) -> tuple[Outcome, Answer | None]:
        try:
            answer = lane.connection.request("POST", self._path, request_body(batches), lane.headers)
        except Unreachable as error:
            return unreachable(str(error)), None
        names = [(batch.run, batch.seq) for batch in batches]
        outcome = read_outcome(answer.status, answer.headers, answer.body, names, self._clock.now_ms())
        return outcome, answer

    def _learn(self, outcome: Outcome, answer: Answer) -> None:
        """Time, held numbers and the watch bundle's version, from an answer that took the request in."""
        sent_ms, received_ms = answer.sent_boot_ms, answer.received_boot_ms
        self._last_accepted_ms = self._clock.now_ms()
        self._trust.answered(answer.headers.get("date", ""), sent_ms, received_ms)
        if self._heads.answered(outcome.heads, sent_ms, received_ms):
            # What was held once and is to be sent again must not hold up what closes now.
            self._live_mark = max(self._live_mark, self._newest_held)
            self.sealed()
        if outcome.watch is not None:
            self.watch_version(outcome.watch)

    def _obey(self, lane: Lane, batches: Sequence[Waiting], outcome: Outcome) -> None:
        held = [batch.id for batch in batches if (batch.run, batch.seq) in outcome.held]
        if held:
            self._outbox.acknowledge(held, self._trust.now_ms() or self._clock.now_ms())
            self._newest_held = max(self._newest_held, *held)
        for batch in batches:
            if (batch.run, batch.seq) in outcome.refused:
                self._outbox.refuse(batch.id)
                log.error("uplink.batch_refused", run=batch.run, seq=batch.seq, reason=outcome.message)
        self._note_connection(lane, outcome, len(batches))

    def _note_connection(self, lane: Lane, outcome: Outcome, sent: int) -> None:
        before, lane.last = lane.last, outcome
        if outcome.reached and not self._connected:
            log.event("uplink.connected", lane=lane.name)
            self._connected = True
            self.backlog.wake.set()
        elif not outcome.reached and (lane is self.live or outcome.kind is OutcomeKind.UNREACHABLE):
            self._connected = False
        if not outcome.reached and (before is None or before.kind is not outcome.kind):
            log.warning(
                "uplink.batch_kept",
                lane=lane.name,
                size=sent,
                outcome=outcome.kind.value,
                reason=outcome.message,
            )


def request_body(batches: Sequence[Waiting]) -> bytes:
    """One gzip stream of all batches; a single one goes as it was stored. Raises CorruptOutbox."""
    if len(batches) == 1:
        for _ in pieces(batches[0].gzip):
            pass
        return batches[0].gzip
    packer = zlib.compressobj(level=1, wbits=31)
    packed = [packer.compress(piece) for batch in batches for piece in pieces(batch.gzip)]
    return b"".join(packed) + packer.flush()
