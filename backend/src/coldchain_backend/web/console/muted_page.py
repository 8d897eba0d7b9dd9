"""What is muted, in words: each group with whose alerts, from when to when, by whom and why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from coldchain_backend.alerts import Mute, MuteKind, Scope
from coldchain_backend.fleet import Fleet
from coldchain_backend.web.console.wording import UTC_NAME, Wording

GROUPS = (MuteKind.SHELVED, MuteKind.OUT_OF_SERVICE, MuteKind.WINDOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMute:
    """One line; `ends`: the address that a form posts to, to end it before its time."""

    id: str
    what: str
    since: str
    until: str
    by: str
    reason: str
    holds: bool
    alert: str | None
    ends: str | None


def show_mutes(
    mutes: Sequence[Mute], fleet: Fleet, wording: Wording, called: Callable[[str], str]
) -> dict[str, list[ShownMute]]:
    """All of them by kind, what ends first before."""
    ordered = sorted(mutes, key=lambda one: (one.to_ms is None, one.to_ms or 0, one.id))
    return {
        kind.value: [_shown(one, fleet, wording, called) for one in ordered if one.kind is kind]
        for kind in GROUPS
    }


def _shown(mute: Mute, fleet: Fleet, wording: Wording, called: Callable[[str], str]) -> ShownMute:
    w = wording
    where = mute.time_zone if mute.schedule is not None else _time_zone(mute.scope, fleet)
    until = w.say("mute_open") if mute.to_ms is None else w.exact(mute.to_ms, where)
    if mute.schedule is not None:
        until = w.say("mute_repeats", zone=mute.time_zone)
    ends = None if mute.kind is MuteKind.SHELVED else f"/muted/{mute.id}/end"
    return ShownMute(
        id=mute.id,
        what=_what(mute.scope, fleet, w),
        since=w.exact(mute.from_ms, where),
        until=until,
        by=called(mute.by),
        reason=mute.reason,
        holds=mute.holds(w.now_ms),
        alert=mute.scope.alert,
        ends=ends,
    )


def _what(scope: Scope, fleet: Fleet, wording: Wording) -> str:
    names = [wording.name(one.name) for one in fleet.assets if one.id == scope.asset]
    names += [wording.name(zone.name) for _, zone in fleet.plan.zones() if zone.id == scope.zone]
    if scope.source is not None:
        kind, _, where = scope.source.split("\n")
        place = fleet.plan.place_of_point(where)
        what = (
            where if place is None else f"{wording.name(place.zone.name)} · {wording.name(place.point.name)}"
        )
        names.append(f"{what}: {wording.say(f'kind_of_{kind}')}")
    return " · ".join(
        [*names, *([scope.sensor] if scope.sensor else []), *([scope.alert] if scope.alert else [])]
    )


def _time_zone(scope: Scope, fleet: Fleet) -> str:
    """Of the asset that is meant, where one is."""
    zones = {zone.id: asset for asset, zone in fleet.plan.zones()}
    wanted = {scope.asset, zones[scope.zone].id if scope.zone in zones else None}
    if scope.source is not None:
        place = fleet.plan.place_of_point(scope.source.rpartition("\n")[2])
        wanted.add(None if place is None else place.asset.id)
    return next((one.time_zone for one in fleet.assets if one.id in wanted), UTC_NAME)
