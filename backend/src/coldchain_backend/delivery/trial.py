"""A test message: the longest that could really be sent, made from the fleet in force."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import orjson

from coldchain.words import Language, Text
from coldchain_backend.delivery.phrases import PHRASES
from coldchain_backend.fleet import Place, Plan, Receiver

ENDED_BY_AN_END: Final = frozenset({"pagerduty", "alertmanager"})
"""Channels where a fire stays open at the other end until its end comes."""

_INSTRUCTION: Final = Text(
    en="Move the goods to another cold store, close the doors, check the cooling unit, call back with news.",
    zh="请将货物转移到其他冷库，关闭库门，检查制冷机组，并回电说明情况。",
)


def trial_id(receiver: str, now_ms: int) -> str:
    """The id of the alert that a test message speaks of; no real one has it."""
    return "al_test" + sha256(f"{receiver}\n{now_ms}".encode()).hexdigest()[:13]


def trial_document(plan: Plan, receiver: Receiver, link: str, now_ms: int, *, ends: bool = False) -> bytes:
    """The notice of a test: every field has something in it, names are the longest of the fleet.

    `link`: what links to the page begin with. `ends`: its end, so that nothing stays open at the other end.
    """
    at = _iso(now_ms)
    data = {
        "alert_id": trial_id(receiver.name, now_ms),
        "sequence": 2 if ends else 1,
        "revision": 1,
        "kind": "excursion",
        "class": "alarm",
        "critical": True,
        "state": "resolved" if ends else "firing",
        "level": "alarm",
        "organisation": plan.organisation,
        **_somewhere(plan),
        "rule": "test",
        "value_c": -28.4,
        "limit_c": -18.0,
        "peak_c": -30.1,
        "side": "low",
        "out_minutes": 1440.0,
        "degree_minutes": 14976.0,
        "opened_at": _iso(now_ms - 86_400_000),
        "ended_at": at if ends else None,
        "event_time": at,
        "detected_at": at,
        "last_contact_at": _iso(now_ms - 3_600_000),
        "position": {"latitude": -29.56301, "longitude": 106.55156, "at": _iso(now_ms - 3_600_000)},
        "instruction": {"en": _INSTRUCTION.en, "zh": _INSTRUCTION.zh},
        "told": [one.name for one in plan.receivers],
        "text": {language.value: PHRASES[language]["phrase"]["test"] for language in Language},
        "link": f"{link}/alerts/{trial_id(receiver.name, now_ms)}",
    }
    kind = "alert.resolved" if ends else "alert.test"
    return orjson.dumps({"type": kind, "timestamp": at, "data": data})


def _somewhere(plan: Plan) -> dict[str, object]:
    """The place with the longest names, with its plate and whom to call."""
    places = list(plan.places())
    if not places:
        return {"zone_time": "UTC", "plate": "TEST-0000", "contacts": [{"name": "", "phone": "+0000000000"}]}
    place = max(places, key=_length)
    asset = place.asset
    return {
        "asset": asset.id,
        "zone": place.zone.id,
        "point": place.point.id,
        "sensor": place.point.sensor,
        "asset_name": _names(asset.name),
        "zone_name": _names(place.zone.name),
        "point_name": _names(place.point.name),
        "zone_time": asset.time_zone,
        "plate": asset.plate or "TEST-0000",
        "contacts": [{"name": "", "phone": one} for one in asset.contacts],
    }


def _length(place: Place) -> int:
    names = (place.asset.name, place.zone.name, place.point.name)
    return max(sum(len(name.in_(language)) for name in names) for language in Language)


def _names(name: Text) -> dict[str, str]:
    return {"en": name.in_(Language.EN), "zh": name.in_(Language.ZH)}


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
