"""The one writer of a ledger: a thread that stamps what waits and makes it durable as one group."""

import asyncio
import errno
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from coldchain.errors import Unavailable
from coldchain_backend.ledger.active import ActiveSegment
from coldchain_backend.ledger.contract import Busy, DiskFull
from coldchain_backend.ledger.records import MarkName, NewRecord, Record, mark_record
from coldchain_backend.ledger.reserve import SMALL, Reserve
from coldchain_backend.ledger.stamps import Stamps

WAITING_BYTES: Final = 64 * 1024 * 1024
GROUP_BYTES: Final = 8 * 1024 * 1024
NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    records: Sequence[NewRecord]
    size: int
    answer: "asyncio.Future[Sequence[Record]]"
    loop: asyncio.AbstractEventLoop


class Writer:
    """Owns the active segment. A group begins when the last one ended; many callers share its sync.

    `publish` is called on the writer's thread with every durable group, before its callers hear of it.
    """

    def __init__(
        self,
        segment: ActiveSegment,
        stamps: Stamps,
        reserve: Reserve,
        publish: Callable[[Sequence[Record]], None],
    ) -> None:
        self._segment = segment
        self._stamps = stamps
        self._reserve = reserve
        self._publish = publish
        self._changed = threading.Condition()
        self._waiting: list[_Wish] = []
        self._waiting_bytes = 0
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, records: Sequence[NewRecord]) -> "asyncio.Future[Sequence[Record]]":
        """Queue records; the future ends when they are durable. Raises Unavailable if the queue is full."""
        loop = asyncio.get_running_loop()
        size = sum(len(record.payload) for record in records)
        answer: asyncio.Future[Sequence[Record]] = loop.create_future()
        with self._changed:
            if self._closing:
                raise Unavailable("the ledger is closed")
            if self._waiting and self._waiting_bytes + size > WAITING_BYTES:
                raise Busy("too many writes wait for the ledger")
            self._waiting.append(_Wish(records=records, size=size, answer=answer, loop=loop))
            self._waiting_bytes += size
            self._changed.notify()
        return answer

    def put(self, records: Sequence[NewRecord]) -> Sequence[Record]:
        """Write before `start` or after `close`, on the caller's thread. Raises OSError."""
        return self._write(records)

    def close(self) -> None:
        """Write what waits, then end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while wishes := self._take():
            try:
                answers: Sequence[Sequence[Record]] | Unavailable = self._group(wishes)
            except Unavailable as error:
                answers = error
            _answer(wishes, answers)

    def _take(self) -> list[_Wish]:
        """The next group, at least one wish; none when the ledger closes."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            size = count = 0
            for wish in self._waiting:
                if count and size + wish.size > GROUP_BYTES:
                    break
                size += wish.size
                count += 1
            taken, self._waiting = self._waiting[:count], self._waiting[count:]
            self._waiting_bytes -= size
        return taken

    def _group(self, wishes: Sequence[_Wish]) -> Sequence[Sequence[Record]]:
        records = [record for wish in wishes for record in wish.records]
        try:
            if any(record.kind not in SMALL for record in records):
                self._admit_evidence()
            placed = self._write(records)
        except OSError as error:
            self._failed(error)
            if error.errno in NO_ROOM:
                raise DiskFull("the disk is full") from error
            raise Unavailable(f"the ledger cannot be written: {error.strerror}") from error
        answers, start = [], len(placed) - len(records)
        for wish in wishes:
            answers.append(placed[start : start + len(wish.records)])
            start += len(wish.records)
        return answers

    def _write(self, records: Sequence[NewRecord]) -> Sequence[Record]:
        """Stamp, write, sync, publish. A news of the clock stands before the records."""
        if self._segment.full:
            self._segment.roll()
        received_ms, behind_ms = self._stamps.next()
        if behind_ms:
            records = [mark_record(MarkName.CLOCK_BACK, {"by_ms": behind_ms}), *records]
        if not records:
            return []
        placed = self._segment.put(records, received_ms)
        self._publish(placed)
        return placed

    def _admit_evidence(self) -> None:
        """Refuse evidence while the disk is full; find out by itself when it is over."""
        if self._reserve.full:
            if not self._reserve.recovered():
                raise DiskFull("the disk is full")
            self._tell(MarkName.DISK_RECOVERED)
        elif self._reserve.short():
            self._disk_full()
            raise DiskFull("the disk is full")

    def _failed(self, error: OSError) -> None:
        self._segment.discard()
        if error.errno in NO_ROOM and not self._reserve.full:
            self._disk_full()

    def _disk_full(self) -> None:
        self._reserve.give_up()
        self._tell(MarkName.DISK_FULL)

    def _tell(self, mark: MarkName) -> None:
        try:
            self._write([mark_record(mark)])
        except OSError as error:
            self._segment.discard()
            raise Unavailable(f"the ledger cannot be written: {error.strerror}") from error


def _answer(wishes: Sequence[_Wish], answers: Sequence[Sequence[Record]] | Unavailable) -> None:
    """Hand the answers over, once per event loop that asked."""
    for loop in {id(wish.loop): wish.loop for wish in wishes}.values():
        mine = [(position, wish.answer) for position, wish in enumerate(wishes) if wish.loop is loop]
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, mine, answers)


def _settle(
    mine: "Sequence[tuple[int, asyncio.Future[Sequence[Record]]]]",
    answers: Sequence[Sequence[Record]] | Unavailable,
) -> None:
    for position, answer in mine:
        if answer.done():
            continue
        if isinstance(answers, Unavailable):
            answer.set_exception(answers)
        else:
            answer.set_result(answers[position])
