"""Several processes that read segments side by side, or this one alone."""

from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from types import TracebackType
from typing import Final, TypeVar

from coldchain_backend.ledger.inspection import Found, Progress, Task, inspect
from coldchain_backend.ledger.named_keys import NamedKeys, named_keys

LOOK_S: Final = 0.2
STEP_BYTES: Final = 1024 * 1024
Result = TypeVar("Result")
_done: "Synchronized[int] | None" = None


class Crew:
    """Hands out segments; what it gives back is in the order in which they were asked for."""

    def __init__(self, jobs: int, progress: Progress) -> None:
        self._progress = progress
        self._pool: ProcessPoolExecutor | None = None
        self._told = 0
        if jobs > 1:
            context = get_context("forkserver")  # a fork of this process would copy the progress bar's thread
            self._count = context.Value("q", 0)
            self._pool = ProcessPoolExecutor(
                jobs, mp_context=context, initializer=_remember, initargs=(self._count,)
            )

    def __enter__(self) -> "Crew":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def named_keys(self, segments: Iterable[Path]) -> Sequence[NamedKeys]:
        """What keys each segment names."""
        if self._pool is None:
            return [named_keys(path) for path in segments]
        return self._gather([self._pool.submit(named_keys, path) for path in segments])

    def inspect(self, tasks: Iterable[Task]) -> Sequence[Found]:
        """What each segment holds."""
        if self._pool is None:
            return [inspect(task, self._progress) for task in tasks]
        return self._gather([self._pool.submit(_inspect, task) for task in tasks])

    def _gather(self, futures: "Sequence[Future[Result]]") -> list[Result]:
        waiting = set(futures)
        while waiting:
            _, waiting = wait(waiting, LOOK_S, return_when=FIRST_COMPLETED)
            self._tell()
        return [future.result() for future in futures]

    def _tell(self) -> None:
        done = self._count.value
        self._progress(done - self._told)
        self._told = done


def _remember(count: "Synchronized[int]") -> None:
    """In a new process: where to count the bytes that are done."""
    global _done  # noqa: PLW0603 - a pool hands shared memory to its processes at their start only
    _done = count


def _inspect(task: Task) -> Found:
    """Inspect in a process of the crew, counting in steps."""
    waiting = 0

    def count(size: int) -> None:
        nonlocal waiting
        waiting += size
        if waiting >= STEP_BYTES:
            _add(waiting)
            waiting = 0

    found = inspect(task, count)
    _add(waiting)
    return found


def _add(size: int) -> None:
    if _done is not None:
        with _done.get_lock():
            _done.value += size
