"""Excursions that closed while batches are missing: the ends of their alerts are held back for a while."""

from coldchain_backend.judging.contracts import StoredExcursion
from coldchain_backend.judging.courses import Course
from coldchain_backend.judging.dues import DueKind, Dues


class Held:
    """Each has a due time at which waiting ends."""

    def __init__(self, dues: Dues) -> None:
        self._dues = dues
        self._held: dict[str, tuple[StoredExcursion, Course]] = {}

    def hold(self, stored: StoredExcursion, course: Course) -> None:
        """Hold the end of an excursion until `held_ms` at most."""
        self._held[stored.id] = (stored, course)
        self._dues.set(DueKind.RELEASE, (stored.id,), stored.held_ms)

    def release(self, excursion: str) -> tuple[StoredExcursion, Course] | None:
        """No longer hold an end; what was held."""
        self._dues.set(DueKind.RELEASE, (excursion,), None)
        return self._held.pop(excursion, None)

    def __bool__(self) -> bool:
        return bool(self._held)

    def all(self) -> list[tuple[str, Course]]:
        """Ids and courses of what is held, by id."""
        return [
            (excursion, course)
            for excursion, (_, course) in sorted(self._held.items(), key=lambda one: one[0])
        ]
