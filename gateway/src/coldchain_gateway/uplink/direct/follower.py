"""Follows the sealed batches and writes their lines to an InfluxDB, oldest first, as fast as it takes them.

A line that it refuses for good is found by halving and put aside; everything else waits for as long as it
takes. What the outbox had to drop meanwhile is counted, not waited for.
"""

import random
import threading
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from coldchain.backoff import Backoff, jittered
from coldchain_gateway.outbox import Outbox, OutboxFull, Waiting, decompress
from coldchain_gateway.uplink.connection import Connection, Unreachable
from coldchain_gateway.uplink.outcome import retry_after_ms
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

from .answers import Fate, fate_of, message_of
from .config import InfluxConfig
from .dead_letters import DeadLetters, Refused

UPLINK: Final = "influxdb"
GROUP_LINES: Final = 5000
IDLE_S: Final = 1.0
PATIENCE: Final = Backoff(base_ms=1_000, cap_ms=60_000)
JITTER: Final = 0.2
log = Log("gateway.influxdb")


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectState:
    """The direct uplink as health and status show it."""

    state: str
    message: str
    written_lines: int  # since start
    dead_lines: int
    missed_batches: int  # dropped by the outbox before they could be written


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One attempt."""

    fate: Fate
    message: str = ""
    retry_after_ms: int | None = None


class Stopped(Exception):
    """The program is to end; nothing of the group is noted, all of it is written again next time."""


class Follower:
    """`run` needs a thread."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        clock: Clock,
        connection: Connection,
        config: InfluxConfig,
        letters: DeadLetters,
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        self._connection = connection
        self._letters = letters
        self._path = "/api/v2/write?" + urlencode(
            {"org": config.org, "bucket": config.bucket, "precision": "ms"}
        )
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._failures = 0
        self._last = Answered(fate=Fate.WRITTEN)
        self._written = self._dead = self._missed = 0
        self.alone = False  # there is no backend: what is written here counts as acknowledged
        self.wait: Callable[[float], bool] = self._stopping.wait  # True: the program is to end

    def sealed(self) -> None:
        """There is a new batch."""
        self._wake.set()

    def stop(self) -> None:
        """Let `run` end after the request it is in."""
        self._stopping.set()
        self._wake.set()

    def state(self) -> DirectState:
        last = self._last
        return DirectState(
            state="connected" if last.fate in (Fate.WRITTEN, Fate.REFUSED) else last.fate.value,
            message=last.message,
            written_lines=self._written,
            dead_lines=self._dead,
            missed_batches=self._missed,
        )

    def run(self) -> None:
        """Until `stop`."""
        while not self._stopping.is_set():
            try:
                if self.write_some():
                    continue
            except Stopped:
                break
            except (OutboxFull, OSError) as error:
                log.error("influxdb.not_noted", reason=str(error))
            self._wake.wait(IDLE_S)
            self._wake.clear()
        self.close()

    def close(self) -> None:
        """Let the connection go; the next write opens it anew."""
        self._connection.close()

    def write_some(self) -> bool:
        """Write the next batches; False when there are none. Raises Stopped."""
        done = self._outbox.progress(UPLINK)
        group = self._group(done)
        if not group:
            return False
        lines = [line for batch in group for line in lines_of(batch)]
        refused: list[Refused] = []
        self._write(lines, refused)
        self._letters.add(refused)
        self._outbox.proceed(UPLINK, group[-1].id)
        if self.alone:
            self._outbox.acknowledge([batch.id for batch in group], self._clock.now_ms())
        self._written += len(lines) - len(refused)
        self._dead += len(refused)
        self._missed += group[-1].id - done - len(group) if done else 0
        return True

    def _group(self, done: int) -> Sequence[Waiting]:
        group: list[Waiting] = []
        lines, last = 0, done
        while lines < GROUP_LINES and (batch := self._outbox.sealed_after(last)) is not None:
            group.append(batch)
            lines, last = lines + len(lines_of(batch)), batch.id
        return group

    def _write(self, lines: Sequence[bytes], refused: list[Refused]) -> None:
        """Return when each line is written or known to be refused."""
        spans = [lines] if lines else []
        while spans:
            some = spans.pop()
            answered = self._patiently(some)
            if answered.fate is Fate.WRITTEN:
                continue
            if len(some) > 1:
                middle = len(some) // 2
                spans += [some[middle:], some[:middle]]
            else:
                log.error("influxdb.line_refused", reason=answered.message)
                refused.append((some[0], answered.message))

    def _patiently(self, lines: Sequence[bytes]) -> Answered:
        """Try until the server has taken a decision about these lines."""
        while True:
            answered = self._post(lines)
            if answered.fate is not self._last.fate and answered.fate not in (Fate.WRITTEN, Fate.REFUSED):
                log.warning("influxdb.kept", fate=answered.fate.value, reason=answered.message)
            self._last = answered
            if answered.fate in (Fate.WRITTEN, Fate.REFUSED, Fate.TOO_LARGE):
                self._failures = 0
                return answered
            wait_ms = jittered(PATIENCE.delay_ms(self._failures), JITTER, random.random())  # noqa: S311 - jitter
            self._failures += 1
            if self.wait(max(wait_ms, answered.retry_after_ms or 0) / 1000):
                raise Stopped

    def _post(self, lines: Sequence[bytes]) -> Answered:
        packer = zlib.compressobj(level=1, wbits=31)
        body = packer.compress(b"\n".join(lines) + b"\n") + packer.flush()
        headers = {"Content-Type": "text/plain; charset=utf-8", "Content-Encoding": "gzip"}
        try:
            answer = self._connection.request("POST", self._path, body, headers)
        except Unreachable as error:
            return Answered(fate=Fate.UNREACHABLE, message=str(error))
        fate = fate_of(answer.status)
        return Answered(
            fate=fate,
            message="" if fate is Fate.WRITTEN else message_of(answer.status, answer.body),
            retry_after_ms=retry_after_ms(answer.headers.get("retry-after"), self._clock.now_ms()),
        )


def lines_of(batch: Waiting) -> Sequence[bytes]:
    """The lines of a batch without its seal. Raises CorruptOutbox."""
    return decompress(batch.gzip).split(b"\n")[1:-1]
