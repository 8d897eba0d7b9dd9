"""What the mirror would hold of a made-up fleet, as lines: for the queries of dashboards.

Every measurement, tag and field is looked up in the mirror's own table of shapes, so a name that it does not
know fails here. The fleet has what panels must show: a zone that is known too little, gaps, excursions that
go on and that ended, alerts in each state, vehicles with positions, doors, defrosts, batteries.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from coldchain_backend.mirror import SHAPES, FieldKind

ORGANISATION = "demo"
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
LOCAL_MS = 8 * HOUR_MS  # the fleet's time zone: its days begin at 16:00 UTC
PROFILE = "gsp-2-8@1"
WANTED = 0.95
BROKEN_EVERY = 7  # every so many zones something is wrong
SUMS = ("required_s", "covered_s", "unknown_s", "in_s", "high_degree_minutes", "low_degree_minutes")
NAMES = {"0": ("Door", "门口"), "1": ("Rear", "后部"), "2": ("Ceiling", "顶部"), "3": ("Goods", "货物中")}
CELLS = {"hour": HOUR_MS, "day": DAY_MS}
Value = float | int | bool | str | None
SPACE = str.maketrans({" ": r"\ ", ",": r"\,", "=": r"\="})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One point of the fleet, and the number of its zone."""

    asset: str
    zone: str
    point: str
    sensor: str
    number: int
    vehicle: bool

    @property
    def tags(self) -> dict[str, str]:
        """The tags of its place."""
        return {"organisation": ORGANISATION, "asset": self.asset, "zone": self.zone, "point": self.point}

    @property
    def name(self) -> str:
        """How its point is called."""
        en, zh = NAMES[self.point[-1]]
        return f"{en} / {zh}"

    @property
    def broken(self) -> bool:
        """Whether its zone is one in which something is wrong."""
        return self.number % BROKEN_EVERY == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrored:
    """A fleet of `points`, four to a zone, over the time from..to (ms UTC), a reading each `step_ms`."""

    points: int
    from_ms: int
    to_ms: int
    step_ms: int = 60_000

    def places(self) -> list[Place]:
        """Every point."""
        return [self._place(number) for number in range(self.points)]

    def lines(self) -> Iterator[str]:
        """Everything, in no order that matters."""
        for place in self.places():
            yield from self.readings(place)
            yield from self._cells(place)
            yield from Happenings(to_ms=self.to_ms).of_point(place)
        yield from self.of_zones()
        yield from self.of_gateways()

    def readings(self, place: Place) -> Iterator[str]:
        """The readings of one point, without those of its gap."""
        tags = {**place.tags, "point_name": place.name, "sensor": place.sensor}
        for at in range(self.from_ms, self.to_ms, self.step_ms):
            if place.broken and self._in_gap(at):
                continue
            yield line("reading", tags, self._said(place, at), at)

    def of_zones(self) -> Iterator[str]:
        """Limits, cells of whole zones, excursions and alerts."""
        zones = {place.zone: place for place in self.places()}
        happened = Happenings(to_ms=self.to_ms)
        for place in zones.values():
            yield from self._limits(place)
            yield from self._cells(place, of_zone=True)
            yield from happened.excursions(place)
            yield from happened.alerts(place)
        yield happened.of_the_product()

    def days(self) -> Iterator[str]:
        """The cells of whole days alone, of every point."""
        zones = {place.zone: place for place in self.places()}
        for place in zones.values():
            yield from self._cells(place, kinds=("day",), of_zone=True)
        for place in self.places():
            yield from self._cells(place, kinds=("day",))

    def of_gateways(self) -> Iterator[str]:
        """What gateways say of themselves, one for each asset."""
        for number, asset in enumerate(sorted({place.asset for place in self.places()})):
            for at in range(
                max(self.from_ms, self.to_ms - 7 * DAY_MS), self.to_ms, max(self.step_ms, 60_000)
            ):
                yield line(
                    "gateway",
                    {"organisation": ORGANISATION, "gateway": f"{asset}-gw"},
                    {
                        "asset": asset,
                        "received_ms": at + 900,
                        "version": "0.1.0",
                        "outbox_lines": 12 + number,
                        "outbox_oldest_s": 9,
                        "outbox_refused": 0,
                        "disk_free_bytes": 21e9,
                        "rss_bytes": 31e6,
                        "clock_trusted": number % BROKEN_EVERY != 1,
                        "clock_source": "kernel",
                        "redelivered": 0,
                        "uptime_s": (at - self.from_ms) / 1000,
                        "outbox_batches": 1,
                        "outbox_bytes": 40_960,
                    },
                    at,
                )

    def _place(self, number: int) -> Place:
        zone, vehicle = number // 4, (number // 8) % 3 == 2
        asset = f"{'truck' if vehicle else 'store'}-{number // 8}"
        name = f"{asset}.{'chiller' if zone % 2 == 0 else 'freezer'}"
        return Place(
            asset=asset,
            zone=name,
            point=f"{name}.p{number % 4}",
            sensor=f"s{number:04d}",
            number=zone,
            vehicle=vehicle,
        )

    def _in_gap(self, at: int) -> bool:
        return self.to_ms - 5 * HOUR_MS <= at < self.to_ms - HOUR_MS // 2 * 3

    def _said(self, place: Place, at: int) -> dict[str, Value]:
        turn = at / DAY_MS * 2 * math.pi
        said: dict[str, Value] = {
            "temperature": round(
                5 + 1.2 * math.sin(turn * 24 + place.number) + 0.3 * math.sin(turn * 300), 2
            ),
            "quality": "good",
            "gateway": f"{place.asset}-gw",
        }
        if place.broken and at >= self.to_ms - HOUR_MS:
            said["temperature"] = 11.3
        if place.point.endswith("p0"):
            minute = at // 60_000 % 240
            said |= {
                "humidity": 60 + 5 * math.sin(turn),
                "door_open": minute < 6,
                "defrost": 120 <= minute < 150,
            }
            said |= {"battery": 8.0 if place.broken else 80.0, "battery_voltage": 2.9, "link_quality": -70.0}
            if place.vehicle:
                said |= {"latitude": 29.5 + place.number / 50, "longitude": 106.5 + math.sin(place.number)}
        return said

    def _cells(
        self, place: Place, kinds: Sequence[str] = ("hour", "day"), *, of_zone: bool = False
    ) -> Iterator[str]:
        """The cells of a point, or those of its zone, whose four points say the same."""
        known = SHAPES["zone_compliance" if of_zone else "compliance"]
        for kind in kinds:
            tags = {**place.tags, "quantity": "temperature", "profile": PROFILE, "cell": kind}
            named = {name: one for name, one in tags.items() if name in known.tags}
            for start, length in self._times(kind):
                said = self._cell(place, start, length)
                said = _of_zone(said) if of_zone else said
                fields = {name: one for name, one in said.items() if name in known.fields}
                yield line(known.name, named, fields, start)

    def _times(self, kind: str) -> Iterator[tuple[int, int]]:
        """Begin and length of the hours or local days."""
        length, offset = CELLS[kind], 0 if kind == "hour" else -LOCAL_MS
        at = (self.from_ms + offset) // length * length + offset
        for start in range(at + (length if at < self.from_ms else 0), self.to_ms, length):
            yield start, min(length, self.to_ms - start)

    def _cell(self, place: Place, start: int, length: int) -> dict[str, Value]:
        unknown = sum(60 for at in range(start, start + length, 60_000) if place.broken and self._in_gap(at))
        required = length / 1000
        covered = required - unknown
        out = 3600.0 if place.broken and start + length > self.to_ms - HOUR_MS else 0.0
        inside = max(0.0, covered - out)
        return {
            "required_s": required,
            "covered_s": covered,
            "unknown_s": float(unknown),
            "in_s": inside,
            "readings": int(covered // 60),
            "whole": start + length < self.to_ms,
            "coverage": covered / required if required else None,
            "in_limits": inside / covered if covered else None,
            "required_coverage": WANTED,
            "conform": inside / required if covered >= WANTED * required else -1.0,
            "lowest": 3.6,
            "highest": 11.3 if out else 6.4,
            "mean": 5.1,
            "mkt": 5.2 + place.number / 100,
            "high_degree_minutes": 198.0 if out else 0.0,
            "low_degree_minutes": 0.0,
        }

    def _limits(self, place: Place) -> Iterator[str]:
        tags = {name: one for name, one in place.tags.items() if name != "point"} | {
            "quantity": "temperature"
        }
        for at in range(self.from_ms // HOUR_MS * HOUR_MS, self.to_ms, HOUR_MS):
            yield line(
                "limit",
                tags,
                {
                    "low": 2.0,
                    "high": 8.0,
                    "low_far": 0.0,
                    "high_far": 12.0,
                    "profile": PROFILE,
                    "state": "in_use",
                    "in_use": True,
                    "required_coverage": WANTED,
                    "asset_en": f"Asset {place.asset}",
                    "asset_zh": f"资产 {place.asset}",
                    "zone_en": place.zone.rpartition(".")[2].capitalize(),
                    "zone_zh": "冷藏间" if place.zone.endswith("chiller") else "冷冻间",
                },
                at,
            )


def _of_zone(said: Mapping[str, Value]) -> dict[str, Value]:
    """The cell of a zone of four points that all say this."""
    sums = {name: 4 * value for name in SUMS if isinstance(value := said[name], float)}
    return {**said, **sums, "points": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Happenings:
    """What went wrong in the broken zones of a fleet, until `to_ms`."""

    to_ms: int

    def of_point(self, place: Place) -> Iterator[str]:
        """Its unknown time."""
        if not place.broken:
            return
        tags = {**place.tags, "sensor": place.sensor, "quantity": "temperature"}
        begin, end = self.to_ms - 5 * HOUR_MS, self.to_ms - HOUR_MS // 2 * 3
        for at in (begin, begin + HOUR_MS, end):
            yield line(
                "gap",
                tags,
                {"unknown": float(at < end), "from_ms": begin, "to_ms": end, "seconds": (end - begin) / 1000},
                at,
            )

    def excursions(self, place: Place) -> Iterator[str]:
        if not place.broken:
            return
        ended, open_ = self.to_ms - 7 * HOUR_MS, self.to_ms - HOUR_MS
        for at, state, to in ((ended, "closed", ended + HOUR_MS // 2), (open_, "open", self.to_ms)):
            yield line(
                "excursion",
                {**place.tags, "quantity": "temperature", "rule": "high"},
                {
                    "id": f"ex-{place.number}-{at}",
                    "state": state,
                    "level": "alarm",
                    "revision": 1,
                    "withdrawn": False,
                    "from_ms": at,
                    "to_ms": to,
                    "out_s": (to - at) / 1000,
                    "peak": 11.3,
                    "peak_ms": at + 60_000,
                    "limit": 8.0,
                    "profile": PROFILE,
                    "data_gap": False,
                    "incomplete": False,
                    "into": "",
                    "sensor": place.sensor,
                },
                at,
            )

    def alerts(self, place: Place) -> Iterator[str]:
        if not place.broken:
            return
        states = ("firing", "acknowledged", "shelved", "resolved")
        state = states[place.number // BROKEN_EVERY % 4]
        yield self._alert("excursion", place.tags, state, self.to_ms - HOUR_MS + 60_000)
        yield self._alert("silence", place.tags, "resolved", self.to_ms - 5 * HOUR_MS)
        yield self._alert("battery", place.tags, "acknowledged", self.to_ms - 9 * HOUR_MS, level="warning")

    def of_the_product(self) -> str:
        """An alert that belongs to no place."""
        return self._alert("system", {"organisation": ORGANISATION}, "firing", self.to_ms - HOUR_MS)

    def _alert(self, kind: str, tags: Mapping[str, str], state: str, at: int, *, level: str = "alarm") -> str:
        taken = state in {"acknowledged", "resolved"}
        return line(
            "alert",
            {**tags, "class": "system" if kind == "system" else "alarm", "kind": kind},
            {
                "id": f"al-{kind}-{tags.get('zone', '')}-{at}",
                "state": state,
                "level": level,
                "open": state != "resolved",
                "withdrawn": False,
                "revision": 1,
                "sequence": 2,
                "paged": level == "alarm",
                "opened_ms": at - 60_000,
                "to_ms": at + HOUR_MS,
                "acknowledged_ms": at + 240_000 if taken else None,
                "acknowledge_s": 240.0 if taken else None,
                "deliveries": 2,
                "undelivered": int(kind == "excursion"),
                "subject": "",
                "rule": "high" if kind == "excursion" else "",
                "detail": "",
            },
            at,
        )


def line(shape: str, tags: Mapping[str, str], fields: Mapping[str, Value], at_ms: int) -> str:
    """One point; KeyError for a tag or field that the mirror does not know. Fields of None are left out."""
    known = SHAPES[shape]
    head = "".join(f",{name}={tags[name].translate(SPACE)}" for name in known.tags if name in tags)
    if unknown := tags.keys() - set(known.tags):
        raise KeyError(f"{shape} has no tags {sorted(unknown)}")
    body = ",".join(
        f"{name}={_encoded(known.fields[name].kind, value)}"
        for name, value in fields.items()
        if value is not None
    )
    return f"{shape}{head} {body} {at_ms}"


def _encoded(kind: FieldKind, value: Value) -> str:
    match kind:
        case FieldKind.FLOAT:
            return repr(float(value or 0))
        case FieldKind.INT:
            return f"{int(value or 0)}i"
        case FieldKind.BOOL:
            return "true" if value else "false"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
