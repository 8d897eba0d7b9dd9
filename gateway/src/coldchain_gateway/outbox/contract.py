"""What an outbox keeps and what it promises; one suite (tests/contract/gateway) judges every one of them.

Views of one queue: `Keeping` (lines not yet dated), `Sealing` (lines into batches), `Sending` (batches
out), `Following` (out once more, to somebody else) and `Upkeep` (bounds). Every method is one transaction,
durable when it returns, and may be called from any thread. All raise OutboxFull when there is no room and
CorruptOutbox when pages are broken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from coldchain.errors import IntegrityError, Refused
from coldchain_gateway.contracts import NotKept

# By so much the latest instant of a boot may lie behind.
NOTED_EVERY_MS: Final = 10_000


class OutboxFull(NotKept):
    """No room on the disk: the transaction did not happen."""


class CorruptOutbox(IntegrityError):
    """The file is not a sound outbox any more: quarantine it and begin a new run."""


class NewerOutbox(Refused):
    """The file was written by a newer version: upgrade again, or start with another data folder."""


class HoleReason(StrEnum):
    """Why a number will never be sent."""

    CAP = "cap"
    REFUSED = "refused"
    QUARANTINED = "quarantined"
    LOST = "lost"


class Entry(NamedTuple):
    """One line, complete but for its time."""

    line: bytes  # measurement, tags and fields; no time, no newline
    boot_ms: int  # CLOCK_BOOTTIME ms at acquisition
    source_ms: int | None = None  # the device's own UTC ms
    history: bool = False  # from the device's memory: its own time counts, however old


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What one commit makes durable, all or nothing. Sessions are forgotten first."""

    boot: str
    boot_ms: int
    trusted: bool  # time was trusted when the group was committed
    entries: Sequence[Entry] = ()
    # QoS 1 messages that are kept: session → packet id → digest of 8 bytes.
    messages: Mapping[str, Mapping[int, bytes]] = field(default_factory=dict)
    forget: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """A kernel boot, in the order in which they happened."""

    ordinal: int
    boot: str
    last_ms: int  # the latest CLOCK_BOOTTIME at which something was kept, or up to NOTED_EVERY_MS before it
    offset_ms: int | None  # UTC - CLOCK_BOOTTIME, once time was trusted


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Unsealed lines of one commit."""

    id: int
    boot: int  # ordinal
    trusted: bool
    lines: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """How much waits for sealing."""

    lines: int = 0
    bytes: int = 0
    oldest_boot: int | None = None  # ordinal
    oldest_boot_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of a run's chain; seq 0 and 64 zeros before its first batch."""

    run: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """Numbers of a run that will never be sent, with the hash of the last."""

    run: str
    first: int
    last: int
    hash: str
    reason: HoleReason


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBatch:
    """A sealed batch on its way into the outbox."""

    head: Head  # run, seq and hash of this batch
    chunks: Sequence[int]  # the ids it was made of
    declares: Sequence[Hole]
    lines: int
    encoded: bytes
    closed_ms: int
    urgent: bool = False  # a limit was crossed: no upload window holds it back


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A sealed batch to be sent."""

    id: int
    run: str
    seq: int
    closed_ms: int
    gzip: bytes = field(repr=False)


class HeldFate(StrEnum):
    """What an answer's `run:held` meant for the outbox."""

    NOTED = "noted"
    FALLEN = "fallen"  # below what it was: everything above is unsent again
    STUCK = "stuck"  # backlog empty, yet below the newest acknowledged: likewise
    UNKNOWN_RUN = "unknown_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The outbox in numbers, for health and status."""

    unsealed_lines: int = 0
    waiting_batches: int = 0
    waiting_lines: int = 0
    waiting_bytes: int = 0
    oldest_waiting_ms: int | None = None
    acknowledged_batches: int = 0
    acknowledged_bytes: int = 0
    refused_batches: int = 0
    undeclared_holes: int = 0
    used_bytes: int = 0
    file_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What the file takes, and how much of it is in use."""

    used_bytes: int
    file_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """What had to go to stay under the cap."""

    acknowledged_batches: int = 0
    dead_letters: int = 0
    holes: int = 0  # batches never acknowledged, now declared holes
    unsealed_lines: int = 0


class Keeping(Protocol):
    """Lines that are durable and not yet dated."""

    def commit(self, group: Group) -> None:
        """Keep the group, all or nothing."""

    def remembered(self, session: str, packet_id: int) -> bytes | None:
        """The digest (its first 8 bytes) of the last message kept under this packet id."""

    def trust(self, boot: str, offset_ms: int) -> None:
        """Time of this boot is trusted: UTC = CLOCK_BOOTTIME + offset."""

    def boots(self) -> Sequence[Boot]:
        """Boots that still matter, oldest first."""


class Sealing(Protocol):
    """From lines to batches of one chain."""

    def pending(self) -> Pending: ...

    def unsealed(self, max_lines: int, max_bytes: int) -> Sequence[Chunk]:
        """The oldest chunks, whole, within both bounds (but at least one)."""

    def head(self) -> Head | None:
        """The end of the newest run; None before the first."""

    def begin_run(self, run: str, holes: Sequence[Hole]) -> None:
        """Start a new chain, which has these holes of older runs to declare."""

    def undeclared(self) -> Sequence[Hole]:
        """Holes that no sealed batch has declared, oldest first."""

    def missing(self, run: str, top: int, top_hash: str) -> Sequence[Hole]:
        """Numbers of a run up to `top` that are neither kept, nor held by the backend, nor known as holes."""

    def seal(self, batch: NewBatch) -> None:
        """Put the batch in the place of its chunks and move the head, in one step."""


class Sending(Protocol):
    """Batches on their way out."""

    def waiting(
        self, max_batches: int, max_bytes: int, skip: frozenset[int], after_id: int = 0
    ) -> Sequence[Waiting]:
        """The oldest waiting batches above `after_id` but for the ids in `skip`.

        The first one also if it exceeds max_bytes.
        """

    def newest(self, after_id: int, *, urgent: bool = False) -> Waiting | None:
        """The newest waiting batch, if its id is above `after_id`; perhaps of the urgent ones only."""

    def acknowledge(self, ids: Sequence[int], now_ms: int) -> None:
        """The backend holds them durably."""

    def refuse(self, batch_id: int) -> None:
        """The backend will never take it: dead letter, and its number is a hole to declare."""

    def held(self, run: str, held: int) -> HeldFate:
        """Note the backend's word and unsend what it has lost; what is no longer kept becomes a hole."""


