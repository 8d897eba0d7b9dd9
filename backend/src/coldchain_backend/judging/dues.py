"""Due times as they fire: by instant, then by kind, then by key; never in the order of their setting."""

from enum import IntEnum
from heapq import heapify, heappop, heappush


class DueKind(IntEnum):
    """What is due. At one instant the use of zones changes first, alerts come last."""

    ZONE = -1
    LATE = 0
    LEVEL = 1
    RELEASE = 2
    OFFLINE = 3
    SILENCE = 4
    DEVICE = 5
    ALERT = 6


Key = tuple[str | int, ...]
Due = tuple[int, int, Key]


class Dues:
    """One due time per (kind, key); setting another replaces it.

    A time that moves on leaves its entry in the heap until it comes up, so that moving costs next to nothing:
    most due times are those of silence, which every reading moves.
    """

    def __init__(self) -> None:
        self._heap: list[Due] = []
        self._valid: dict[tuple[int, Key], int] = {}
        self._entered: dict[tuple[int, Key], int] = {}

    def set(self, kind: DueKind, key: Key, due_ms: int | None) -> None:
        """Set, move or (None) remove a due time."""
        name = (kind.value, key)
        if due_ms is None:
            self._valid.pop(name, None)
            return
        self._valid[name] = due_ms
        entered_ms = self._entered.get(name)
        if entered_ms is None or due_ms < entered_ms:
            self._enter(name, due_ms)

    def _enter(self, name: tuple[int, Key], due_ms: int) -> None:
        self._entered[name] = due_ms
        heappush(self._heap, (due_ms, *name))
        if len(self._heap) > 1000 + 4 * len(self._valid):
            self._heap = [(due, *one) for one, due in self._valid.items()]
            heapify(self._heap)
            self._entered = dict(self._valid)

    def pop(self, until_ms: int) -> tuple[int, DueKind, Key] | None:
        """Take the first due time at or before an instant."""
        due = self._first()
        if due is None or due[0] > until_ms:
            return None
        heappop(self._heap)
        due_ms, kind, key = due
        del self._valid[kind, key], self._entered[kind, key]
        return due_ms, DueKind(kind), key

    def next_ms(self) -> int | None:
        """The earliest due time."""
        due = self._first()
        return None if due is None else due[0]

    def _first(self) -> Due | None:
        """The earliest entry that is valid; those that are not are dropped or moved to where they belong."""
        while self._heap:
            due_ms, kind, key = self._heap[0]
            name = (kind, key)
            if self._entered.get(name) == due_ms:
                valid_ms = self._valid.get(name)
                if valid_ms == due_ms:
                    return self._heap[0]
                del self._entered[name]
                heappop(self._heap)
                if valid_ms is not None:
                    self._enter(name, valid_ms)
            else:
                heappop(self._heap)
        return None
