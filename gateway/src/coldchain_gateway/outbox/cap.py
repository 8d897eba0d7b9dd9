"""How much room the outbox may take, and what makes room when there is none.

The bound is the cap in bytes, and never growth into the disk's last `floor_bytes`: then the file keeps its
size and lives on its own pages. Acknowledged batches go first, then the oldest waiting ones, which become
declared holes. Unsent evidence is never dropped only because something else filled the disk.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coldchain_runtime.logs import Log

from .contract import Dropped, OutboxFull, Upkeep

# Free pages that are always kept inside the file, so that a commit finds room on a full disk.
SPARE_BYTES: Final = 1024 * 1024
RESERVE_BYTES: Final = 4 * 1024 * 1024
# Below this nothing is dropped as a precaution: so little evidence is worth more than the room it takes.
LEAST_BYTES: Final = 4 * 1024 * 1024
# What one commit that found no room may cost.
RELIEF_BYTES: Final = 256 * 1024
RESERVE_FILE: Final = "reserve"
log = Log("gateway.outbox")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What the configuration allows."""

    cap_bytes: int
    floor_bytes: int


def allowed_bytes(bound: Bound, *, file_bytes: int, free_bytes: int) -> int:
    """How many bytes may be in use now; `file_bytes` are the outbox's already."""
    reachable = file_bytes + free_bytes - bound.floor_bytes
    if free_bytes < bound.floor_bytes:
        reachable = file_bytes
    return max(LEAST_BYTES, min(bound.cap_bytes, reachable) - SPARE_BYTES)


class Cap:
    """Keeps an outbox within its bound; `reserve` is disk room given up when a commit found none."""

    def __init__(self, outbox: Upkeep, bound: Bound, data_dir: Path) -> None:
        self._outbox = outbox
        self.bound = bound
        self._reserve = data_dir / RESERVE_FILE

    def keep(self, free_bytes: int, used_bytes: int, file_bytes: int) -> Dropped:
        """Regular upkeep, before anything is tight. Raises OutboxFull if even dropping finds no room."""
        if free_bytes >= self.bound.floor_bytes + RESERVE_BYTES:
            self.refill()
        allowed = allowed_bytes(self.bound, file_bytes=file_bytes, free_bytes=free_bytes)
        return Dropped() if used_bytes <= allowed else self._shrink(allowed, unsealed=True)

    def relieve(self, used_bytes: int) -> Dropped:
        """A commit found no room: give up the reserve first, then a little of the oldest that is sealed.

        Lines without a number are never given up here: nobody could be told of them.
        """
        if self._reserve.exists():
            self._reserve.unlink()
            log.error("outbox.reserve_used")
            return Dropped()
        try:
            return self._shrink(max(0, used_bytes - RELIEF_BYTES), unsealed=False)
        except OutboxFull:
            return Dropped()

    def refill(self) -> None:
        """Lay the reserve down again, if it is not there and there is room."""
        if self._reserve.exists():
            return
        try:
            self._reserve.write_bytes(bytes(RESERVE_BYTES))
        except OSError:
            self._reserve.unlink(missing_ok=True)

    def _shrink(self, allowed: int, *, unsealed: bool) -> Dropped:
        dropped = self._outbox.shrink(allowed, unsealed=unsealed)
        if dropped.acknowledged_batches or dropped.holes or dropped.unsealed_lines:
            log.error(
                "outbox.dropped",
                acknowledged=dropped.acknowledged_batches,
                holes=dropped.holes,
                unsealed_lines=dropped.unsealed_lines,
            )
        return dropped
