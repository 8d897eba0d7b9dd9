"""What a sealed batch declares about sequences: holes, the run before it, an orderly end.

Only bodies that can hold such lines are parsed; the readings are the consumer's work.
"""

from dataclasses import dataclass
from typing import Final

from coldchain.lineprotocol import BadLine, Line, parse
from coldchain.seal import Batch

_HOLE, _RUN, _GOING_DOWN = _STARTS = (b"hole,", b"run,", b"going_down ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """Numbers of a run that will never come; `hash` is that of the last one, or empty."""

    run: str
    first: int
    last: int
    hash: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousRun:
    """The head of the run before, as its successor names it; `hash` may be empty."""

    run: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """All that one body declares."""

    holes: tuple[Hole, ...] = ()
    previous: PreviousRun | None = None
    going_down: bool = False


NOTHING: Final = Declared()


def declared(batch: Batch) -> Declared:
    """The declarations in a batch; lines that are none, or not well formed, declare nothing.

    Of its own run a batch can know only of numbers below its own: whatever reaches farther declares nothing.
    """
    body = batch.body
    if _HOLE not in body and _RUN not in body and _GOING_DOWN not in body:
        return NOTHING
    lines = b"\n".join(line for line in body.split(b"\n") if line.startswith(_STARTS))
    holes, previous, going_down = [], None, False
    for line in parse(lines):
        if isinstance(line, BadLine):
            continue
        if line.measurement == "hole" and (hole := _hole(line)) and _can_know(batch, hole):
            holes.append(hole)
        elif line.measurement == "run":
            previous = _previous(line) or previous
        elif line.measurement == "going_down":
            going_down = True
    return Declared(holes=tuple(holes), previous=previous, going_down=going_down)


def _can_know(batch: Batch, hole: Hole) -> bool:
    """Whether a batch can say that the numbers of a hole will never come."""
    return hole.run != batch.run or hole.last < batch.seq


def _hole(line: Line) -> Hole | None:
    first, last, hash_ = line.fields.get("first"), line.fields.get("last"), line.fields.get("hash", "")
    run, reason = line.tags.get("run"), line.fields.get("reason", "")
    if run is None or type(first) is not int or type(last) is not int or not isinstance(hash_, str):
        return None
    if not 1 <= first <= last:
        return None
    return Hole(run=run, first=first, last=last, hash=hash_, reason=reason if isinstance(reason, str) else "")


def _previous(line: Line) -> PreviousRun | None:
    run, seq = line.fields.get("previous"), line.fields.get("previous_seq")
    hash_ = line.fields.get("previous_hash", "")
    if not isinstance(run, str) or not run or type(seq) is not int or not isinstance(hash_, str):
        return None
    return PreviousRun(run=run, seq=seq, hash=hash_)
