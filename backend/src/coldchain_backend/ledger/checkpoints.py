"""Checkpoints: signed statements "record N had this hash", which show a cut-off or rewritten end.

They stand one a line in `checkpoints` beside the segments; a torn last line is no statement.
"""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import orjson

from coldchain.seal import Key, sign_document, verify_document

NAME: Final = "checkpoints"
LATEST_MS: Final = 250_000_000_000_000  # the year 9892, which dates can still show
_KIND: Final = "ledger-checkpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What the backend signed: its ledger's head at one moment (UTC ms)."""

    organisation: str
    offset: int
    hash: str
    at_ms: int
    signature: str = ""

    def payload(self) -> bytes:
        """The signed bytes."""
        return b"%b\n%d\n%b\n%d\n" % (
            self.organisation.encode(), self.offset, self.hash.encode(), self.at_ms,
        )  # fmt: skip

    def signed_by(self, public: bytes) -> bool:
        return verify_document(public, _KIND, self.payload(), self.signature)


def signed(key: Key, unsigned: Checkpoint) -> Checkpoint:
    """The checkpoint with its signature."""
    return replace(unsigned, signature=sign_document(key, _KIND, unsigned.payload()))


def write_checkpoint(directory: Path, checkpoint: Checkpoint) -> None:
    """Add a signed checkpoint durably. Raises OSError."""
    line = orjson.dumps(asdict(checkpoint))
    descriptor = os.open(directory / NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    try:
        os.write(descriptor, b"\n" + line + b"\n")
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def read_checkpoints(directory: Path) -> Sequence[Checkpoint]:
    """All whole checkpoints, in the order in which they were made."""
    try:
        lines = (directory / NAME).read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    found = (_parse(line) for line in lines if line)
    return [checkpoint for checkpoint in found if checkpoint is not None]


def _parse(line: bytes) -> Checkpoint | None:
    try:
        fields = orjson.loads(line)
        if not 0 <= int(fields["at_ms"]) <= LATEST_MS:
            return None
        return Checkpoint(
            organisation=str(fields["organisation"]),
            offset=int(fields["offset"]),
            hash=str(fields["hash"]),
            at_ms=int(fields["at_ms"]),
            signature=str(fields["signature"]),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
