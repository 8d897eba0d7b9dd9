"""The sequence of a run: which numbers are held, and whether any below the newest is missing. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from coldchain.spans import Span
from coldchain_backend.judging.contracts import RunState


def with_numbers(run: RunState, first: int, last: int) -> RunState:
    """The run with the numbers first … last held; batches bring them, or a declaration that they are lost."""
    if last <= run.held:
        return run if last <= run.newest else replace(run, newest=last)
    if first <= run.held + 1 and not run.above:
        return replace(run, held=last, newest=max(run.newest, last))
    held, above = run.held, _joined([*run.above, (first, last)])
    if above[0][0] <= held + 1:
        held = max(held, above[0][1])
        above = above[1:]
    return replace(run, held=held, newest=max(run.newest, last), above=tuple(above))


def with_newest(run: RunState, newest: int) -> RunState:
    """The run, of which it is known that it went up to a number: its successor said so."""
    return replace(run, newest=max(run.newest, newest))


def _joined(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined
