"""The thread that judges: follows the ledger, and goes on from its last commit after a fault."""

import threading
from collections.abc import Callable
from typing import Final

from coldchain_backend import judging, sql
from coldchain_backend.config import Settings
from coldchain_backend.judging import Follower
from coldchain_runtime.logs import Log

RETRY_S = 1.0
TIDY_EVERY: Final = 8
"""Of so many rounds one looks for scattered readings, which is a question to the database."""

_log = Log("judging")


def judging_settings(settings: Settings) -> judging.Settings:
    """What judging takes from the configuration; a rebuild must judge by the same."""
    return judging.Settings(organisation=settings.organisation, public_url=settings.public_url)


class Idle:
    """A little upkeep of judging's memory when everything is judged: sums first, then scattered readings."""

    def __init__(self, consumer: judging.Judging, books: sql.Books) -> None:
        self._consumer, self._books = consumer, books
        self._rounds, self._scattered = 0, False

    def __call__(self) -> bool:
        """Do some of it; whether there is more. Scattered readings are looked for in some rounds only."""
        if self._consumer.fold():
            return True
        self._rounds += 1
        if self._scattered or self._rounds % TIDY_EVERY == 0:
            self._scattered = self._books.tidy()
        return self._scattered


class JudgingThread:
    """Runs followers, each from the last commit, until stopped."""

    def __init__(self, follower: Callable[[], Follower]) -> None:
        self._follower = follower
        self._current = follower()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="judging", daemon=True)
        self.error = ""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End after the commit that is under way."""
        self._stopping.set()
        self._current.stop()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._current.run()
                self.error = ""
            except Exception as error:  # noqa: BLE001 - supervised: told, and tried again from the last commit
                self.error = f"{type(error).__name__}: {error}"
                _log.error("judging.failed", reason=self.error)
                self._stopping.wait(RETRY_S)
                self._current = self._follower()
