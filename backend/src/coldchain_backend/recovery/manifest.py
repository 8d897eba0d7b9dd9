"""What a set of a backup stands for: the last file in it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

import orjson

from coldchain.errors import IntegrityError

MANIFEST: Final = "manifest.json"
SEGMENTS: Final = "segments"
PART: Final = 1024 * 1024
_FORMAT: Final = 1
Progress = Callable[[int], None]
"""Told how many more bytes are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A closed segment in the folder of backups: its name in the ledger, its file, and its content's hash."""

    name: str
    file: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a set stands for. `made_ms` is UTC; `files` are (name, bytes, SHA-256) of what it holds itself."""

    organisation: str
    made_ms: int
    segments: tuple[Kept, ...]
    files: tuple[tuple[str, int, str], ...]

    def encode(self) -> bytes:
        """As it stands in the set."""
        return orjson.dumps({"format": _FORMAT, **asdict(self)})


def read_manifest(data: bytes, name: str) -> Manifest:
    """Read it; raises IntegrityError, beginning with `name`, for anything else."""
    try:
        fields = orjson.loads(data)
        if fields["format"] != _FORMAT:
            raise IntegrityError(f"{name}: a set of another format")
        return Manifest(
            organisation=str(fields["organisation"]),
            made_ms=int(fields["made_ms"]),
            segments=tuple(
                Kept(
                    name=str(one["name"]),
                    file=str(one["file"]),
                    sha256=str(one["sha256"]),
                    bytes=int(one["bytes"]),
                )
                for one in fields["segments"]
            ),
            files=tuple((str(file), int(size), str(digest)) for file, size, digest in fields["files"]),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"{name}: its manifest cannot be read: {error!r}") from error
