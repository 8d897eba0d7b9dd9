"""New excursions: the id that is free for one, and whether anything can be known under it already."""

from collections.abc import Mapping

from coldchain.excursions import Excursion, excursion_id
from coldchain_backend.judging.contracts import Gone, Memory, StoredExcursion
from coldchain_backend.judging.courses import Course
from coldchain_backend.judging.present import Present


class Firsts:
    """Remembers when the newest excursion of each point opened: what opens later was never stored."""

    def __init__(self, memory: Memory, present: Present) -> None:
        self._memory, self._present = memory, present
        self._newest: dict[str, int] = {}

    def know(self, newest: Mapping[str, int]) -> None:
        """Take up what is stored: of each point when its newest excursion opened first, or later."""
        self._newest = dict(newest)

    def note(self, stored: StoredExcursion) -> None:
        """An excursion is stored."""
        opened_ms = stored.excursion.opened_ms
        self._newest[stored.point] = max(opened_ms, self._newest.get(stored.point, opened_ms))

    def is_newest(self, point: str, excursion: Excursion) -> bool:
        """Whether none that opened as late was ever stored of a point, so that nothing has its id."""
        return excursion.opened_ms > self._newest.get(point, -1)

    def begin(self, course: Course, excursion: Excursion, end_value: float | None = None) -> StoredExcursion:
        """A new excursion, or one that was withdrawn and comes back."""
        point = course.spell.place.point.id
        free, known = excursion_id(point, excursion.rule, excursion.opened_ms), None
        if not self.is_newest(point, excursion):
            free, known = self._free_id(point, excursion)
        return StoredExcursion(
            id=free,
            key=course.key,
            point=point,
            created=self._present.next_created() if known is None else known.created,
            excursion=excursion,
            revision=1 if known is None else known.revision + 1,
            end_value=end_value,
        )

    def _free_id(self, point: str, excursion: Excursion) -> tuple[str, StoredExcursion | None]:
        """The id of a cause, and what was withdrawn under it; one that another lives under is numbered."""
        name, again = point, 1
        while True:
            found = excursion_id(name, excursion.rule, excursion.opened_ms)
            known = self._memory.excursion(found)
            if known is None or known.gone is Gone.WITHDRAWN:
                return found, known
            again += 1
            name = f"{point}\n{again}"
