"""How good a reading is as evidence: by its rank in the series, and by what its sensor is."""

from collections.abc import Sequence
from typing import Final

from coldchain.readings import Grade, Quality
from coldchain_backend.fleet import Sensor
from coldchain_backend.series.blocks import Origin, origin_of, quality_of

_GRADES: Final = {
    Origin.SEALED: Grade.SEALED,
    Origin.RECEIPT: Grade.SEALED_ON_RECEIPT,
    Origin.FOLLOWED: Grade.FOLLOWED,
}


def grades_of(ranks: Sequence[int], sensor: Sensor | None) -> list[Grade]:
    """The grade of each reading; a controller's own probe, say, is never better than that."""
    of_sensor = None if sensor is None else sensor.grade
    by_rank = {rank: of_sensor or _grade_of(rank) for rank in set(ranks)}
    return [by_rank[rank] for rank in ranks]


def _grade_of(rank: int) -> Grade:
    origin = origin_of(rank)
    if origin is not Origin.FOLLOWED and quality_of(rank) is Quality.TIME_PLACED:
        return Grade.TIME_PLACED
    return _GRADES[origin]
