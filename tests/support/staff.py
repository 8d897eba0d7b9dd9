"""People by id, in memory; fills the port of the people that a backend knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from coldchain_backend.access import Person


class Staff:
    """Those who are known."""

    def __init__(self, *people: Person) -> None:
        self._known = {one.id: one for one in people}

    def person(self, id: str) -> Person | None:
        return self._known.get(id)

    def people(self, ids: Iterable[str]) -> Sequence[Person]:
        return [self._known[id] for id in dict.fromkeys(ids) if id in self._known]

    def everyone(self) -> Sequence[Person]:
        return list(self._known.values())
