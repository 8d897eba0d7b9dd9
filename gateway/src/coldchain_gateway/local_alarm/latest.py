"""What each sensor said last, watched or not. Pure; times are CLOCK_BOOTTIME, ms."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from coldchain.readings import Value
from coldchain_gateway.contracts import Sample

# More sensors than a gateway can have; whoever invents names does not fill its memory.
MOST_SENSORS: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A sensor's newest values, and how long it took from the telling before."""

    values: Mapping[str, Value]
    at_ms: int
    interval_ms: int | None = None
    count: int = 1


LatestValues = dict[str, Heard]
"""By sensor."""


def remember(latest: LatestValues, samples: Iterable[Sample], now_ms: int) -> None:
    """Bring `latest` up to date; a sensor beyond the bound is not remembered (it is kept all the same)."""
    for sample in samples:
        known = latest.get(sample.sensor)
        if known is None:
            if len(latest) < MOST_SENSORS:
                latest[sample.sensor] = Heard(values=sample.values, at_ms=now_ms)
            continue
        whole = known.values.keys() <= sample.values.keys()
        apart_ms = now_ms - known.at_ms
        latest[sample.sensor] = Heard(
            values=sample.values if whole else {**known.values, **sample.values},
            at_ms=now_ms,
            interval_ms=apart_ms if apart_ms > 0 else known.interval_ms,
            count=known.count + 1,
        )
