"""Whose alarms reach other people after a change of the fleet."""

from collections.abc import Iterator
from typing import Final

from coldchain.profiles import Level
from coldchain_backend.alerts import AlertKind
from coldchain_backend.alerts.reach import Stretch, Weeks, alarms_of
from coldchain_backend.alerts.routing import Matter
from coldchain_backend.fleet import Plan

A_MONDAY_MS: Final = 4 * 86_400_000
"""Weeks are compared without exceptions: 1970-01-05, where no exception can lie."""


def recipients_changed(old: Plan, new: Plan) -> Iterator[str]:
    """Each zone that stays and whose alarms or warnings are told to others, or at other times."""
    before, after = Weeks(old, A_MONDAY_MS), Weeks(new, A_MONDAY_MS)
    zones = {zone.id: (asset, zone) for asset, zone in new.zones()}
    for asset, zone in old.zones():
        if zone.id not in zones:
            continue
        for level in Level:
            was = before.of(alarms_of(asset, zone, AlertKind.EXCURSION, level))
            now = after.of(alarms_of(*zones[zone.id], AlertKind.EXCURSION, level))
            yield from (f"zone {zone.id}, {level.value}: {what}" for what in _changed(was, now))
    system = Matter(level=Level.ALARM, kind=AlertKind.SYSTEM)
    yield from (f"system: {what}" for what in _changed(before.of(system), after.of(system)))


def _changed(before: tuple[Stretch, ...], after: tuple[Stretch, ...]) -> Iterator[str]:
    was, now = _names(before), _names(after)
    if was != now:
        yield f"{', '.join(was) or 'nobody'} → {', '.join(now) or 'nobody'}"
    elif _times(before) != _times(after):
        yield f"{', '.join(now)} at other times"


def _names(stretches: tuple[Stretch, ...]) -> list[str]:
    return list(dict.fromkeys(name for one in stretches for name in one.receivers))


def _times(stretches: tuple[Stretch, ...]) -> list[tuple[int, frozenset[str]]]:
    return [(one.from_ms, frozenset(one.receivers)) for one in stretches]
