"""A disk under a page cache: what a power cut may leave of a folder.

Safe is what was synced: a file's bytes by fsync or fdatasync of the file, its name by a sync of its folder.
Of everything else a random part survives, in 512-byte sectors, in any order; a length may survive without its
bytes, which then read as zeros. A rename is atomic. This is stricter than ext4 and XFS, on purpose.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from support.powercut.operations import (
    Change,
    Created,
    MadeFolder,
    Renamed,
    Resized,
    SyncBegun,
    SyncDone,
    Unlinked,
    Wrote,
)

SECTOR = 512


class Fate(Protocol):
    """Decides which unsynced pieces survive one power cut."""

    def survives(self) -> bool: ...


@dataclass(slots=True)
class Nothing:
    """Only what was synced survives."""

    def survives(self) -> bool:
        return False


@dataclass(slots=True)
class Prefix:
    """The first `left` pieces survive, as if the disk wrote in order."""

    left: int

    def survives(self) -> bool:
        self.left -= 1
        return self.left >= 0


@dataclass(slots=True, kw_only=True)
class Chance:
    """Each piece survives by itself, whatever came before it."""

    random: random.Random
    share: float

    def survives(self) -> bool:
        return self.random.random() < self.share


def fate(rng: random.Random, pieces: int) -> Fate:
    """One of the ways in which disks lose power, drawn by chance."""
    drawn = rng.randrange(4)
    if drawn == 0:
        return Nothing()
    if drawn == 1:
        return Prefix(rng.randint(0, pieces))
    return Chance(random=rng, share=rng.choice((0.1, 0.5, 0.9)))


@dataclass(slots=True)
class _File:
    """Bytes of one file: as written (`cached`), as synced (`safe`), and the steps between."""

    cached: bytearray = field(default_factory=bytearray)
    safe: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    dropped: int = 0

    def change(self, offset: int, data: bytes | None) -> None:
        """Write `data` at `offset`; None cuts or extends to `offset` bytes."""
        _apply(self.cached, offset, data)
        self.pending.append((offset, data))

    def mark(self) -> int:
        return self.dropped + len(self.pending)

    def settle(self, mark: int) -> None:
        """What was pending at `mark` is safe."""
        count = max(0, mark - self.dropped)
        for offset, data in self.pending[:count]:
            _apply(self.safe, offset, data)
        del self.pending[:count]
        self.dropped += count

    def pieces(self) -> Iterator[tuple[int, bytes | None]]:
        """Pending steps, writes cut where sectors end."""
        for offset, data in self.pending:
            if data is None:
                yield offset, None
                continue
            start = 0
            while start < len(data):
                stop = min(len(data), start + SECTOR - (offset + start) % SECTOR)
                yield offset + start, data[start:stop]
                start = stop

    def after_cut(self, chosen: Fate) -> bytes:
        left = bytearray(self.safe)
        for offset, data in self.pieces():
            if chosen.survives():
                _apply(left, offset, data)
            elif data is not None and len(left) < offset + len(data) and chosen.survives():
                _apply(left, offset + len(data), None)  # the length got there, the bytes did not
        return bytes(left)


@dataclass(slots=True)
class _Folder:
    """Names of one folder; a step gives names to files, None takes a name away."""

    cached: dict[str, _File | _Folder] = field(default_factory=dict)
    safe: dict[str, _File | _Folder] = field(default_factory=dict)
    pending: list[dict[str, _File | _Folder | None]] = field(default_factory=list)
    dropped: int = 0

    def change(self, step: dict[str, _File | _Folder | None]) -> None:
        _name(self.cached, step)
        self.pending.append(step)

    def mark(self) -> int:
        return self.dropped + len(self.pending)

    def settle(self, mark: int) -> None:
        count = max(0, mark - self.dropped)
        for step in self.pending[:count]:
            _name(self.safe, step)
        del self.pending[:count]
        self.dropped += count

    def after_cut(self, chosen: Fate) -> dict[str, _File | _Folder]:
        left = dict(self.safe)
        for step in self.pending:
            if chosen.survives():
                _name(left, step)
        return left


class Disk:
    """The folder `root` with what it held at first, all of it safe."""

    def __init__(self, root: str, *, held: Mapping[str, bytes | None], syncs: bool = True) -> None:
        """`held`: path under `root` → bytes, None for a folder. Without `syncs` nothing ever becomes safe."""
        self._root = root
        self._syncs = syncs
        self._tree = _Folder()
        self._begun: dict[int, tuple[_File | _Folder, int]] = {}
        for path, content in sorted(held.items()):
            folder, name = self._parent(f"{root}/{path}")
            made = _Folder() if content is None else _File(cached=bytearray(content), safe=bytearray(content))
            folder.cached[name] = folder.safe[name] = made

    def apply(self, change: Change) -> None:
        match change:
            case Created(path=path):
                self._file(path)
            case Wrote(path=path, offset=offset, data=data):
                file = self._file(path)
                file.change(len(file.cached) if offset is None else offset, data)
            case Resized(path=path, size=size):
                self._file(path).change(size, None)
            case Renamed(old=old, new=new):
                self._rename(old, new)
            case Unlinked(path=path):
                folder, name = self._parent(path)
                folder.change({name: None})
            case MadeFolder(path=path):
                folder, name = self._parent(path)
                folder.change({name: _Folder()})
            case SyncBegun(path=path, token=token):
                thing = self._thing(path)
                if self._syncs and thing is not None:
                    self._begun[token] = (thing, thing.mark())
            case SyncDone(token=token):
                if token in self._begun:
                    thing, mark = self._begun.pop(token)
                    thing.settle(mark)

    def cached(self) -> dict[str, bytes | None]:
        """The folder as running programs see it."""
        return {
            path: None if isinstance(thing, _Folder) else bytes(thing.cached)
            for path, thing in _walk(self._tree)
        }

    def after_cut(self, rng: random.Random) -> dict[str, bytes | None]:
        """The folder as the next start finds it, drawn by `rng`."""
        found: dict[str, bytes | None] = {}
        self._cut(self._tree, "", rng, found)
        return found

    def _cut(self, folder: _Folder, prefix: str, rng: random.Random, found: dict[str, bytes | None]) -> None:
        for name, thing in folder.after_cut(fate(rng, len(folder.pending))).items():
            path = prefix + name
            if isinstance(thing, _Folder):
                found[path] = None
                self._cut(thing, f"{path}/", rng, found)
            else:
                found[path] = thing.after_cut(fate(rng, sum(1 for _ in thing.pieces())))

    def _rename(self, old: str, new: str) -> None:
        source, old_name = self._parent(old)
        target, new_name = self._parent(new)
        if source is not target:
            raise NotImplementedError(f"the simulation renames within one folder only: {old} → {new}")
        source.change({old_name: None, new_name: source.cached[old_name]})

    def _file(self, path: str) -> _File:
        folder, name = self._parent(path)
        found = folder.cached.get(name)
        if found is None:
            found = _File()
            folder.change({name: found})
        if isinstance(found, _Folder):
            raise IsADirectoryError(path)
        return found

    def _thing(self, path: str) -> _File | _Folder | None:
        if path == self._root:
            return self._tree
        folder, name = self._parent(path)
        return folder.cached.get(name)

    def _parent(self, path: str) -> tuple[_Folder, str]:
        *folders, name = path.removeprefix(f"{self._root}/").split("/")
        place = self._tree
        for folder in folders:
            below = place.cached[folder]
            if not isinstance(below, _Folder):
                raise NotADirectoryError(path)
            place = below
        return place, name


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data


def _name(names: dict[str, _File | _Folder], step: Mapping[str, _File | _Folder | None]) -> None:
    for name, thing in step.items():
        if thing is None:
            names.pop(name, None)
        else:
            names[name] = thing


def _walk(folder: _Folder, prefix: str = "") -> Iterator[tuple[str, _File | _Folder]]:
    for name, thing in folder.cached.items():
        yield prefix + name, thing
        if isinstance(thing, _Folder):
            yield from _walk(thing, f"{prefix}{name}/")


def contents(root: Path) -> dict[str, bytes | None]:
    """A real folder in the shape of this module."""
    found = sorted(root.rglob("*"))
    return {path.relative_to(root).as_posix(): None if path.is_dir() else path.read_bytes() for path in found}


def write(root: Path, held: Mapping[str, bytes | None]) -> None:
    """Lay such a folder down as real files under `root`, which must not be there."""
    root.mkdir(parents=True)
    for path, content in sorted(held.items()):
        if content is None:
            (root / path).mkdir(exist_ok=True)
        elif content.count(0) == len(content):
            with (root / path).open("wb") as file:
                file.truncate(len(content))  # zeros need no room
        else:
            (root / path).write_bytes(content)
