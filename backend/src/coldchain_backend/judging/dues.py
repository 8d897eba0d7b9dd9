"""Due times as they fire: by instant, then by kind, then by key; never in the order of their setting."""

from enum import IntEnum
from heapq import heapify, heappop, heappush


class DueKind(IntEnum):
    """What is due. At one instant the use of zones changes first, then late readings are judged."""

    ZONE = -1
    LATE = 0
    LEVEL = 1
    RELEASE = 2
    OFFLINE = 3
    SILENCE = 4
    DEVICE = 5


Key = tuple[str | int, ...]
Due = tuple[int, int, Key]


class Dues:
    """One due time per (kind, key); setting another replaces it."""

    def __init__(self) -> None:
        self._heap: list[Due] = []
        self._valid: dict[tuple[int, Key], int] = {}

    def set(self, kind: DueKind, key: Key, due_ms: int | None) -> None:
        """Set, move or (None) remove a due time."""
        name = (int(kind), key)
        if due_ms is None:
            self._valid.pop(name, None)
        elif self._valid.get(name) != due_ms:
            self._valid[name] = due_ms
            heappush(self._heap, (due_ms, int(kind), key))
            self._sweep()

    def pop(self, until_ms: int) -> tuple[int, DueKind, Key] | None:
        """Take the first due time at or before an instant."""
        while self._heap and self._heap[0][0] <= until_ms:
            due_ms, kind, key = heappop(self._heap)
            if self._valid.get((kind, key)) == due_ms:
                del self._valid[kind, key]
                return due_ms, DueKind(kind), key
        return None

    def next_ms(self) -> int | None:
        """The earliest due time."""
        while self._heap and self._valid.get(self._heap[0][1:]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def _sweep(self) -> None:
        """Drop replaced entries before they outnumber the valid ones."""
        if len(self._heap) > 1000 + 4 * len(self._valid):
            self._heap = [due for due in self._heap if self._valid.get(due[1:]) == due[0]]
            heapify(self._heap)
