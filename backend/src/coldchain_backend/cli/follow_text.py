"""Settings and a fleet fragment for what was discovered, as texts to look at and to edit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from coldchain_backend.ingest.follow import Rule, Unit
from coldchain_backend.ingest.follow.discover import FoundSensor
from coldchain_runtime.documents import duration_text

_NO_ID = re.compile(r"[^A-Za-z0-9._-]+")
_UNKNOWN = "choose-one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """For whom, from which store and with which limits a fragment is; no profile: one has to be chosen."""

    organisation: str
    store: str
    profile: str


def entry_text(rule: Rule) -> str:
    """An entry of [[follow.series]] as it is written into backend.toml."""
    entry = rule.entry
    written = {"measurement": entry.measurement, "field": entry.field, "sensor": entry.sensor}
    if entry.quantity:
        written["quantity"] = entry.quantity
    if entry.unit is not Unit.CELSIUS:
        written["unit"] = entry.unit.value
    body = "\n".join(f"{name} = {_quoted(value)}" for name, value in written.items())
    return f"[[follow.series]]\n{body}\n"


def fragment(wish: Wish, sensors: Sequence[FoundSensor]) -> str:
    """A fleet file with the sensors, and a point for each that measures a temperature, in one zone."""
    store = _NO_ID.sub("-", wish.store)
    intervals = {one.id: one.interval_ms for one in sensors}
    points = dict.fromkeys(one.id for one in sensors if one.quantity == "temperature")
    lines = [
        f"organisation: {wish.organisation}",
        "assets:",
        f"  - id: {store}",
        "    kind: cold_store # cold_store, vehicle, container, cabinet or locker",
        f"    name: {{en: {_quoted(wish.store)}, zh: {_quoted(wish.store)}}}",
        "    time_zone: UTC",
        "    zones: # one for each temperature-controlled space",
        f"      - id: {store}.zone",
        f"        name: {{en: {_quoted(wish.store)}, zh: {_quoted(wish.store)}}}",
        f"        profile: {wish.profile or _UNKNOWN} # `coldchain-backend profiles list`",
        "        points:" if points else "        points: []",
    ]
    taken: set[str] = set()
    for sensor in points:
        name = _quoted(sensor)
        point = f"id: {_point_id(store, sensor, taken)}, name: {{en: {name}, zh: {name}}}, sensor: {name}"
        lines.append(f"          - {{{point}}}")
    lines.append("sensors:" if intervals else "sensors: []")
    for sensor, interval_ms in intervals.items():
        known = "1m # a guess: too few points" if interval_ms is None else duration_text(interval_ms)
        lines += [f"  - id: {_quoted(sensor)}", f"    interval: {known}"]
    return "\n".join(lines) + "\n"


def _point_id(store: str, sensor: str, taken: set[str]) -> str:
    """An id that no other point has."""
    base = f"{store}.{_NO_ID.sub('-', sensor).strip('-') or 'point'}"[:56]
    made, number = base, 1
    while made in taken:
        number += 1
        made = f"{base}-{number}"
    taken.add(made)
    return made


def _quoted(text: str) -> str:
    """A text that YAML and TOML both read as it is."""
    return orjson.dumps(text).decode()
