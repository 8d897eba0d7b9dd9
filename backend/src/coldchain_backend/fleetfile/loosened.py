"""What a new plan watches less strictly than the old one, said in words: somebody must want it by name."""

from collections.abc import Iterator
from typing import Final

from coldchain.profiles import Mode, Profile, Reset, Rule, Side
from coldchain_backend.fleet import Asset, Place, Plan, ZoneState
from coldchain_runtime.documents import duration_text

_NEVER = float("inf")
USUAL_RISE_MS: Final = 1_800_000
"""From the warning to the alarm where an asset says nothing else."""


def loosened(old: Plan, new: Plan) -> Iterator[str]:
    """Each point that stays and is watched less strictly from now on, with what became looser."""
    for place in old.places():
        kept = new.place_of_point(place.point.id)
        if kept is not None and place.in_use:
            yield from (f"point {place.point.id}: {what}" for what in _at_point(old, place, new, kept))
    for asset in old.assets:
        kept_asset = next((one for one in new.assets if one.id == asset.id), None)
        if kept_asset is not None and kept_asset.offline_after_ms > asset.offline_after_ms:
            before, after = duration_text(asset.offline_after_ms), duration_text(kept_asset.offline_after_ms)
            yield f"asset {asset.id}: may be unheard for {after}, was {before}"
        if kept_asset is not None:
            yield from _offline_alarm(asset, kept_asset)
    if new.unsealed_allowed and not old.unsealed_allowed:
        yield "unsealed writes are accepted, were refused"


def _offline_alarm(old: Asset, new: Asset) -> Iterator[str]:
    was, now = old.offline_alarm_after_ms, new.offline_alarm_after_ms
    if now is not None and (was is None or now > was):
        before = "was 30m after the warning" if was is None else f"was {duration_text(was)}"
        if was is not None or now > old.offline_after_ms + USUAL_RISE_MS:
            yield f"asset {old.id}: an alarm only when unheard for {duration_text(now)}, {before}"


def _at_point(old: Plan, before: Place, new: Plan, after: Place) -> Iterator[str]:
    if after.zone.state is not ZoneState.IN_USE:
        yield f"zone {after.zone.id} is {after.zone.state.value}, was in_use: no longer judged"
        return
    was, now = old.profile(before.zone.profile), new.profile(after.zone.profile)
    if was is not None and now is not None and was != now:
        yield from (f"{after.zone.profile}: {what}" for what in profile_loosened(was, now))
    yield from _interval(old, before, new, after)


def _interval(old: Plan, before: Place, new: Plan, after: Place) -> Iterator[str]:
    was = old.sensor(before.point.sensor) if before.point.sensor else None
    now = new.sensor(after.point.sensor) if after.point.sensor else None
    if was is not None and now is not None and now.interval_ms > was.interval_ms:
        yield f"expected every {duration_text(now.interval_ms)}, was {duration_text(was.interval_ms)}"


def profile_loosened(was: Profile, now: Profile) -> Iterator[str]:
    """What the new version of a profile judges less strictly, in words."""
    for rule in was.rules:
        same = [one for one in now.rules if _kind(one) == _kind(rule)]
        named = next((one for one in same if one.name == rule.name), None)
        kept = named or min(same, key=lambda one: abs(one.threshold - rule.threshold), default=None)
        if kept is None:
            yield f"rule {rule.name} ({rule.side.value} {rule.threshold:g}) is gone"
        else:
            yield from (f"rule {rule.name}: {what}" for what in _rule(rule, kept))
    if now.gap_factor > was.gap_factor or now.gap_floor_ms > was.gap_floor_ms:
        yield "longer gaps count as known time"
    yield from _needed(was, now)


def _kind(rule: Rule) -> tuple[Side, str, Mode]:
    return rule.side, rule.quantity, rule.mode


def _needed(was: Profile, now: Profile) -> Iterator[str]:
    """What a verdict needs less of."""
    if now.required_coverage < was.required_coverage:
        yield f"coverage of {now.required_coverage:.1%} suffices, was {was.required_coverage:.1%}"
    more = [grade.value for grade in now.grades if grade not in was.grades]
    if more:
        yield f"evidence of grade {', '.join(more)} suffices now"
    if was.indeterminate and not now.indeterminate:
        yield "values within the uncertainty of a limit count"
    if was.thermal is not None and now.thermal is None:
        yield "unknown time has no worst case any more"
    for name, before, after in (
        ("cadence", was.cadence_ms, now.cadence_ms),
        ("cadence out of limits", was.cadence_out_ms, now.cadence_out_ms),
    ):
        if before is not None and (after is None or after > before):
            yield f"{name} {_delay(after)}, was {_delay(before)}"


def _rule(was: Rule, now: Rule) -> Iterator[str]:
    further = now.threshold - was.threshold if was.side is Side.HIGH else was.threshold - now.threshold
    if further > 0:
        yield f"limit {now.threshold:g}, was {was.threshold:g}"
    elif further == 0 and was.inclusive and not now.inclusive:
        yield f"the limit {now.threshold:g} itself no longer breaks it"
    if now.hysteresis < was.hysteresis:
        yield f"hysteresis {now.hysteresis:g}, was {was.hysteresis:g}"
    for level, before, after in (
        ("warning", was.warning_after_ms, now.warning_after_ms),
        ("alarm", was.alarm_after_ms, now.alarm_after_ms),
    ):
        if (_NEVER if after is None else after) > (_NEVER if before is None else before):
            yield f"{level} after {_delay(after)}, was {_delay(before)}"
    if was.irreversible and not now.irreversible:
        yield "no longer irreversible"
    if now.ignore_at_start_ms > was.ignore_at_start_ms:
        yield f"ignores the first {_delay(now.ignore_at_start_ms)}, was {_delay(was.ignore_at_start_ms)}"
    if was.reset is Reset.NEVER and now.reset is not Reset.NEVER:
        yield "its sum begins anew now and then"
    if now.window_ms != was.window_ms:
        yield f"window {_delay(now.window_ms)}, was {_delay(was.window_ms)}"


def _delay(delay_ms: int | None) -> str:
    return "never" if delay_ms is None else duration_text(delay_ms)
