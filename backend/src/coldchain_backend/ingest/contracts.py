"""What a write is answered with."""

from dataclasses import dataclass
from enum import StrEnum

from coldchain.errors import ColdchainError
from coldchain.seal import Batch


class Fate(StrEnum):
    """What became of one batch; gateways read these words."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    REFUSED_HASH = "refused_hash"
    REFUSED_SIGNATURE = "refused_signature"
    LATER = "later"

    @property
    def durable(self) -> bool:
        """Whether the batch is in evidence."""
        return self in (Fate.STORED, Fate.DUPLICATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFate:
    """One batch of a request and its fate."""

    run: str
    seq: int
    fate: Fate
    message: str = ""


def fate_of(batch: Batch, fate: Fate, message: str = "") -> BatchFate:
    """The fate of a batch."""
    return BatchFate(run=batch.run, seq=batch.seq, fate=fate, message=message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a request came to; `held` names the newest run and every incomplete one of the gateway."""

    fates: tuple[BatchFate, ...] = ()
    held: tuple[tuple[str, int], ...] = ()
    mistakes: tuple[str, ...] = ()
    stored_lines: int = 0
    error: Exception | None = None

    @property
    def refused(self) -> bool:
        """Whether a batch was refused for good."""
        return any(fate.fate in (Fate.REFUSED_HASH, Fate.REFUSED_SIGNATURE) for fate in self.fates)


class NotAdmitted(ColdchainError):
    """This key, name or kind of write is not admitted; the writer is told nothing more."""
