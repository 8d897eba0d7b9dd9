"""Floods: so many new alarms within a time that nobody can read them one by one. Pure.

A flood is an alert of its own, which says how many, from where most came, and which was first.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from coldchain.profiles import Level
from coldchain_backend.alerts.cause import AlertKind, Cause, Share, Subject
from coldchain_backend.fleet import Alerting

MOST_ASSETS: Final = 200
"""So many assets are counted by themselves; the others count together, under an empty name."""

NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """An alarm that counts: its id, its asset (empty: none), and the stamp at which people were called."""

    at_ms: int
    alert: str
    asset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """The newest alarms, as many as make a flood, and the id of the cause of the flood that goes on."""

    newest: tuple[Counted, ...] = ()
    cause: str | None = None


def counted(flood: Flood, one: Counted, alerting: Alerting) -> Flood:
    """One alarm more."""
    return replace(flood, newest=(*flood.newest, one)[-alerting.flood_count :])


def begins(flood: Flood, now_ms: int, alerting: Alerting) -> bool:
    """Whether so many alarms have come within the time that they are a flood."""
    newest = flood.newest
    return len(newest) >= alerting.flood_count and now_ms - newest[0].at_ms < alerting.flood_within_ms


def calm_ms(flood: Flood, alerting: Alerting) -> int:
    """The instant at which it is over, if no more alarms come: fewer than half as many for the calm time."""
    half = max(1, alerting.flood_count // 2)
    return flood.newest[-min(half, len(flood.newest))].at_ms + alerting.flood_calm_ms


def cause_of_flood(flood: Flood, now_ms: int) -> Cause:
    """The flood that begins with the alarms that were counted."""
    first, shares = flood.newest[0], _shares(Counter(one.asset for one in flood.newest))
    return Cause(
        id=f"flood\n{first.alert}",
        kind=AlertKind.FLOOD,
        subject=Subject(),
        opened_ms=first.at_ms,
        reached_ms=now_ms,
        known_ms=now_ms,
        level=Level.ALARM,
        count=len(flood.newest),
        shares=shares,
        first=first.alert,
        detail=_top(shares),
    )


def grown(cause: Cause, one: Counted) -> Cause:
    """The flood with one alarm more."""
    names = [share.asset for share in cause.shares]
    asset = one.asset if one.asset in names or len(names) < MOST_ASSETS else ""
    place = names.index(asset) if asset in names else len(names)
    before = cause.shares[place].count if place < len(names) else 0
    grown_by_one = Share(asset=asset, count=before + 1)
    shares = (*cause.shares[:place], grown_by_one, *cause.shares[place + 1 :])
    return replace(cause, count=cause.count + 1, shares=shares, known_ms=one.at_ms, detail=_top(shares))


def _shares(counts: Mapping[str, int]) -> tuple[Share, ...]:
    return tuple(Share(asset=name, count=count) for name, count in counts.items())


def _top(shares: Iterable[Share]) -> str:
    """The assets that most came from, the most first."""
    most = sorted((-one.count, one.asset) for one in shares if one.asset)[:NAMED]
    return ", ".join(f"{asset} ({-count})" for count, asset in most) or "–"
