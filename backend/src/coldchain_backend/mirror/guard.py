"""The bucket before it is written to: there, ours, not emptied, not mirrored into by somebody else.

Our own mark stands in it, once a minute. A bucket without it has been emptied, one with an older one was
restored from a backup: both are filled again. The fresh mark of another filling is another backend's.
"""

from dataclasses import dataclass
from secrets import token_hex
from typing import Final

from coldchain_backend.influx import BucketFacts, InfluxTrouble, Precision, Trouble
from coldchain_backend.mirror.contracts import Bucket, Position
from coldchain_backend.mirror.points import NANO, mark_line
from coldchain_backend.mirror.state import MirrorState

LOOK_MS: Final = 60_000
FRESH_MS: Final = 300_000
"""A mark of another filling that is younger than this is of somebody who still writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What the newest mark in a bucket says."""

    fill: str
    ledger: int
    at_ms: int


def why_anew(known: Position, target: str, mark: Mark | None) -> str:
    """Why a bucket that holds no mark but ours must be filled again, or nothing."""
    if known.target != target:
        return "it is another bucket than before"
    if known.marked >= 0 and mark is None:
        return "the bucket was emptied"
    if mark is not None and mark.ledger < known.marked:
        return "the bucket was restored from a backup"
    return ""


class Guard:
    """`retention_ms`: what a bucket that is made keeps; None: no bucket is ever made."""

    def __init__(
        self, bucket: Bucket, organisation: str, target: str, state: MirrorState, retention_ms: int | None
    ) -> None:
        self._bucket, self._organisation, self.target = bucket, organisation, target
        self._state, self._retention_ms = state, retention_ms
        self._looked_ms = self._marked_ms = 0

    def look(self, known: Position | None, now_ms: int) -> str:
        """Why everything must be written anew, or nothing.

        Raises InfluxTrouble where the bucket is not ours to write.
        """
        if known is not None and 0 <= now_ms - self._looked_ms < LOOK_MS:
            return ""
        made = self._there(now_ms)
        mark = None if made else self._mark()
        if mark is not None and (known is None or mark.fill != known.fill):
            left_ms = mark.at_ms + FRESH_MS - now_ms
            if left_ms > 0:
                raise InfluxTrouble(
                    Trouble.FOREIGN,
                    f"another backend mirrors into this bucket; if it has ended, it is taken over in"
                    f" {-(-left_ms // 1000)} s",
                )
            return "somebody else mirrored into the bucket"
        if known is None:
            return "nothing is known of it yet"
        self._looked_ms = now_ms
        return why_anew(known, self.target, mark)

    def _there(self, now_ms: int) -> bool:
        """See that the bucket is there, or make it where that was asked for; whether it was made."""
        facts = self._bucket.facts()
        made = not facts.there
        if made:
            if self._retention_ms is None:
                raise InfluxTrouble(Trouble.BUCKET, f"no bucket {self._bucket.name} that the token may read")
            self._bucket.create(self._retention_ms)
            facts = self._bucket.facts()
        self._note(facts, now_ms)
        return made

    def _note(self, facts: BucketFacts, now_ms: int) -> None:
        self._state.version, self._state.retention_ms = facts.version, facts.retention_ms
        self._state.clock_off_ms = 0 if facts.date_ms is None else facts.date_ms - now_ms

    def _mark(self) -> Mark | None:
        found = self._bucket.newest("mirror", {"organisation": self._organisation})
        if found is None:
            return None
        at_ns, said = found
        ledger = said.get("ledger")
        return Mark(
            fill=str(said.get("fill")),
            ledger=int(ledger) if isinstance(ledger, (int, float)) else 0,
            at_ms=at_ns // NANO,
        )

    def fresh(self) -> str:
        """The id of a new filling."""
        self._marked_ms = 0
        return token_hex(8)

    def due(self, now_ms: int) -> bool:
        """Whether it is time for a mark."""
        return not 0 <= now_ms - self._marked_ms < LOOK_MS

    def mark(self, position: Position, now_ms: int) -> None:
        """Write our mark: everything up to the position has been answered."""
        line = mark_line(self._organisation, position.fill, position.ledger, position.stamp_ms, now_ms)
        if self._bucket.write(line.encode(), Precision.MS).left is None:
            position.marked, self._marked_ms = position.ledger, now_ms
