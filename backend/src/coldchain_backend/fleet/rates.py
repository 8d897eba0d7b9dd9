"""How often a receiver may be told."""

import re
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import WithJsonSchema

from coldchain.errors import InvalidInput

_RATE: Final = re.compile(r"([1-9][0-9]{0,5})/([1-9][0-9]?)?(s|min|h|d)")
_UNITS_MS: Final = {"d": 86_400_000, "h": 3_600_000, "min": 60_000, "s": 1_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """At most `count` messages within any `per_ms`."""

    count: int
    per_ms: int

    def __str__(self) -> str:
        unit = next((name for name, ms in _UNITS_MS.items() if self.per_ms % ms == 0), "s")
        units = self.per_ms // _UNITS_MS[unit]
        return f"{self.count}/{units if units > 1 else ''}{unit}"


def rate_of(text: str) -> Rate:
    """Read `20/min`, `1/s`, `5/3s`, `100/h` or `500/d`. Raises InvalidInput for anything else."""
    found = _RATE.fullmatch(text)
    if found is None:
        raise InvalidInput(f"{text!r} is not a rate such as 20/min, 1/s, 5/3s, 100/h or 500/d")
    return Rate(count=int(found[1]), per_ms=int(found[2] or 1) * _UNITS_MS[found[3]])


WrittenRate = Annotated[
    Rate, rate_of, WithJsonSchema({"type": "string", "pattern": f"^{_RATE.pattern}$", "examples": ["20/min"]})
]
