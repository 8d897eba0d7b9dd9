"""Values → lines of line protocol, in the shapes of `shape`. Pure.

A line's time is in ms, but where the shape breaks ties: there it is in ns.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from math import isfinite
from typing import Final, NamedTuple

from coldchain.exposure import Account
from coldchain.lineprotocol import encode_value, escape_key
from coldchain.profiles import Profile, Side
from coldchain.readings import Quality, Value
from coldchain_backend.judging import AlertStory, StoredExcursion
from coldchain_backend.mirror.shape import (
    ALERT,
    EXCURSION,
    GAP,
    GATEWAY,
    LIMIT,
    MIRROR,
    READING,
    SHAPES,
    FieldKind,
    Shape,
)

NANO: Final = 1_000_000
Tags = Mapping[str, str]
Fields = Mapping[str, Value | str | None]


@lru_cache(maxsize=1 << 16)
def tag(value: str) -> str:
    """A tag value as it is written; what line protocol cannot carry becomes `?`."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in value)
    return escape_key(plain if plain and not plain.endswith("\\") else f"{plain}?")


def head(shape: Shape, tags: Tags) -> str:
    """Measurement and tags: what names a series."""
    return _head(shape.name, tuple([tags.get(name) for name in shape.tags]))


@lru_cache(maxsize=1 << 14)
def _head(name: str, values: tuple[str | None, ...]) -> str:
    pairs = zip(SHAPES[name].tags, values, strict=True)
    return name + "".join(f",{one}={tag(value)}" for one, value in pairs if value)


def _number(value: Value | str) -> str:
    number = float(value)
    return repr(number) if isfinite(number) else encode_value(number)  # which refuses it


def _whole(value: Value | str) -> str:
    return encode_value(int(value))


def _switch(value: Value | str) -> str:
    return "true" if value else "false"


def _told(value: Value | str) -> str:
    return encode_value(" ".join(str(value).splitlines()))


_WRITTEN: Final[Mapping[FieldKind, Callable[[Value | str], str]]] = {
    FieldKind.FLOAT: _number,
    FieldKind.INT: _whole,
    FieldKind.BOOL: _switch,
    FieldKind.TEXT: _told,
}
"""How a value is written in the type that its shape gives it."""

_WRITERS: Final[Mapping[str, Mapping[str, Callable[[Value | str], str]]]] = {
    shape.name: {name: _WRITTEN[one.kind] for name, one in shape.fields.items()} for shape in SHAPES.values()
}


def line(shape: Shape, tags: Tags, fields: Fields, time: int) -> str:
    """One point; fields of None are left out. Fields beside those of the shape keep their kind."""
    known = _WRITERS[shape.name]
    told = ",".join(
        [
            f"{name}={(known.get(name) or _WRITTEN[_kind(value)])(value)}"
            for name, value in fields.items()
            if value is not None
        ]
    )
    return f"{head(shape, tags)} {told} {time}"


def _kind(value: Value | str) -> FieldKind:
    if isinstance(value, str):
        return FieldKind.TEXT
    return FieldKind.BOOL if isinstance(value, bool) else FieldKind.FLOAT


def tied_ns(time_ms: int, name: str) -> int:
    """An instant in ns whose last six digits follow from an id, so that no two points of one instant meet."""
    return time_ms * NANO + int(sha256(name.encode()).hexdigest()[:12], 16) % NANO


def reading_lines(
    tags: Tags,
    times: Sequence[int],
    fields: Mapping[str, Sequence[Value]],
    quality: Quality,
    gateway: str | None,
) -> list[str]:
    """Readings of one sensor with the same fields; of each field all values are of one type."""
    parts: list[str] = []
    columns: list[Sequence[Value | str]] = []
    for name, values in fields.items():
        kind = READING.fields[name].kind
        if kind is FieldKind.FLOAT:
            parts.append(f"{name}=%s")
            columns.append(_each_once(values))
        elif kind is FieldKind.INT:
            parts.append(f"{name}=%di")
            columns.append(values)
        else:
            parts.append(f"{name}=%s")
            columns.append(["true" if value else "false" for value in values])
    via = "" if gateway is None else f",gateway={encode_value(gateway)}".replace("%", "%%")
    begin = head(READING, tags).replace("%", "%%")
    template = f'{begin} {",".join(parts)},quality="{quality.value}"{via} %d'
    return [template % row for row in zip(*columns, times, strict=True)]


def _each_once(values: Sequence[Value]) -> list[str]:
    """Numbers as texts; where sensors say much the same, each is written once (0.0 and -0.0 are one)."""
    distinct = set(values)
    if 2 * len(distinct) > len(values):
        return list(map(repr, values))
    told = {value: repr(value) for value in distinct}
    return list(map(told.__getitem__, values))


def gap_lines(
    tags: Tags, from_ms: int, to_ms: int | None, hours: Sequence[int], end_ms: int | None
) -> list[str]:
    """A gap: its begin, the given full hours within it, and (at `end_ms`) its end where it has one."""
    told: dict[str, Value | str | None] = {
        "unknown": 1.0,
        "from_ms": from_ms,
        "to_ms": to_ms,
        "seconds": None if to_ms is None else (to_ms - from_ms) / 1000,
    }
    lines = [line(GAP, tags, told, at_ms) for at_ms in (from_ms, *hours)]
    if end_ms is not None:
        lines.append(line(GAP, tags, {**told, "unknown": 0.0}, end_ms))
    return lines


def limit_line(tags: Tags, fields: Fields, time_ms: int) -> str:
    """The limits of a zone at an instant."""
    return line(LIMIT, tags, fields, time_ms)


