"""What a verification says: intact, incomplete with its holes, broken with the record named, or nothing."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MAX_FAULTS: Final = 100
UNDECLARED: Final = "not declared"


class Answer(StrEnum):
    """The answers. What is incomplete is whole in all that is there; of nothing, nothing is claimed."""

    INTACT = "intact"
    INCOMPLETE = "incomplete"
    BROKEN = "broken"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Numbers of a run that are not there, and why: as it was declared, or UNDECLARED.

    gateway   its name; the key's fingerprint where no batch of it is there
    """

    gateway: str
    key: str
    run: str
    first: int
    last: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """More than one history under one key: two batches of one number, or a number that cannot be.

    records   offsets of the batches that stand beside others
    """

    gateway: str
    key: str
    run: str
    seq: int
    why: str
    records: tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class Report:
    """What was found. `faults` name the record each; a flood of them is cut at MAX_FAULTS.

    asked         records that were received in the time asked for: all, where none was
    first, last   records that were read, 0 if there are none; `from_ms`, `to_ms` their stamps
    lines         lines of the batches, readings nearly all of them
    keys          fingerprints of the keys that sealed, with the gateway's name
    holes         numbers that are not there
    clones        batches that stand beside another of the same number; both are evidence
    unknown       batches whose key stands nowhere in the ledger
    expired       records whose segments were let go after the declared retention, leaving a signed stub
    """

    organisation: str = ""
    records: int = 0
    asked: int = 0
    first: int = 0
    last: int = 0
    from_ms: int = 0
    to_ms: int = 0
    batches: int = 0
    lines: int = 0
    gateways: set[str] = field(default_factory=set)
    keys: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    holes: list[Missing] = field(default_factory=list)
    forks: list[Fork] = field(default_factory=list)
    clones: int = 0
    unknown: int = 0
    expired: int = 0
    head: str = ""

    @property
    def answer(self) -> Answer:
        """The answer in one word."""
        if self.faults:
            return Answer.BROKEN
        if not self.asked:
            return Answer.NOTHING
        return Answer.INCOMPLETE if self.holes else Answer.INTACT

    @property
    def intact(self) -> bool:
        """Whether everything that is there is what was written."""
        return not self.faults

    @property
    def declared(self) -> int:
        """How many missing numbers were declared never to come."""
        return sum(hole.last - hole.first + 1 for hole in self.holes if hole.reason != UNDECLARED)

    def fault(self, text: str) -> None:
        """Note a fault."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(text)
