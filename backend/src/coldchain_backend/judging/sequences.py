"""The gateways' sequences as the log shows them: batches, declared holes, runs that end."""

from dataclasses import replace

from coldchain_backend.judging.batches import Content
from coldchain_backend.judging.contracts import Memory, RunState
from coldchain_backend.judging.holes import with_newest, with_numbers
from coldchain_backend.judging.present import Present


def follow_sequence(content: Content, newest_ms: int | None, memory: Memory, present: Present) -> None:
    """Take in the numbers of sealed batches, and what their lines say about other numbers.

    `newest_ms`: the newest event time in the last of the batches.
    """
    meta = content.meta
    held = present.runs.get(meta.run)
    declare(meta.run, meta.gateway, (content.first, meta.seq), memory, present)
    fresh = present.runs[meta.run]
    if newest_ms is not None and fresh.held >= meta.seq and (held is None or held.held < meta.seq):
        _keep(replace(fresh, held_ms=newest_ms), fresh, memory, present)
    _follow_lines(content, memory, present)


def _follow_lines(content: Content, memory: Memory, present: Present) -> None:
    """Of its own run a batch knows only of numbers below its own; what it says of others above is no news."""
    gateway = content.meta.gateway
    for line in content.others:
        run = line.tags.get("run", "")
        if line.measurement == "hole":
            first, last = line.fields.get("first"), line.fields.get("last")
            if not run or not isinstance(first, int) or not isinstance(last, int):
                continue
            if 1 <= first <= last and (run != content.meta.run or last <= content.meta.seq):
                declare(run, gateway, (first, last), memory, present)
        elif line.measurement == "run":
            previous, seq = line.fields.get("previous"), line.fields.get("previous_seq")
            if isinstance(previous, str) and previous and isinstance(seq, int) and seq > 0:
                known = present.runs.get(previous) or RunState(run=previous, gateway=gateway)
                _keep(with_newest(known, seq), known, memory, present)


def declare(run: str, gateway: str, span: tuple[int, int], memory: Memory, present: Present) -> None:
    """The numbers of a span are held, or declared to be lost."""
    known = present.runs.get(run) or RunState(run=run, gateway=gateway)
    _keep(with_numbers(known, *span), known, memory, present)


def _keep(fresh: RunState, known: RunState, memory: Memory, present: Present) -> None:
    if fresh != known or fresh.run not in present.runs:
        present.keep_run(fresh)
        memory.put_run(fresh)
