"""How the mirror stands, for page, status, metrics and alerts; written by its thread, read by anybody."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from coldchain_backend.influx import Left, Trouble
from coldchain_backend.mirror.writer import Tally

CLOCK_OFF_MS: Final = 300_000
BEHIND_MS: Final = 900_000
CONDITIONS: Final = frozenset({*(trouble.value for trouble in Trouble), "behind", "left_type", "left_other"})
"""Every lasting name of a condition."""


@dataclass(slots=True, kw_only=True)
class MirrorState:
    """What is shown. Times are ms UTC.

    trouble      why nothing is written at present, since when, in its own words
    filling      everything is being written anew; `fills`: how often that was begun since the start, `why`
    ledger       number of the last record that is mirrored, and its stamp
    judged       number of the last record that judging has committed
    clock_off_ms how far InfluxDB's clock is from ours
    """

    target: str = ""
    version: str = ""
    trouble: Trouble | None = None
    since_ms: int = 0
    message: str = ""
    filling: bool = False
    fills: int = 0
    why: str = ""
    ledger: int = 0
    stamp_ms: int = 0
    judged: int = 0
    judged_stamp_ms: int = 0
    retention_ms: int | None = None
    clock_off_ms: int = 0
    tally: Tally = field(default_factory=Tally)

    def fail(self, trouble: Trouble, message: str, now_ms: int) -> None:
        """Nothing can be written now."""
        if self.trouble is not trouble:
            self.since_ms = now_ms
        self.trouble, self.message = trouble, message

    def recover(self) -> None:
        """Writing goes on."""
        self.trouble, self.message, self.since_ms = None, "", 0

    @property
    def settled(self) -> bool:
        """Whether it is known what goes on and what does not."""
        return self.trouble is None and self.ledger > 0

    @property
    def behind_ms(self) -> int:
        """How far the newest mirrored record lies behind the newest judged one; 0 before there is one."""
        return max(0, self.judged_stamp_ms - self.stamp_ms) if 0 < self.ledger < self.judged else 0

    def conditions(self) -> Mapping[str, str]:
        """What an operator has to know, by a lasting name, in words."""
        found: dict[str, str] = {}
        if self.trouble is not None:
            found[self.trouble.value] = self.message
        elif self.behind_ms > BEHIND_MS and not self.filling:
            found["behind"] = f"{self.behind_ms // 60_000} min behind"
        if abs(self.clock_off_ms) > CLOCK_OFF_MS:
            found["clock"] = f"its clock is {self.clock_off_ms // 1000} s off"
        for left, number in self.tally.left.items():
            if left is not Left.RETENTION:
                found[f"left_{left.value}"] = f"{number} points left out: {self.tally.samples.get(left, '')}"
        return found

    def document(self) -> dict[str, object]:
        """As plain values."""
        return {
            "target": self.target,
            "version": self.version,
            "trouble": None if self.trouble is None else self.trouble.value,
            "since_ms": self.since_ms,
            "message": self.message,
            "filling": self.filling,
            "fills": self.fills,
            "why": self.why,
            "ledger": self.ledger,
            "judged": self.judged,
            "behind_ms": self.behind_ms,
            "retention_ms": self.retention_ms,
            "clock_off_ms": self.clock_off_ms,
            "points": self.tally.points,
            "bodies": self.tally.bodies,
            "left_out": {left.value: number for left, number in self.tally.left.items()},
            "left_out_last": {left.value: text for left, text in self.tally.samples.items()},
            "conditions": dict(self.conditions()),
        }
