"""What stands in InfluxDB: measurements, their tags, and their fields with type and unit.

Dashboards rest on this table, and no field ever changes its type. A point is named by measurement, tags and
time; fields may be added, so that a reader must take a field that is not there for one not known then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from coldchain.quantities import QUANTITIES


class FieldKind(StrEnum):
    """Type of a field in InfluxDB. Everything measured is a float, also where it is a whole number."""

    FLOAT = "float"
    INT = "integer"
    BOOL = "boolean"
    TEXT = "string"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: its type, its unit or form, and what it says."""

    kind: FieldKind
    unit: str = ""
    means: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One measurement.

    tags       in the order of the line; those of `may_lack` are left out where there is nothing to name
    at         what the time of a point is
    tie_broken points of one instant are kept apart by nanoseconds that follow from their id
    """

    name: str
    means: str
    tags: tuple[str, ...]
    fields: Mapping[str, Field]
    at: str
    may_lack: frozenset[str] = frozenset()
    tie_broken: bool = False


def _float(means: str, unit: str = "") -> Field:
    return Field(kind=FieldKind.FLOAT, unit=unit, means=means)


def _int(means: str, unit: str = "") -> Field:
    return Field(kind=FieldKind.INT, unit=unit, means=means)


def _bool(means: str) -> Field:
    return Field(kind=FieldKind.BOOL, means=means)


def _text(means: str) -> Field:
    return Field(kind=FieldKind.TEXT, means=means)


_MS: Final = "ms UTC"
_PLACE: Final = ("organisation", "asset", "zone", "point")
_KINDS: Final = {"float": FieldKind.FLOAT, "int": FieldKind.INT, "bool": FieldKind.BOOL}

READING: Final = Shape(
    name="reading",
    means="What sensors said, at the place where they stood then; of several at one instant the winner.",
    tags=(*_PLACE, "point_name", "sensor"),
    fields={
        **{name: Field(kind=_KINDS[one.kind], unit=one.unit, means="") for name, one in QUANTITIES.items()},
        "quality": _text("how sure the time is: `good`, `time-placed`, `time-unsure`"),
        "gateway": _text("the gateway that brought it, where that is still known"),
    },
    at="when it was measured",
)

LIMIT: Final = Shape(
    name="limit",
    means="The limits of a zone, at every change and every full hour: ask an hour further back.",
    tags=("organisation", "asset", "zone", "quantity"),
    fields={
        "low": _float("a value below breaks a limit", "of the quantity"),
        "high": _float("a value above breaks a limit", "of the quantity"),
        "low_far": _float("the farthest low limit of the profile", "of the quantity"),
        "high_far": _float("the farthest high limit of the profile", "of the quantity"),
        "profile": _text("the profile, as `name@version`"),
        "state": _text("`in_use`, `planned`, `empty`, `maintenance`; only `in_use` is judged"),
        "in_use": _bool("whether the zone is judged"),
        "required_coverage": _float("below this share of known time nothing is proved", "0–1"),
        "asset_en": _text("name of the asset"),
        "asset_zh": _text("name of the asset"),
        "zone_en": _text("name of the zone"),
        "zone_zh": _text("name of the zone"),
    },
    at="the change, or the full hour",
)

GAP: Final = Shape(
    name="gap",
    means="Unknown time of a point: its begin, every full hour within it, and its end.",
    tags=(*_PLACE, "sensor", "quantity"),
    fields={
        "unknown": _float("1 from the begin on, 0 at the end"),
        "from_ms": _int("when it began", _MS),
        "to_ms": _int("when it ended; not there while it goes on", _MS),
        "seconds": _float("how long it was; not there while it goes on", "s"),
    },
    at="begin, full hour or end",
)

EXCURSION: Final = Shape(
    name="excursion",
    means="Times in which a limit was broken; each is one point, which is overwritten as more is known.",
    tags=(*_PLACE, "quantity", "rule"),
    fields={
        "id": _text("the lasting id, as in links to the evidence"),
        "state": _text("`open`, `closed`, `withdrawn`, `merged`"),
        "level": _text("`none` (not long enough yet), `warning`, `alarm`"),
        "revision": _int("1, and one more each time that it was revised"),
        "withdrawn": _bool("later data took it back, or made it part of another"),
        "from_ms": _int("its first reading out of limits, as is known now", _MS),
        "to_ms": _int("its end; while it is open, up to when it is known", _MS),
        "out_s": _float("known time out of limits", "s"),
        "peak": _float("the farthest value", "of the quantity"),
        "peak_ms": _int("when that was", _MS),
        "limit": _float("the limit that was broken", "of the quantity"),
        "profile": _text("the profile, as `name@version`"),
        "data_gap": _bool("a gap lies within"),
        "incomplete": _bool("batches were still missing when it was closed"),
        "into": _text("the id of the excursion it became part of, or empty"),
        "sensor": _text("the sensor that stood there"),
    },
    at="when it was first opened; this never changes",
    tie_broken=True,
)

ALERT: Final = Shape(
    name="alert",
    means="What people are told about; each is one point, which is overwritten as its life goes on.",
    tags=(*_PLACE, "class", "kind"),
    fields={
        "id": _text("the id, as in links to the page"),
        "state": _text(
            "`firing`, `acknowledged`, `resolved_unacked`, `latched`, `resolved`, `closed`, `withdrawn`,"
            " `merged`; while it goes on and nobody is called: `shelved`, `suppressed`, `out_of_service`"
        ),
        "level": _text("`warning`, `alarm`"),
        "open": _bool("the condition goes on"),
        "withdrawn": _bool("later data took it back, or made it part of another"),
        "revision": _int("1, and one more each time that late data changed what was said"),
        "sequence": _int("number of its last step, from 1"),
        "paged": _bool("receivers were told"),
        "opened_ms": _int("when its cause began", _MS),
        "to_ms": _int("when its cause ended; while it is open, up to when it is known", _MS),
        "acknowledged_ms": _int("when somebody took notice; not there before", _MS),
        "acknowledge_s": _float("from firing until then; not there before", "s"),
        "deliveries": _int("how many messages were queued for it"),
        "undelivered": _int("how many of them nobody has received yet"),
        "subject": _text("gateway, sensor or what else it is about, or empty"),
        "rule": _text("the rule that was broken, or empty"),
        "detail": _text("its figure in a few signs, or empty"),
    },
    at="when it first fired; this never changes",
    may_lack=frozenset({"asset", "zone", "point"}),
    tie_broken=True,
)

_ACCOUNT: Final = {
    "required_s": _float("time in use", "s"),
    "covered_s": _float("of which readings speak", "s"),
    "unknown_s": _float("of which nothing is known", "s"),
    "in_s": _float("known time within all limits", "s"),
    "whole": _bool("it is over, and all of it is summed up; else it is as of a short while ago"),
    "coverage": _float("covered ÷ required", "0–1"),
    "required_coverage": _float("what the profile demands", "0–1"),
    "lowest": _float("the lowest value", "of the quantity"),
    "highest": _float("the highest value", "of the quantity"),
    "high_degree_minutes": _float("how far above the nearest limit, over time", "unit × min"),
    "low_degree_minutes": _float("how far below the nearest limit, over time", "unit × min"),
}
_CELL: Final = "the begin of the hour or local day; `cell` is `hour` or `day`"

COMPLIANCE: Final = Shape(
    name="compliance",
    means="How much of the time in use was known and within limits, per hour (UTC) and local day.",
    tags=(*_PLACE, "quantity", "profile", "cell"),
    fields={
        **_ACCOUNT,
        "readings": _int("how many readings lie in it"),
        "in_limits": _float("in ÷ covered", "0–1"),
        "conform": _float("in ÷ required; -1 where less is known than the profile demands", "-1, 0–1"),
        "mean": _float("the mean over the known time", "of the quantity"),
        "mkt": _float("the mean kinetic temperature", "°C"),
    },
    at=_CELL,
)

ZONE_COMPLIANCE: Final = Shape(
    name="zone_compliance",
    means="The cells of all points of a zone together, under whatever profile: sums, and the worst of them.",
    tags=("organisation", "asset", "zone", "quantity", "cell"),
    fields={
        **_ACCOUNT,
        "points": _int("how many points have a cell in it"),
        "conform": _float("in ÷ required of the worst point; -1 where too little of one is known", "-1, 0–1"),
        "mkt": _float("the highest mean kinetic temperature of a point", "°C"),
    },
    at=_CELL,
)

GATEWAY: Final = Shape(
    name="gateway",
    means="What gateways say of themselves every minute; any other number they send is a float here.",
    tags=("organisation", "gateway"),
    fields={
        "asset": _text("the asset it belonged to then, or empty"),
        "received_ms": _int("when it was received", _MS),
        "version": _text("its version"),
        "outbox_batches": _float("batches that wait"),
        "outbox_lines": _float("lines that wait"),
        "outbox_bytes": _float("size of the outbox", "bytes"),
        "outbox_oldest_s": _float("age of the oldest line that waits", "s"),
        "outbox_refused": _float("batches that were refused"),
        "outbox_quarantined": _float("broken outboxes put aside"),
        "disk_free_bytes": _float("room on the disk", "bytes"),
        "not_kept_s": _float("since when the outbox has no room; 0: it has", "s"),
        "hours_until_full": _float("until the disk is full, where that is foreseen", "h"),
        "clock_trusted": _bool("its time is trusted"),
        "clock_source": _text("what its time rests on"),
        "clock_alarm": _bool("its time has not been trusted for 24 h"),
        "redelivered": _float("messages that came twice"),
        "rss_bytes": _float("memory", "bytes"),
        "uptime_s": _float("since it started", "s"),
        "config": _text("digest of its configuration"),
    },
    at="when it said so",
)

MIRROR: Final = Shape(
    name="mirror",
    means="How far this mirror has come, once a minute; its own mark, by which it finds a bucket emptied.",
    tags=("organisation",),
    fields={
        "fill": _text("the id of the filling that stands here"),
        "ledger": _int("number of the newest ledger record that is mirrored"),
        "stamp_ms": _int("the stamp of that record", _MS),
    },
    at="when it was written",
)

SHAPES: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        shape.name: shape
        for shape in (READING, LIMIT, GAP, EXCURSION, ALERT, COMPLIANCE, ZONE_COMPLIANCE, GATEWAY, MIRROR)
    }
)
"""Every measurement by its name."""


def document() -> str:
    """The table as Markdown, for the guide."""
    return "\n".join(_section(shape) for shape in SHAPES.values())


def _section(shape: Shape) -> str:
    tags = ", ".join(f"`{tag}`" + (" (if any)" if tag in shape.may_lack else "") for tag in shape.tags)
    rows = "\n".join(
        f"| `{name}` | {one.kind.value} | {one.unit} | {one.means} |" for name, one in shape.fields.items()
    )
    return (
        f"### `{shape.name}`\n\n{shape.means}\n\nTags: {tags}. Time: {shape.at}.\n\n"
        f"| Field | Type | Unit | Says |\n|---|---|---|---|\n{rows}\n"
    )
