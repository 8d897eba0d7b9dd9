"""A table of sensors that marks the one whose value moves: warm a probe in your hand and name it."""

from dataclasses import dataclass
from typing import Final

from .looking import Look

# How far a temperature must go from where it was at first, in its own unit, to be called moving.
MOVES: Final = 1.0
CLEAR: Final = "\x1b[H\x1b[J"


@dataclass(slots=True)
class Course:
    """One value of one sensor since the watch began."""

    first: float
    last: float
    low: float
    high: float
    count: int = 1

    def add(self, value: float) -> None:
        """The next value."""
        self.last, self.count = value, self.count + 1
        self.low, self.high = min(self.low, value), max(self.high, value)

    @property
    def moved(self) -> float:
        """How far it has gone from its first value, with its sign."""
        return self.last - self.first


class Watch:
    """Remembers courses; the farthest mover is marked."""

    def __init__(self, *, redraws: bool) -> None:
        """`redraws`: a terminal shows one table that changes; else a line is written when something moves."""
        self._redraws = redraws
        self._courses: dict[tuple[str, str], Course] = {}
        self._marked: tuple[str, str] | None = None

    def seen(self, look: Look) -> str:
        """What to write now."""
        value = look.values.get("temperature")
        if value is None:
            value = next((one for one in look.values.values() if not isinstance(one, bool)), None)
        if value is None:
            return ""
        name = (look.source, look.sensor)
        course = self._courses.get(name)
        if course is None:
            self._courses[name] = Course(float(value), float(value), float(value), float(value))
        else:
            course.add(float(value))
        before, self._marked = self._marked, self.mover()
        if self._redraws:
            return CLEAR + "\n".join(self.table()) + "\n"
        if course is None or self._marked != before:
            return self._row(name if course is None or self._marked is None else self._marked) + "\n"
        return ""

    def mover(self) -> tuple[str, str] | None:
        """The sensor that has gone farthest, if it has gone far enough to tell."""
        name = max(self._courses, key=lambda one: abs(self._courses[one].moved), default=None)
        return name if name is not None and abs(self._courses[name].moved) >= MOVES else None

    def table(self) -> list[str]:
        """All sensors, one line each."""
        head = "warm one probe in your hand (or cool it) and see which line is marked; Ctrl-C ends"
        return [head, *(self._row(name) for name in sorted(self._courses))]

    def _row(self, name: tuple[str, str]) -> str:
        course = self._courses[name]
        mark = f"  <== moves {course.moved:+.2f}" if name == self._marked else ""
        span = f"{course.low:.2f} … {course.high:.2f}"
        return f"{name[0]}/{name[1]:<32} {course.last:>9.3f}   {span:>18}   {course.count:>5} ×{mark}"
