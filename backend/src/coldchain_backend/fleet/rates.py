"""How often a receiver may be told."""

import re
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import WithJsonSchema

from coldchain.errors import InvalidInput

_RATE: Final = re.compile(r"([1-9][0-9]{0,5})/(s|min|h|d)")
_UNITS_MS: Final = {"s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """At most `count` messages within any `per_ms`."""

    count: int
    per_ms: int

    def __str__(self) -> str:
        unit = next((name for name, ms in _UNITS_MS.items() if ms == self.per_ms), f"{self.per_ms}ms")
        return f"{self.count}/{unit}"


def rate_of(text: str) -> Rate:
    """Read `20/min`, `1/s`, `100/h` or `500/d`. Raises InvalidInput for anything else."""
    found = _RATE.fullmatch(text)
    if found is None:
        raise InvalidInput(f"{text!r} is not a rate such as 20/min, 1/s, 100/h or 500/d")
    return Rate(count=int(found[1]), per_ms=_UNITS_MS[found[2]])


WrittenRate = Annotated[
    Rate, rate_of, WithJsonSchema({"type": "string", "pattern": f"^{_RATE.pattern}$", "examples": ["20/min"]})
]
