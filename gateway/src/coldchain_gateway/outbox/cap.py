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
from .database import JOURNAL_BYTES

# Free pages that are always kept inside the file, so that a commit finds room on a full disk.
SPARE_BYTES: Final = 1024 * 1024
# Disk room given up when a commit found none, and the journal: an eighth of the cap each, at most this.
RESERVE_BYTES: Final = 4 * 1024 * 1024
# What the journal may exceed its size by: one batch of the wire's largest, with the pages around it.
LARGEST_COMMIT_BYTES: Final = 1536 * 1024
# Below this nothing is dropped as a precaution: so little evidence is worth more than the room it takes.
LEAST_BYTES: Final = 4 * 1024 * 1024
# What one commit that found no room may cost.
RELIEF_BYTES: Final = 256 * 1024
# Opening takes a shared index, a journal and a status.
START_BYTES: Final = 512 * 1024
RESERVE_FILE: Final = "reserve"
log = Log("gateway.outbox")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What the configuration allows: file, journal and reserve together stay within `cap_bytes`."""

    cap_bytes: int
    floor_bytes: int

    @property
    def reserve_bytes(self) -> int:
        return min(RESERVE_BYTES, self.cap_bytes // 8)

    @property
    def journal_bytes(self) -> int:
        """At this size the journal is emptied into the file."""
        return min(JOURNAL_BYTES, self.cap_bytes // 8)

    @property
    def file_bytes(self) -> int:
        """What is left for the file itself."""
        return self.cap_bytes - self.reserve_bytes - self.journal_bytes - LARGEST_COMMIT_BYTES


def allowed_bytes(bound: Bound, *, file_bytes: int, free_bytes: int) -> int:
    """How many bytes of the file may be in use now; it has `file_bytes` already."""
    reachable = file_bytes + free_bytes - bound.floor_bytes
    if free_bytes < bound.floor_bytes:
        reachable = file_bytes
    return max(LEAST_BYTES, min(bound.file_bytes, reachable) - SPARE_BYTES)


def room_to_start(data_dir: Path, free_bytes: int) -> None:
    """An outbox is opened on a full disk too: the reserve is given up for what that takes."""
    reserve = data_dir / RESERVE_FILE
    if free_bytes < START_BYTES and reserve.exists():
        reserve.unlink()
        log.error("outbox.reserve_used")


class Cap:
    """Keeps an outbox within its bound."""

    def __init__(self, outbox: Upkeep, bound: Bound, data_dir: Path) -> None:
        self._outbox = outbox
        self._reserve = data_dir / RESERVE_FILE
        self.tune(bound)

    def tune(self, bound: Bound) -> None:
        """Go on by this bound; the file itself is told, so that no burst of commits outruns the upkeep."""
        self.bound = bound
        self._outbox.limit(bound.file_bytes, bound.journal_bytes)

    def keep(self, free_bytes: int) -> Dropped:
        """Regular upkeep, before anything is tight. Raises OutboxFull if even dropping finds no room."""
        if free_bytes >= self.bound.floor_bytes + self.bound.reserve_bytes:
            self.refill()
        room = self._outbox.room()
        allowed = allowed_bytes(self.bound, file_bytes=room.file_bytes, free_bytes=free_bytes)
        return Dropped() if room.used_bytes <= allowed else self._shrink(allowed, unsealed=True)

    def relieve(self) -> Dropped:
        """A commit found no room: give up the reserve first, then a little of the oldest that is sealed.

        Where the file has reached its own bound the reserve would be no help. Lines without a number are
        never given up here: nobody could be told of them.
        """
        try:
            room = self._outbox.room()
            at_its_bound = room.file_bytes + RELIEF_BYTES > self.bound.file_bytes
            if self._reserve.exists() and not at_its_bound:
                self._reserve.unlink()
                log.error("outbox.reserve_used")
                return Dropped()
            return self._shrink(max(0, room.used_bytes - RELIEF_BYTES), unsealed=False)
        except OutboxFull:
            return Dropped()

    def refill(self) -> None:
        """Lay the reserve down again, if it is not there and there is room."""
        if self._reserve.exists():
            return
        try:
            self._reserve.write_bytes(bytes(self.bound.reserve_bytes))
        except OSError:
            self._reserve.unlink(missing_ok=True)

    def _shrink(self, allowed: int, *, unsealed: bool) -> Dropped:
        dropped = self._outbox.shrink(allowed, unsealed=unsealed)
        if dropped != Dropped():
            log.error(
                "outbox.dropped",
                acknowledged=dropped.acknowledged_batches,
                dead_letters=dropped.dead_letters,
                holes=dropped.holes,
                unsealed_lines=dropped.unsealed_lines,
            )
        return dropped
