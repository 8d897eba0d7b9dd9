"""Power cuts at random points of a recording: for each, the folder as the next start finds it.

`differences` proves that the replay understood the recording: all of it must give the files that the program
left behind.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.powercut.disk import Disk, contents
from support.powercut.operations import Operation, Received, Sent, SyncDone
from support.powercut.trace import operations

Said = Sent | Received


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The power fails after `at` operations. `said` is all that went over sockets until then."""

    number: int
    at: int
    held: Mapping[str, bytes | None]
    said: Sequence[Said]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What a program did to the folder `root`, which held `before` when it began."""

    root: str
    before: Mapping[str, bytes | None]
    done: Sequence[Operation]

    def cuts(self, count: int, seed: int, *, syncs: bool = True) -> Iterator[Cut]:
        """`count` cuts in the order of the recording. Without `syncs` every sync is taken out of it."""
        rng = random.Random(seed)
        disk = Disk(self.root, held=self.before, syncs=syncs)
        said: list[Said] = []
        points = iter(self._points(count, rng))
        wanted = next(points, None)
        number = 0
        for at, operation in enumerate(self.done, start=1):
            if isinstance(operation, Sent | Received):
                said.append(operation)
            else:
                disk.apply(operation)
            while wanted == at:
                yield Cut(number=number, at=at, held=disk.after_cut(rng), said=tuple(said))
                number += 1
                wanted = next(points, None)

    def _points(self, count: int, rng: random.Random) -> list[int]:
        """Half anywhere, a quarter just after something was said, a quarter just after a sync."""
        after = {
            kind: [at for at, one in enumerate(self.done, start=1) if isinstance(one, kind)]
            for kind in (Sent, SyncDone)
        }
        anywhere = range(1, len(self.done) + 1)
        pools = [anywhere, anywhere, after[Sent] or anywhere, after[SyncDone] or anywhere]
        return sorted(rng.choice(pools[number % len(pools)]) for number in range(count))

    def cached(self) -> dict[str, bytes | None]:
        """The folder after the whole recording, as running programs saw it."""
        disk = Disk(self.root, held=self.before)
        for operation in self.done:
            if not isinstance(operation, Sent | Received):
                disk.apply(operation)
        return disk.cached()

    def differences(self, folder: Path) -> list[str]:
        """Names of files that the replay gives otherwise than `folder` has them, but for SQLite's -shm."""
        replayed, real = self.cached(), contents(folder)
        names = (name for name in replayed.keys() | real.keys() if not name.endswith("-shm"))
        return sorted(name for name in names if replayed.get(name, b"?") != real.get(name, b"?"))


def read(trace: Path, folder: Path, before: Mapping[str, bytes | None]) -> Recording:
    """The recording in `trace` of a program that worked on `folder`."""
    root = folder.resolve()
    return Recording(root=str(root), before=before, done=operations(trace, root))
