"""What a new plan watches less strictly than the old one, said in words: somebody must want it by name."""

from collections.abc import Iterator

from coldchain.profiles import Profile, Rule, Side
from coldchain_backend.fleet import Place, Plan, ZoneState
from coldchain_runtime.documents import duration_text

_NEVER = float("inf")


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
    if new.unsealed_allowed and not old.unsealed_allowed:
        yield "unsealed writes are accepted, were refused"


def _at_point(old: Plan, before: Place, new: Plan, after: Place) -> Iterator[str]:
    if after.zone.state is not ZoneState.IN_USE:
        yield f"zone {after.zone.id} is {after.zone.state.value}, was in_use: no longer judged"
        return
    was, now = old.profile(before.zone.profile), new.profile(after.zone.profile)
    if was is not None and now is not None and was != now:
        yield from (f"{after.zone.profile}: {what}" for what in _profile(was, now))
    yield from _interval(old, before, new, after)


def _interval(old: Plan, before: Place, new: Plan, after: Place) -> Iterator[str]:
    was = old.sensor(before.point.sensor) if before.point.sensor else None
    now = new.sensor(after.point.sensor) if after.point.sensor else None
    if was is not None and now is not None and now.interval_ms > was.interval_ms:
        yield f"expected every {duration_text(now.interval_ms)}, was {duration_text(was.interval_ms)}"


def _profile(was: Profile, now: Profile) -> Iterator[str]:
    for rule in was.rules:
        same = [one for one in now.rules if (one.side, one.quantity) == (rule.side, rule.quantity)]
        named = next((one for one in same if one.name == rule.name), None)
        kept = named or min(same, key=lambda one: abs(one.threshold - rule.threshold), default=None)
        if kept is None:
            yield f"rule {rule.name} ({rule.side.value} {rule.threshold:g}) is gone"
        else:
            yield from (f"rule {rule.name}: {what}" for what in _rule(rule, kept))
    if now.gap_factor > was.gap_factor or now.gap_floor_ms > was.gap_floor_ms:
        yield "longer gaps count as known time"


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


def _delay(delay_ms: int | None) -> str:
    return "never" if delay_ms is None else duration_text(delay_ms)
