"""The watch bundle: fetched when its version changes, verified, kept on disk, used without a network."""

import json
import random
import threading
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Final

from coldchain.backoff import Backoff, jittered
from coldchain.errors import IntegrityError, InvalidInput
from coldchain.watch import WatchBundle, open_envelope
from coldchain_gateway.clock_trust import ClockTrust
from coldchain_runtime.durable import write_file_atomic
from coldchain_runtime.logs import Log

from .access import PinnedKey
from .connection import Answer, Connection, Unreachable

WATCH_FILE: Final = "watch.json"
WATCH_PATH: Final = "/api/v1/gateways/self/watch"
REFRESH_S: Final = 300.0
# Until time is trusted the answer's date is what everything waits for.
UNTRUSTED: Final = Backoff(base_ms=500, cap_ms=5_000)
FAILING: Final = Backoff(base_ms=1_000, cap_ms=60_000)
log = Log("gateway.watch")


def bundle_on_disk(data_dir: Path, pinned: PinnedKey) -> WatchBundle | None:
    """The last bundle fetched, if it is there and its signature holds."""
    try:
        return open_envelope((data_dir / WATCH_FILE).read_bytes(), pinned.fingerprint())
    except FileNotFoundError:
        return None
    except (OSError, InvalidInput, IntegrityError) as error:
        log.error("watch.unusable_on_disk", reason=str(error))
        return None


class WatchFetcher:
    """Keeps the bundle fresh; `run` needs a thread."""

    def __init__(
        self,
        *,
        connection: Connection,
        trust: ClockTrust,
        pinned: PinnedKey,
        data_dir: Path,
        current: str | None,
    ) -> None:
        """`current` is the version on disk."""
        self._connection = connection
        self._trust = trust
        self._pinned = pinned
        self._data_dir = data_dir
        self.version = current
        self.loaded: Callable[[WatchBundle], None] = lambda _: None
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._failures = 0

    def announced(self, version: str) -> None:
        """An answer named the version that is current at the backend."""
        if version != (self.version or ""):
            self._wake.set()

    def stop(self) -> None:
        """Let `run` end after the request it is in."""
        self._stopping.set()
        self._wake.set()

    def run(self) -> None:
        """Fetch now, when a new version is announced, and now and then."""
        while not self._stopping.is_set():
            self._wake.clear()
            self._failures = 0 if self.fetch() else self._failures + 1
            self._wait()
        self._connection.close()

    def _wait(self) -> None:
        if self._failures == 0:
            self._wake.wait(REFRESH_S)
            return
        backoff = UNTRUSTED if self._trust.offset_ms() is None else FAILING
        self._stopping.wait(jittered(backoff.delay_ms(self._failures - 1), 0.2, random.random()) / 1000)  # noqa: S311 - jitter

    def fetch(self) -> bool:
        """Ask once; whether the answer was of use."""
        headers = {"If-None-Match": f'"{self.version}"'} if self.version else {}
        try:
            answer = self._connection.request("GET", WATCH_PATH, None, headers)
        except Unreachable as error:
            self._failed(str(error))
            return False
        if answer.status not in (200, 304):
            self._failed(f"HTTP {answer.status}")
            return False
        self._trust.answered(answer.headers.get("date", ""), answer.sent_boot_ms, answer.received_boot_ms)
        return answer.status == 304 or self._take(answer)

    def _take(self, answer: Answer) -> bool:
        trusted = self._pinned.fingerprint()
        try:
            bundle = open_envelope(answer.body, trusted)
            if trusted is None:
                self._pinned.pin(b64decode(json.loads(answer.body)["public_key"]))
                log.warning("watch.backend_key_pinned_at_first_use")
            write_file_atomic(self._data_dir / WATCH_FILE, answer.body, private=True)
        except (InvalidInput, IntegrityError) as error:
            log.error("watch.refused", reason=str(error))
            return False
        except OSError as error:
            log.error("watch.not_kept", reason=str(error))
            return False
        self.version = bundle.version
        self.loaded(bundle)
        log.event("watch.loaded", version=bundle.version, sensors=len(bundle.sensors))
        return True

    def _failed(self, reason: str) -> None:
        if self._failures == 0:
            log.warning("watch.not_fetched", reason=reason)
