"""What an excursion may come from: a defrost that ran, a door that stood open. It takes nothing out of the
record."""

from coldchain.marks import MarkedTime, MarkKind, explained_by, marked_times
from coldchain_backend.fleet import Zone
from coldchain_backend.judging.inquiry import Readings

LOOK_BACK_MS = 2 * 3_600_000
SWITCHES = ((MarkKind.DOOR, "door_open"), (MarkKind.DEFROST, "defrost"))


def explanation(readings: Readings, zone: Zone, opened_ms: int) -> MarkKind | None:
    """The mark that an excursion of a zone's point opened in or shortly after, by the zone's own switches.

    Two hours before it are looked at; a switch that has said nothing for so long explains nothing.
    """
    sensors = dict.fromkeys((*zone.doors, *(one.sensor for one in zone.points if one.sensor is not None)))
    times: list[MarkedTime] = []
    for kind, field in SWITCHES:
        for sensor in sensors:
            said, _ = readings.graded(sensor, field, opened_ms - LOOK_BACK_MS, opened_ms + 1)
            switch = [(time_ms, bool(value)) for time_ms, value in said]
            times += marked_times(kind, switch, opened_ms + 1, LOOK_BACK_MS)
    return explained_by(opened_ms, times)
