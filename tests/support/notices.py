"""Notice documents for tests: one that says everything, one as an older version queued it."""

from __future__ import annotations

import orjson

FULL: dict[str, object] = {
    "alert_id": "al_0123456789abcdef0123",
    "sequence": 2,
    "revision": 1,
    "kind": "excursion",
    "class": "alarm",
    "critical": True,
    "state": "firing",
    "level": "alarm",
    "organisation": "demo",
    "asset": "truck-1",
    "asset_name": {"en": "Truck 1", "zh": "一号车"},
    "zone": "truck-1.box",
    "zone_name": {"en": "Box", "zh": "货厢"},
    "point": "truck-1.box.rear",
    "point_name": {"en": "Rear", "zh": "尾部"},
    "sensor": "t1-rear",
    "gateway": "gw-1",
    "rule": "too_warm",
    "value_c": 11.3,
    "limit_c": 8.0,
    "side": "high",
    "peak_c": 11.6,
    "peak_at": "2026-11-22T08:50:00.000Z",
    "out_minutes": 42.0,
    "degree_minutes": 97.5,
    "data_gap": False,
    "sensors": [],
    "sensor_count": 0,
    "opened_at": "2026-11-22T08:18:00.000Z",
    "ended_at": None,
    "event_time": "2026-11-22T09:00:00.000Z",
    "detected_at": "2026-11-22T09:00:01.250Z",
    "last_contact_at": "2026-11-22T08:58:00.000Z",
    "incomplete": False,
    "by": None,
    "reason": None,
    "zone_time": "Asia/Shanghai",
    "plate": "渝A·00000",
    "contacts": [{"name": "Duty driver", "phone": "+8613800000000"}],
    "position": {"latitude": 29.56301, "longitude": 106.55156, "at": "2026-11-22T08:57:00.000Z"},
    "context": {"door": "closed", "mains": "on"},
    "instruction": {"en": "Move the goods to cold store 2.", "zh": "将货物转移到二号冷库。"},
    "told": ["dispatch", "shift-sms"],
    "step": 0,
    "merged_into": None,
    "text": {
        "en": "Truck 1 · Box · Rear: 11.3 °C is out of limits (high 8.0 °C), alarm.",
        "zh": "一号车 · 货厢 · 尾部：11.3 °C 超出限值（高 8.0 °C），报警。",
    },
    "link": "https://cold.example/alerts/al_0123456789abcdef0123",
}
OLD_KEYS = (
    "alert_id", "sequence", "revision", "kind", "state", "level", "organisation", "asset", "asset_name",
    "zone", "zone_name", "point", "point_name", "sensor", "gateway", "rule", "value_c", "limit_c", "peak_c",
    "peak_at", "out_minutes", "data_gap", "sensors", "sensor_count", "opened_at", "ended_at", "event_time",
    "detected_at", "incomplete", "by", "reason", "text", "link",
)  # fmt: skip
"""What the first version queued."""

CHECKPOINT: dict[str, object] = {"offset": 12, "hash": "00"}


def document(kind: str = "alert.fired", /, **changed: object) -> bytes:
    """A document that says everything, with some fields changed."""
    return _written(kind, {**FULL, **changed})


def old_document(kind: str = "alert.fired", /, **changed: object) -> bytes:
    """The same as the first version queued it."""
    return _written(kind, {key: value for key, value in {**FULL, **changed}.items() if key in OLD_KEYS})


def resolved(**changed: object) -> bytes:
    """The end of the same alert."""
    ended = {"state": "resolved", "sequence": 3, "ended_at": "2026-11-22T09:10:00.000Z", "value_c": 7.2}
    text = {
        "en": "Truck 1 · Box · Rear: 7.2 °C, back within limits; was out 52 minutes, peak 11.6 °C; goods:"
        " decision pending.",
        "zh": "一号车 · 货厢 · 尾部：7.2 °C，已恢复到限值内；超限 52 分钟，极值 11.6 °C；货物：待处置决定。",
    }
    return document("alert.resolved", **{**ended, "out_minutes": 52.0, "text": text, **changed})


def digest(count: int = 3, named: int = 2) -> bytes:
    """A digest of `count` alerts that names some."""
    rows = [
        {
            "alert_id": f"al_{number:020d}",
            "event": "fired",
            "kind": "excursion",
            "level": "alarm",
            "place": {"en": f"Store {number} · Chiller", "zh": f"{number} 号库 · 冷藏间"},
            "asset": f"store-{number}",
            "zone": f"store-{number}.chiller",
            "point": f"store-{number}.chiller.rear",
            "sensor": f"t{number}-rear",
            "rule": "high",
            "value_c": 9.5,
            "limit_c": 8.0,
            "opened_at": "2026-11-22T07:46:00.000Z",
            "at": "2026-11-22T08:38:00.000Z",
        }
        for number in range(named)
    ]
    data = {
        "count": count,
        "named": rows,
        "unnamed": count - named,
        "opened_at": "2026-11-22T08:38:00.000Z",
        "organisation": "demo",
        "text": {"en": f"{count} alarms.", "zh": f"{count} 条报警。"},
    }
    return _written("alert.digest", data)


def group(*events: str) -> bytes:
    """The message of a group of a truck: one alert for each event, which is what happened to it."""
    base = orjson.loads(digest(len(events), len(events)))["data"]
    rows = [{**row, "event": event} for row, event in zip(base["named"], events, strict=True)]
    common = ("asset", "asset_name", "level", "zone_time", "plate", "contacts", "position", "instruction")
    about = {name: FULL[name] for name in common} | {"critical": True, "kind": "excursion"}
    cause = {"asset": FULL["asset"], "gateway": None, "cause": "excursion"}
    return _written("alert.digest", {**base, **about, "named": rows, "group": cause})


def _written(kind: str, data: dict[str, object]) -> bytes:
    return orjson.dumps({"type": kind, "timestamp": "2026-11-22T09:00:00.000Z", "data": data})
