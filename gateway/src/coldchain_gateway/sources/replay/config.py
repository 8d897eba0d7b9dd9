"""`kind = "replay"`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from coldchain.errors import InvalidInput
from coldchain_gateway.sources.line_language import LineLanguage


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayConfig(LineLanguage):
    """A recording of lines. `speed`: how many recorded seconds pass in one; 0: as fast as they are kept.

    `times = "recorded"`: a reading has the time at which its line was recorded (or says itself); "now": the
    time at which it is said again.
    """

    kind: Literal["replay"]
    name: str
    file: Path
    speed: float = 1.0
    times: Literal["recorded", "now"] = "recorded"

    def __post_init__(self) -> None:
        LineLanguage.__post_init__(self)
        if not 0 <= self.speed <= 1e6:
            raise InvalidInput("speed must lie between 0 and 1000000")
