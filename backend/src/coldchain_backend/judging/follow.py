"""The thread that follows the ledger: small commits when live, large ones when behind."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from coldchain_backend.judging.consumer import Judging
from coldchain_backend.judging.news import News
from coldchain_backend.ledger import Ledger, Record
from coldchain_runtime.logs import Log

CHUNK_BYTES: Final = 1024 * 1024
"""About 20 000 readings, a third of a second: so long may a live reading wait behind a backlog."""
_RECORDS: Final = 4096
_WAIT_S: Final = 0.5
_log = Log("judging")


class Follower:
    """Reads on from the consumer's offset.

    `idle` does a little upkeep when everything is judged, and says whether there is more of it.
    """

    def __init__(self, ledger: Ledger, judging: Judging, news: News, *, idle: Callable[[], bool]) -> None:
        self._ledger, self._judging, self._news, self._idle = ledger, judging, news, idle
        self._stop = threading.Event()

    def run(self) -> None:
        """Follow until `stop`; raises what judging raised, with nothing half done."""
        _log.event("judging.follows", offset=self._judging.offset)
        busy = False
        while not self._stop.is_set():
            if self._ledger.wait(self._judging.offset, 0 if busy else _WAIT_S):
                self.catch_up()
            busy = self._idle()

    def catch_up(self) -> None:
        """Judge everything that is durable now."""
        while not self._stop.is_set():
            records = self._ledger.read(self._judging.offset, _RECORDS)
            if not records:
                return
            for chunk in chunks(records):
                self._judging.consume(chunk)
                self._news.publish()
                if self._stop.is_set():
                    return

    def stop(self) -> None:
        """Make `run` return after the commit that is under way."""
        self._stop.set()


def chunks(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """Runs of records of at most CHUNK_BYTES, at least one record each."""
    start, size = 0, 0
    for index, record in enumerate(records):
        size += len(record.payload)
        if size > CHUNK_BYTES and index > start:
            yield records[start:index]
            start, size = index, len(record.payload)
    if start < len(records):
        yield records[start:]
