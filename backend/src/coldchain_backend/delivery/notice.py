"""The notice document of a queued delivery, read: what there is to tell, independent of any channel.

Alerts write it once, when the step is committed; each channel makes its message from it when it is sent.
Documents that an older version queued lack the newer fields, which then are unknown.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from coldchain.errors import InvalidInput
from coldchain.words import Language, Text

ENDED: Final = frozenset({"resolved", "resolved_unacked", "latched", "closed", "withdrawn", "merged"})
"""States in which an alert's condition is over for those who were told."""

DIGEST: Final = "alert.digest"
OVER: Final = frozenset({"resolved", "closed", "withdrawn", "merged"})
"""Events by which an alert ends for those who were told."""
_Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to call."""

    name: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where the asset was, in degrees (WGS 84), and when that was known, ms UTC."""

    latitude: float
    longitude: float
    at_ms: int | None = None

    @property
    def map_link(self) -> str:
        """A map of the place, which any browser opens."""
        return (
            f"https://www.openstreetmap.org/?mlat={self.latitude:.5f}&mlon={self.longitude:.5f}"
            f"#map=15/{self.latitude:.5f}/{self.longitude:.5f}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One alert that a digest names, with what happened to it; ids and `kind` as in a notice of its own."""

    alert: str
    event: str
    level: str
    place: Text
    kind: str = ""
    asset: str | None = None
    zone: str | None = None
    point: str | None = None
    sensor: str | None = None
    gateway: str | None = None
    rule: str | None = None
    value_c: float | None = None
    limit_c: float | None = None
    opened_ms: int | None = None
    at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Many alerts in one message: `count` of all, of which `unnamed` found no room.

    group   they have asset, gateway and cause in common
    """

    count: int
    unnamed: int
    named: tuple[Named, ...]
    group: bool = False

    @property
    def acknowledges(self) -> bool:
        """Whether whoever gets it may take notice of its alerts: of a group in which something goes on."""
        over = {one.alert for one in self.named if one.event in OVER}
        return self.group and any(one.alert not in over for one in self.named)

    @property
    def calls(self) -> bool:
        """Whether people are called by it: something in it fires, or is told again."""
        return self.unnamed > 0 or any(one.event not in {*OVER, "acknowledged"} for one in self.named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What there is to tell. Times are ms UTC, temperatures °C; None and empty are unknown.

    type          such as `alert.fired`; also of what is no alert, such as the daily checkpoint
    at_ms         event time of the step
    names         asset, zone and point as people call them, as far as they stand in the fleet
    text          one sentence in each language, made when the step was committed
    told          names of the receivers that were told the same
    step          of the escalation, 0 first
    """

    type: str
    at_ms: int
    alert: str = ""
    sequence: int = 1
    revision: int = 1
    kind: str = ""
    state: str = ""
    level: str = ""
    organisation: str = ""
    asset: str | None = None
    zone: str | None = None
    point: str | None = None
    sensor: str | None = None
    gateway: str | None = None
    names: tuple[Text, ...] = ()
    rule: str | None = None
    value_c: float | None = None
    limit_c: float | None = None
    peak_c: float | None = None
    side: str | None = None
    out_minutes: float | None = None
    degree_minutes: float | None = None
    data_gap: bool = False
    sensors: int = 0
    opened_ms: int | None = None
    ended_ms: int | None = None
    last_contact_ms: int | None = None
    incomplete: bool = False
    by: str | None = None
    reason: str | None = None
    text: Text = field(default_factory=Text)
    link: str = ""
    system: bool = False
    critical: bool = False
    zone_time: str = "UTC"
    plate: str | None = None
    contacts: tuple[Contact, ...] = ()
    position: Position | None = None
    instruction: Text = field(default_factory=Text)
    told: tuple[str, ...] = ()
    step: int = 0
    merged_into: str | None = None
    digest: Digest | None = None

    @property
    def ended(self) -> bool:
        """Whether the condition is over for those who were told of it."""
        return self.state in ENDED

    @property
    def acknowledges(self) -> bool:
        """Whether it tells that somebody took notice."""
        return self.type == "alert.acknowledged"

    @property
    def calls(self) -> bool:
        """Whether people are called by it, and not told only that something is over or taken notice of."""
        quiet = self.ended or self.acknowledges
        return not quiet and (self.digest is None or self.digest.calls)

    def place(self, language: Language) -> str:
        """Where it is, in a language; ids where no names are known."""
        if self.names:
            return " · ".join(name.in_(language) for name in self.names)
        return self.point or self.zone or self.asset or self.gateway or self.organisation


def read_notice(body: bytes) -> Notice:
    """Read a queued document. Raises InvalidInput for what is not one."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"not a notice: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("type"), str):
        raise InvalidInput("not a notice: no type")
    data = document.get("data")
    return _Reader(data if isinstance(data, dict) else {}).notice(document)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Takes fields of the kind that is wanted; what is missing or of another kind is unknown."""

    data: _Fields

    def notice(self, document: _Fields) -> Notice:
        return Notice(
            type=str(document["type"]),
            at_ms=_ms(document.get("timestamp")) or 0,
            alert=self.text("alert_id") or "",
            sequence=self.whole("sequence", 1),
            revision=self.whole("revision", 1),
            kind=self.text("kind") or "",
            state=self.text("state") or "",
            level=self.text("level") or "",
            organisation=self.text("organisation") or "",
            asset=self.text("asset"),
            zone=self.text("zone"),
            point=self.text("point"),
            sensor=self.text("sensor"),
            gateway=self.text("gateway"),
            names=self.names(),
            rule=self.text("rule"),
            value_c=self.number("value_c"),
            limit_c=self.number("limit_c"),
            peak_c=self.number("peak_c"),
            side=self.text("side"),
            out_minutes=self.number("out_minutes"),
            degree_minutes=self.number("degree_minutes"),
            data_gap=self.data.get("data_gap") is True,
            sensors=self.whole("sensor_count", 0),
            opened_ms=_ms(self.data.get("opened_at")),
            ended_ms=_ms(self.data.get("ended_at")),
            last_contact_ms=_ms(self.data.get("last_contact_at")),
            incomplete=self.data.get("incomplete") is True,
            by=self.text("by"),
            reason=self.text("reason"),
            text=_both(self.data.get("text")),
            link=self.text("link") or "",
            system=self.data.get("class") == "system" or self.data.get("kind") == "system",
            critical=self.critical(),
            zone_time=self.text("zone_time") or "UTC",
            plate=self.text("plate"),
            contacts=self.contacts(),
            position=self.position(),
            instruction=_both(self.data.get("instruction")),
            told=tuple(one for one in _list(self.data.get("told")) if isinstance(one, str)),
            step=self.whole("step", 0),
            merged_into=self.text("merged_into"),
            digest=self.digest() if document["type"] == DIGEST else None,
        )

    def text(self, name: str) -> str | None:
        value = self.data.get(name)
        return value if isinstance(value, str) and value else None

    def number(self, name: str) -> float | None:
        return _number(self.data.get(name))

    def whole(self, name: str, otherwise: int) -> int:
        value = self.data.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else otherwise

    def names(self) -> tuple[Text, ...]:
        found = (_both(self.data.get(f"{part}_name")) for part in ("asset", "zone", "point"))
        return tuple(name for name in found if name.en or name.zh)

    def critical(self) -> bool:
        """Documents of older versions do not say it: level alarm, and not about the product itself."""
        said = self.data.get("critical")
        if isinstance(said, bool):
            return said
        return self.data.get("level") == "alarm" and self.data.get("kind") != "system"

    def contacts(self) -> tuple[Contact, ...]:
        found = []
        for one in _list(self.data.get("contacts")):
            fields = _table(one)
            phone = fields.get("phone")
            if isinstance(phone, str) and phone:
                found.append(Contact(name=str(fields.get("name") or ""), phone=phone))
        return tuple(found)

    def position(self) -> Position | None:
        fields = _table(self.data.get("position"))
        latitude, longitude = _number(fields.get("latitude")), _number(fields.get("longitude"))
        if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
            return None
        return Position(latitude=latitude, longitude=longitude, at_ms=_ms(fields.get("at")))

    def digest(self) -> Digest:
        named = tuple(_Reader(_table(one)).named() for one in _list(self.data.get("named")))
        return Digest(
            count=self.whole("count", len(named)),
            unnamed=self.whole("unnamed", 0),
            named=named,
            group=isinstance(self.data.get("group"), dict),
        )

    def named(self) -> Named:
        return Named(
            alert=self.text("alert_id") or "",
            event=self.text("event") or "",
            level=self.text("level") or "",
            place=_both(self.data.get("place")),
            kind=self.text("kind") or "",
            asset=self.text("asset"),
            zone=self.text("zone"),
            point=self.text("point"),
            sensor=self.text("sensor"),
            gateway=self.text("gateway"),
            rule=self.text("rule"),
            value_c=self.number("value_c"),
            limit_c=self.number("limit_c"),
            opened_ms=_ms(self.data.get("opened_at")),
            at_ms=_ms(self.data.get("at")),
        )


def _table(value: object) -> _Fields:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _both(value: object) -> Text:
    fields = _table(value)
    en, zh = fields.get("en"), fields.get("zh")
    return Text(en=en if isinstance(en, str) else "", zh=zh if isinstance(zh, str) else "")


def _ms(value: object) -> int | None:
    """An ISO 8601 instant with its zone."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    if at.tzinfo is None or not 1970 < at.year < 2200:
        return None
    return (at - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)