def excursion_line(
    tags: Tags, first: StoredExcursion, now: StoredExcursion, profile: Profile | None, known_ms: int
) -> str:
    """An excursion as it was first kept (which gives its time) and as it is; open ones are known so far."""
    one = now.excursion
    rule = None if profile is None else next((r for r in profile.rules if r.name == one.rule), None)
    gone = now.gone is not None
    state = now.gone.value if now.gone is not None else "open" if one.closed_ms is None else "closed"
    fields: Fields = {
        "id": now.id,
        "state": state,
        "level": "none" if one.level is None else one.level.value,
        "revision": now.revision,
        "withdrawn": gone,
        "from_ms": one.opened_ms,
        "to_ms": max(one.opened_ms, known_ms) if one.closed_ms is None else one.closed_ms,
        "out_s": one.out_ms / 1000,
        "peak": one.peak,
        "peak_ms": one.peak_ms,
        "limit": None if rule is None else rule.threshold,
        "profile": None if profile is None else named(profile),
        "data_gap": one.data_gap,
        "incomplete": now.incomplete,
        "into": now.into or "",
        "sensor": now.key.sensor,
    }
    tags = {**tags, "quantity": now.key.quantity, "rule": one.rule}
    return line(EXCURSION, tags, fields, tied_ns(first.excursion.opened_ms, now.id))


def alert_line(organisation: str, story: AlertStory, known_ms: int) -> str:
    """An alert as it stands."""
    alert, cause = story.alert, story.alert.cause
    subject, ack = cause.subject, alert.acknowledged
    gone = alert.state.value in ("withdrawn", "merged")
    waiting = sum(one.delivered_ms is None for one in story.deliveries)
    tags = {
        "organisation": organisation,
        "asset": subject.asset or "",
        "zone": subject.zone or "",
        "point": subject.point or "",
        "class": "system" if cause.kind.value == "system" else "alarm",
        "kind": cause.kind.value,
    }
    fields: Fields = {
        "id": alert.id,
        "state": alert.standing.value,
        "level": alert.level.value,
        "open": alert.state.open,
        "withdrawn": gone,
        "revision": alert.revision,
        "sequence": alert.sequence,
        "paged": alert.paged,
        "opened_ms": cause.opened_ms,
        "to_ms": max(cause.opened_ms, known_ms if cause.end is None else cause.end.event_ms),
        "acknowledged_ms": None if ack is None else ack.at_ms,
        "acknowledge_s": None if ack is None else (ack.at_ms - alert.fired_ms) / 1000,
        "deliveries": len(story.deliveries),
        "undelivered": waiting,
        "subject": subject.sensor or subject.gateway or "",
        "rule": cause.rule or "",
        "detail": cause.detail or "",
    }
    return line(ALERT, tags, fields, tied_ns(alert.fired_ms, alert.id))


class Nearest(NamedTuple):
    """The rules with the nearest limit below and above, by their names; None where there is none."""

    low: str | None
    high: str | None


def nearest(profile: Profile, quantity: str) -> Nearest:
    """The nearest limits of a quantity."""
    rules = sorted((rule.threshold, rule.name) for rule in profile.rules_for(quantity) if rule.by_value)
    sides = {rule.name: rule.side for rule in profile.rules}
    lows = [name for _, name in rules if sides[name] is Side.LOW]
    highs = [name for _, name in rules if sides[name] is Side.HIGH]
    return Nearest(lows[-1] if lows else None, highs[0] if highs else None)


def account_fields(
    account: Account, profile: Profile, quantity: str, near: Nearest, *, whole: bool
) -> Fields:
    """What the account of an hour or a day says under a profile."""
    covered, required = account.covered_ms, account.required_ms
    return {
        "required_s": required / 1000,
        "covered_s": covered / 1000,
        "unknown_s": account.unknown_ms / 1000,
        "in_s": account.in_ms / 1000,
        "readings": account.readings,
        "whole": whole,
        "coverage": account.coverage,
        "in_limits": account.in_ms / covered if covered else None,
        "required_coverage": profile.required_coverage,
        "conform": _conform(account, profile),
        "lowest": None if account.lowest is None else account.lowest.value,
        "highest": None if account.highest is None else account.highest.value,
        "mean": account.mean,
        "mkt": account.mkt if quantity == "temperature" else None,
        "high_degree_minutes": None if near.high is None else account.rule(near.high).degree_minutes,
        "low_degree_minutes": None if near.low is None else account.rule(near.low).degree_minutes,
    }


def _conform(account: Account, profile: Profile) -> float | None:
    """Share of the required time within limits; -1 where too little is known, None where none is required."""
    if account.coverage is None:
        return None
    enough = account.coverage >= profile.required_coverage
    return account.in_ms / account.required_ms if enough else -1.0


def gateway_line(
    organisation: str, gateway: str, asset: str, said: Mapping[str, Value | str], times: tuple[int, int]
) -> str:
    """What a gateway said of itself; `times`: when it said so and when that was received, ms."""
    numbers = {
        name: float(value) if isinstance(value, int) and not isinstance(value, bool) else value
        for name, value in said.items()
        if name not in ("asset", "received_ms")
    }
    fields: Fields = {"asset": asset, "received_ms": times[1], **numbers}
    return line(GATEWAY, {"organisation": organisation, "gateway": gateway}, fields, times[0])


def mark_line(organisation: str, fill: str, ledger: int, stamp_ms: int, now_ms: int) -> str:
    """How far the mirror has come."""
    fields: Fields = {"fill": fill, "ledger": ledger, "stamp_ms": stamp_ms}
    return line(MIRROR, {"organisation": organisation}, fields, now_ms)


def named(profile: Profile) -> str:
    """A profile as tags and fields name it."""
    return f"{profile.name}@{profile.version}"
