"""What is known of a sensor once it has spoken. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from coldchain_backend.judging.batches import Spoken
from coldchain_backend.judging.contracts import SensorState
from coldchain_backend.series.blocks import quality_of


def spoken(state: SensorState, parts: Sequence[Spoken], gateway: str, now_ms: int) -> SensorState:
    """The sensor after readings that a gateway brought at a stamp of the log, with its newest values."""
    last_ms = max(part.times[-1] for part in parts)
    if state.last_ms is not None and last_ms <= state.last_ms:
        return replace(state, gateway=gateway, heard_ms=now_ms)
    newest = [part for part in parts if part.times[-1] == last_ms]
    values = dict(state.values)
    for part in newest:
        values.update((name, column[-1]) for name, column in part.fields.items())
    quality = quality_of(newest[-1].rank)
    return replace(state, gateway=gateway, heard_ms=now_ms, last_ms=last_ms, values=values, quality=quality)
