"""Which watched sensors say nothing, so that their state is unknown. Pure; times are CLOCK_BOOTTIME, ms.

An alarm that stands is not ended by silence, and silence is not ended by anything but a reading.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from coldchain.gaps import gap_limit_ms
from coldchain.watch import WatchBundle, WatchedSensor

RULE = "silence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A sensor fell silent `for_ms` ago, is heard again, or (`watched_on` false) is nobody's concern now."""

    watched: WatchedSensor
    silent: bool
    for_ms: int = 0
    watched_on: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """One sensor: when it was heard last, and for how long that speaks."""

    watched: WatchedSensor
    limit_ms: int
    last_ms: int
    silent: bool = False


Hearings = dict[str, Hearing]
"""By sensor."""


def hearings_of(bundle: WatchBundle, before: Hearings, now_ms: int) -> tuple[Hearings, list[Silence]]:
    """Whom to listen for from now on; a sensor that is new has its time from now."""
    after: Hearings = {}
    for watched in bundle.sensors:
        profile = bundle.profile_named(watched.profile)
        if profile is None or not watched.in_use:
            continue
        limit_ms = gap_limit_ms(profile, watched.interval_ms)
        known = before.get(watched.sensor)
        fresh = Hearing(watched=watched, limit_ms=limit_ms, last_ms=now_ms)
        same = known is not None and known.watched.point == watched.point
        after[watched.sensor] = (
            replace(known, watched=watched, limit_ms=limit_ms) if known is not None and same else fresh
        )
    ended = [
        Silence(watched=hearing.watched, silent=False, watched_on=False)
        for sensor, hearing in before.items()
        if hearing.silent and (sensor not in after or not after[sensor].silent)
    ]
    return after, ended


def heard(hearings: Hearings, sensors: Iterable[str], now_ms: int) -> list[Silence]:
    """Sensors have spoken; whose silence that ends."""
    ended: list[Silence] = []
    for sensor in sensors:
        hearing = hearings.get(sensor)
        if hearing is None:
            continue
        if hearing.silent:
            ended.append(Silence(watched=hearing.watched, silent=False, for_ms=now_ms - hearing.last_ms))
        hearings[sensor] = replace(hearing, last_ms=max(now_ms, hearing.last_ms), silent=False)
    return ended


def missed(hearings: Hearings, now_ms: int) -> list[Silence]:
    """Who has fallen silent by now; each is told once."""
    fallen: list[Silence] = []
    for sensor, hearing in hearings.items():
        for_ms = now_ms - hearing.last_ms
        if not hearing.silent and for_ms > hearing.limit_ms:
            hearings[sensor] = replace(hearing, silent=True)
            fallen.append(Silence(watched=hearing.watched, silent=True, for_ms=for_ms))
    return fallen
