"""What a recorded program did to its folder and its sockets, in order."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A file was opened for creation; nothing happens where it was there already."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrote:
    """Bytes went into the page cache. `offset` None appends."""

    path: str
    offset: int | None
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Resized:
    path: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlinked:
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeFolder:
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncBegun:
    """fsync or fdatasync of a file or folder was entered: what was pending then is covered by it."""

    path: str
    token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncDone:
    """The sync of that token returned: what it covers survives a power cut."""

    token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Bytes left the process by a socket. They count from the moment the call was entered."""

    connection: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    connection: str
    data: bytes


Operation = (
    Created | Wrote | Resized | Renamed | Unlinked | MadeFolder | SyncBegun | SyncDone | Sent | Received
)
Change = Created | Wrote | Resized | Renamed | Unlinked | MadeFolder | SyncBegun | SyncDone
