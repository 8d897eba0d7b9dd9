"""What each sensor said last, watched or not. Pure; times are CLOCK_BOOTTIME, ms."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from coldchain.readings import Value
from coldchain_gateway.contracts import Sample, maker

# More sensors than a gateway can have; whoever invents names does not fill its memory.
MOST_SENSORS: Final = 5_000


class Heard(NamedTuple):
    """A sensor's newest values, and how long it took from the telling before."""

    values: Mapping[str, Value]
    at_ms: int
    interval_ms: int | None = None


_heard: Final = maker(Heard)
LatestValues = dict[str, Heard]
"""By sensor."""


def remember(latest: LatestValues, samples: Iterable[Sample], now_ms: int) -> None:
    """Bring `latest` up to date; a sensor beyond the bound is not remembered (it is kept all the same)."""
    for sensor, values, *_ in samples:
        known = latest.get(sensor)
        if known is None:
            if len(latest) < MOST_SENSORS:
                latest[sensor] = Heard(values, now_ms)
            continue
        before, at_ms, interval_ms = known
        all_values = values if before.keys() <= values.keys() else {**before, **values}
        apart_ms = now_ms - at_ms
        latest[sensor] = _heard((all_values, now_ms, apart_ms if apart_ms > 0 else interval_ms))
