"""Evidence of several times of one point under one profile → evidence of all of them together."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from coldchain.errors import InvalidInput
from coldchain.exposure import Account, merged
from coldchain.kinetic import Window
from coldchain.verdicts.decision import Evidence, Limits


def joined(parts: Sequence[Evidence]) -> Evidence:
    """All parts as one: required time is theirs alone, not what lies between them.

    Raises InvalidInput for none, or for parts under different profiles. Where a part has no uncertainty the
    whole has none; a part without gaps bounds nothing and stands for itself in each bound.
    """
    if not parts or any(one.profile != parts[0].profile for one in parts):
        raise InvalidInput("evidence is joined for one profile")
    if len(parts) == 1:
        return parts[0]
    account = merged(one.account for one in parts)
    known = [one.uncertainty for one in parts if one.uncertainty is not None]
    return replace(
        parts[0],
        interval_ms=max(one.interval_ms for one in parts),
        from_ms=min(one.from_ms for one in parts),
        to_ms=max(one.to_ms for one in parts),
        account=parts[0].account if account is None else account,
        judged=_limits(one.judged for one in parts),
        uncertainty=max(known) if len(known) == len(parts) else None,
        surely=_all_limits(parts, lambda one: one.surely),
        possibly=_all_limits(parts, lambda one: one.possibly),
        indeterminate_ms=sum(one.indeterminate_ms for one in parts),
        drifted=tuple(dict.fromkeys(name for one in parts for name in one.drifted)),
        gap_ms={name: ms for one in parts for name, ms in one.gap_ms.items()},
        optimistic=_bound(parts, lambda one: one.optimistic),
        warm=_bound(parts, lambda one: one.warm),
        cold=_bound(parts, lambda one: one.cold),
    )


def _limits(found: Iterable[Limits]) -> Limits:
    every = list(found)
    windows: dict[str, Window] = {}
    for one in every:
        for rule, window in one.windows.items():
            known = windows.get(rule)
            if known is None or (window.mkt, -window.to_ms) > (known.mkt, -known.to_ms):
                windows[rule] = window
    return Limits(
        excursions=[one for each in every for one in each.excursions],
        windows=windows,
        moved_by=max((one.moved_by for one in every), key=abs),
    )


def _all_limits(parts: Sequence[Evidence], of: Callable[[Evidence], Limits | None]) -> Limits | None:
    found = [limits for one in parts if (limits := of(one)) is not None]
    return _limits(found) if len(found) == len(parts) else None


def _bound(parts: Sequence[Evidence], of: Callable[[Evidence], Account | None]) -> Account | None:
    """A bound of the whole: each part's own, or its account where nothing of it is unknown."""
    found = [of(one) or (None if one.account.unknown_ms else one.account) for one in parts]
    bounds = [one for one in found if one is not None]
    return merged(bounds) if len(bounds) == len(parts) and any(map(of, parts)) else None
