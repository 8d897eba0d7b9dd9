"""Processes of this machine, as /proc shows them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")


def descendants(pid: int) -> set[int]:
    """Every process below `pid` now, by parentage."""
    parents = {child: parent for child in _pids() if (parent := _parent(child)) is not None}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def alive(pids: Iterable[int]) -> set[int]:
    """Those that still run; a zombie does not."""
    return {pid for pid in pids if _state(pid) not in (None, "Z", "X")}


def gone_within(pids: Iterable[int], seconds: float) -> set[int]:
    """Wait until none of them runs; those that still do after `seconds`."""
    deadline = time.monotonic() + seconds
    while (left := alive(pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def rss_bytes(pid: int) -> int:
    """Resident memory of a process."""
    pages = int((PROC / str(pid) / "statm").read_text().split()[1])
    return pages * 4096


def _pids() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def _stat(pid: int) -> list[str] | None:
    """State, parent and more: the fields behind the name."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _state(pid: int) -> str | None:
    stat = _stat(pid)
    return None if stat is None else stat[0]


def _parent(pid: int) -> int | None:
    stat = _stat(pid)
    return None if stat is None else int(stat[1])
