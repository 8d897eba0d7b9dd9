"""Bodies on their way: gathered, sent in order by threads of their own, what is refused for good set apart.

While bodies are on their way the next are made. `drain` returns when everything was answered.
"""

import queue
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple

from coldchain_backend.influx import InfluxTrouble, Left, Precision, Trouble, Written

BODY_LINES: Final = 5_000
BODY_BYTES: Final = 1 << 20
AHEAD: Final = 8
"""So many bodies wait at most for those that are on their way: about what one turn makes."""

LANES: Final = 2
"""So many bodies without order among them are on their way at once: InfluxDB need not wait for the next."""

MOST_SPLITS: Final = 200
"""So many requests a single body may cost; what is then still unclear is counted unnamed."""

WAIT_S: Final = 0.2
_END: Final = None


@dataclass(slots=True)
class Tally:
    """What was written and what was left out, since the start."""

    points: int = 0
    bodies: int = 0
    left: Counter[Left] = field(default_factory=Counter)
    samples: dict[Left, str] = field(default_factory=dict)

    def leave(self, left: Left, number: int, message: str, line: str) -> None:
        """Count points that are left out for good, and name the last."""
        self.left[left] += number
        self.samples[left] = f"{message}: {line[:200]}" if line else message

    def add(self, other: "Tally") -> None:
        """Take in what another counted."""
        self.points += other.points
        self.bodies += other.bodies
        self.left += other.left
        self.samples |= other.samples


class _Body(NamedTuple):
    """Lines to be written together; `free`: no other free body holds any of their points."""

    precision: Precision
    lines: Sequence[str]
    free: bool


class Writer:
    """Owned by one thread, which puts and drains; `write` is called from `LANES` threads of the writer's own.

    Free bodies are on their way side by side. Any other waits until all before it were answered, and all
    behind it wait for it.
    """

    def __init__(self, write: Callable[[bytes, Precision], Written], tally: Tally) -> None:
        self._write, self._tally = write, tally
        self._gathered: dict[Precision, list[str]] = {precision: [] for precision in Precision}
        self._sizes: Counter[Precision] = Counter()
        self._bound: set[Precision] = set()
        self._queue: queue.Queue[_Body | None] = queue.Queue(AHEAD)
        self._failed: InfluxTrouble | None = None
        self._next, self._settled = threading.Lock(), threading.Condition()
        self._flying: list[_Body] = []
        self._threads = [
            threading.Thread(target=self._run, name=f"mirror writer {number}", daemon=True)
            for number in range(LANES)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, lines: Sequence[str], precision: Precision = Precision.MS, *, free: bool = False) -> None:
        """Gather lines; raises InfluxTrouble where an earlier body could not be written.

        `free`: no point of these lines is in any other free line.
        """
        for start in range(0, len(lines), BODY_LINES):
            part = lines[start : start + BODY_LINES]
            gathered = self._gathered[precision]
            gathered += part
            if not free:
                self._bound.add(precision)
            self._sizes[precision] += sum(map(len, part))
            if len(gathered) >= BODY_LINES or self._sizes[precision] >= BODY_BYTES:
                self._send(precision)

    def drain(self) -> None:
        """Send what is gathered and wait until everything was answered; raises as `put` does."""
        for precision in Precision:
            self._send(precision)
        self._queue.join()
        self._raise()

    def forget(self) -> None:
        """Drop what is gathered and what failed: the owner begins again from its last position."""
        self._queue.join()
        self._failed = None
        for gathered in self._gathered.values():
            gathered.clear()
        self._sizes.clear()
        self._bound.clear()

    def close(self) -> None:
        """End the threads once what is queued was answered."""
        for _ in self._threads:
            self._queue.put(_END)
        for thread in self._threads:
            thread.join()

    def _send(self, precision: Precision) -> None:
        self._raise()
        lines = self._gathered[precision]
        if lines:
            body = _Body(precision, lines, free=precision not in self._bound)
            self._gathered[precision], self._sizes[precision] = [], 0
            self._bound.discard(precision)
            self._queue.put(body)

    def _raise(self) -> None:
        if self._failed is not None:
            raise self._failed

    def _sent(self, precision: Precision, lines: Sequence[str]) -> Written:
        return self._write("\n".join(lines).encode(), precision)

    def _run(self) -> None:
        while (body := self._taken()) is not _END:
            tally = Tally()
            try:
                if self._failed is None:
                    Apart(partial(self._sent, body.precision), tally).write(body.lines)
            except InfluxTrouble as trouble:
                self._failed = trouble
            except Exception as error:  # noqa: BLE001 - the owner gets it, and begins again
                self._failed = InfluxTrouble(Trouble.REFUSED, f"{type(error).__name__}: {error}")
            finally:
                with self._settled:
                    self._tally.add(tally)
                    self._flying.remove(body)
                    self._settled.notify_all()
                self._queue.task_done()

    def _taken(self) -> _Body | None:
        """The next body, once it may go: one thread waits for it, the others for their turn to do so."""
        with self._next:
            body = self._queue.get()
            if body is not _END:
                with self._settled:
                    self._settled.wait_for(lambda: self._may_fly(body))
                    self._flying.append(body)
            return body

    def _may_fly(self, body: _Body) -> bool:
        return not self._flying or (body.free and all(other.free for other in self._flying))


class Apart:
    """Writes lines so that those which are refused for good end up alone, counted and named."""

    def __init__(self, write: Callable[[Sequence[str]], Written], tally: Tally) -> None:
        self._write, self._tally = write, tally
        self._asked = 0

    def write(self, lines: Sequence[str]) -> None:
        """Write all that is taken; raises InfluxTrouble where nothing can be written now."""
        answer = self._ask(lines)
        if answer.left is None:
            self._tally.points += len(lines)
        elif answer.dropped == len(lines) or len(lines) == 1:
            self._tally.leave(answer.left, len(lines), answer.message, lines[0])
        elif answer.left is Left.RETENTION and answer.dropped is not None:
            # InfluxDB says so only where nothing else was wrong: the oldest were dropped, the rest was taken.
            self._tally.points += len(lines) - answer.dropped
            self._tally.leave(answer.left, answer.dropped, answer.message, min(lines, key=_time_of))
        elif self._asked >= MOST_SPLITS:
            number = len(lines) if answer.dropped is None else answer.dropped
            self._tally.points += len(lines) - number
            self._tally.leave(answer.left, number, answer.message, "")
        else:
            half = len(lines) // 2
            self.write(lines[:half])
            self.write(lines[half:])

    def _ask(self, lines: Sequence[str]) -> Written:
        self._asked += 1
        self._tally.bodies += 1
        return self._write(lines)


def _time_of(line: str) -> int:
    return int(line.rpartition(" ")[2])


__all__ = ["BODY_LINES", "Apart", "Tally", "Writer"]