class Following(Protocol):
    """A further uplink: it has its own progress and holds nothing back."""

    def progress(self, uplink: str) -> int:
        """The id of the newest batch that this uplink is done with; 0 before any."""

    def sealed_after(self, batch_id: int) -> Waiting | None:
        """The next batch behind that id which is still kept, whatever its state."""

    def proceed(self, uplink: str, batch_id: int) -> None:
        """This uplink is done with all batches up to this id."""


class Upkeep(Protocol):
    """Bounds and numbers."""

    def room(self) -> Room:
        """What the file takes; costs next to nothing."""

    def limit(self, file_bytes: int, journal_bytes: int) -> None:
        """From now on the file does not grow beyond that; what would need more raises OutboxFull."""

    def expire(self, acknowledged_before_ms: int) -> int:
        """Forget batches acknowledged before that instant; how many."""

    def shrink(self, max_bytes: int, *, unsealed: bool) -> Dropped:
        """Make the used bytes fit: first what is acknowledged, then dead letters, then the oldest waiting.

        The unsealed go last, and only where that is allowed.
        """

    def counts(self) -> Counts: ...


class Outbox(Keeping, Sealing, Sending, Following, Upkeep, Protocol):
    """All views of one queue."""

    def close(self) -> None:
        """Give the file back; nothing may be called afterwards."""
