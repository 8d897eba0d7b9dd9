"""The sealing thread: seals what is due, keeps the outbox within its bound, forgets what is long held."""

import threading
from collections.abc import Callable
from typing import Final

from coldchain.seal import MAX_LINES
from coldchain_gateway.clock_trust import ClockTrust
from coldchain_runtime.logs import Log

from .cap import Bound, Cap
from .contract import Outbox, OutboxFull
from .sealing import HEADROOM_LINES, Sealer

TICK_S: Final = 0.5
# The longest pause between two looks, while all that is kept can wait.
CALM_S: Final = 2.0
UPKEEP_EVERY_MS: Final = 10_000
NO_ROOM_RETRY_S: Final = 1.0
log = Log("gateway.outbox")


class Keeper:
    """Runs the sealer in a thread. `committed`, `hurry` and `relieve` are called from intake's."""

    def __init__(self, *, outbox: Outbox, sealer: Sealer, cap: Cap, trust: ClockTrust, boot: str) -> None:
        self._outbox = outbox
        self._sealer = sealer
        self._cap = cap
        self._trust = trust
        self._boot = boot
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._unsealed_lines = 0
        self.sealed: Callable[[], None] = lambda: None
        self.dropped_lines: Callable[[int], None] = lambda _: None
        self.disk_free: Callable[[], int] = lambda: 1 << 62
        self.keep_acknowledged_ms = 7 * 86_400_000
        self.turned_ms = trust.boot_ms()  # when the sealing thread last came round

    def tune(self, *, seal_after_ms: int, bound: Bound, keep_acknowledged_ms: int) -> None:
        """Go on by these settings, from any thread."""
        self._sealer.seal_after_ms = seal_after_ms
        self._cap.tune(bound)
        self.keep_acknowledged_ms = keep_acknowledged_ms
        self._wake.set()

    def committed(self, lines: int) -> None:
        """So many lines more are kept; a full batch need not wait for the tick."""
        self._unsealed_lines += lines
        if self._unsealed_lines >= MAX_LINES - HEADROOM_LINES:
            self._unsealed_lines = 0
            self._wake.set()

    def hurry(self) -> None:
        """A limit was crossed: seal at once."""
        self._sealer.hurry()
        self._wake.set()

    def relieve(self) -> None:
        """A commit found no room."""
        self._lost(self._cap.relieve().unsealed_lines)

    def stop(self) -> None:
        """Let `run` end."""
        self._stopping.set()
        self._wake.set()

    def run(self) -> None:
        """Until `stop`."""
        next_upkeep_ms = 0
        while not self._stopping.is_set():
            self._wake.wait(self.pause_s())
            self._wake.clear()
            self.turned_ms = self._trust.boot_ms()
            if not self.seal_due():
                self._stopping.wait(NO_ROOM_RETRY_S)
            if self._trust.boot_ms() >= next_upkeep_ms:
                next_upkeep_ms = self._trust.boot_ms() + UPKEEP_EVERY_MS
                self.upkeep()
            else:
                self.keep_bound()

    def pause_s(self) -> float:
        """Until something may be due, if nobody wakes this thread; what could not be sealed is tried soon."""
        if self._trust.offset_ms() is None:
            return TICK_S
        left_s = self._sealer.due_in_ms(self._trust.boot_ms()) / 1000
        return min(left_s, CALM_S) if left_s > 0 else TICK_S

    def seal_due(self, *, force: bool = False) -> bool:
        """Seal if time is trusted; False when there was no room for it."""
        offset = self._trust.offset_ms()
        if offset is None:
            return True
        try:
            made = self._sealer.seal_due(self._boot, self._trust.boot_ms(), offset, force=force)
        except OutboxFull as error:
            log.error("outbox.not_sealed", reason=str(error))
            self.relieve()
            return False
        except OSError as error:
            log.error("outbox.head_not_kept", reason=str(error))
            return False
        if made:
            self.sealed()
        return True

    def upkeep(self) -> None:
        """Expiry and bound. Without room it is tried again next time."""
        now_ms = self._trust.now_ms()
        try:
            if now_ms is not None:
                self._outbox.expire(now_ms - self.keep_acknowledged_ms)
        except OutboxFull as error:
            log.error("outbox.no_room_for_upkeep", reason=str(error))
            return
        self.keep_bound()

    def keep_bound(self) -> None:
        """Stay under the cap and out of the disk's last free space, before a commit runs into either."""
        try:
            self._lost(self._cap.keep(self.disk_free()).unsealed_lines)
        except OutboxFull as error:
            log.error("outbox.no_room_for_upkeep", reason=str(error))

    def _lost(self, lines: int) -> None:
        if lines:
            self.dropped_lines(lines)
