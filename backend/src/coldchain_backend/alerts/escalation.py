"""Who is told next while nobody takes notice: a chain's place in its steps, its due times. Pure.

A chain begins when people are first called and runs while the alert is firing and nothing lies over it. It
stands still while somebody has taken notice, and goes on where it stood when that times out; one that had
come to its end begins anew. A step that is told late, because we were down, moves those behind it: waits
are counted between tellings.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from coldchain_backend.alerts.routing import Rung


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """How far an escalation has come, whatever its steps are called now.

    began_ms    the stamp that its waits count from
    after_ms    the wait of the last step that was told; 0: none yet
    told        how many steps were told in all
    stopped_ms  since when it stands still; None: it runs
    """

    began_ms: int
    after_ms: int = 0
    told: int = 0
    stopped_ms: int | None = None


def follow_chain(chain: Chain | None, rungs: Sequence[Rung], now_ms: int, *, runs: bool) -> Chain | None:
    """The chain of an alert that calls people (`runs`) or does not, as of a stamp."""
    if chain is None:
        return Chain(began_ms=now_ms) if runs else None
    if not runs:
        return chain if chain.stopped_ms is not None else replace(chain, stopped_ms=now_ms)
    if chain.stopped_ms is None:
        return chain
    if chain.after_ms and all(one.after_ms <= chain.after_ms for one in rungs):
        return Chain(began_ms=now_ms, told=chain.told)
    return replace(chain, began_ms=chain.began_ms + now_ms - chain.stopped_ms, stopped_ms=None)


def next_rungs(chain: Chain, rungs: Sequence[Rung]) -> tuple[int, tuple[Rung, ...]] | None:
    """When the next step is due, and what is told then; None at the end, and while it stands still."""
    ahead = [one.after_ms for one in rungs if one.after_ms > chain.after_ms]
    if chain.stopped_ms is not None or not ahead:
        return None
    after_ms = min(ahead)
    return chain.began_ms + after_ms, tuple(one for one in rungs if one.after_ms == after_ms)


def after(chain: Chain, told: Sequence[Rung], now_ms: int) -> Chain:
    """The chain behind a step that is told at `now_ms`, on time or late."""
    after_ms = told[0].after_ms
    return replace(chain, began_ms=now_ms - after_ms, after_ms=after_ms, told=chain.told + 1)
