"""The watch bundle: what a gateway watches and by which limits, signed by the backend, used offline."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from coldchain.errors import IntegrityError, InvalidInput
from coldchain.profiles import Mark, Profile, Rule, Side
from coldchain.seal import Key, decode_public, encode_public, fingerprint, sign_document, verify_document
from coldchain.words import Text

DOCUMENT = "watch"
MAX_ENVELOPE = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedSensor:
    """One sensor of the gateway, with the place it stands in; `interval_ms` is the expected one."""

    sensor: str
    interval_ms: int
    point: str
    point_name: Text
    zone: str
    zone_name: Text
    asset: str
    asset_name: Text
    in_use: bool
    profile: str
    contacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchBundle:
    """Everything that the local alarm needs; `version` changes exactly when the content does."""

    version: str
    organisation: str
    gateway: str
    made_ms: int
    sensors: tuple[WatchedSensor, ...]
    profiles: tuple[Profile, ...]

    def profile_named(self, name: str) -> Profile | None:
        """The bundle's profile of a name."""
        return next((profile for profile in self.profiles if profile.name == name), None)


def to_bytes(bundle: WatchBundle) -> bytes:
    """Write a bundle as canonical JSON (sorted keys, UTF-8)."""
    document = {
        "version": bundle.version,
        "organisation": bundle.organisation,
        "gateway": bundle.gateway,
        "made_ms": bundle.made_ms,
        "sensors": [_sensor_document(sensor) for sensor in bundle.sensors],
        "profiles": [profile_document(profile) for profile in bundle.profiles],
    }
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def from_bytes(data: bytes) -> WatchBundle:
    """Read a bundle; raises InvalidInput where it is not one."""
    try:
        document = json.loads(data)
        return WatchBundle(
            version=_text(document, "version"),
            organisation=_text(document, "organisation"),
            gateway=_text(document, "gateway"),
            made_ms=_whole(document["made_ms"]),
            sensors=tuple(_sensor_of(item) for item in document["sensors"]),
            profiles=tuple(profile_of(item) for item in document["profiles"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as fault:
        raise InvalidInput(f"not a watch bundle: {fault!r}") from fault


def make_envelope(bundle: WatchBundle, key: Key) -> bytes:
    """Sign a bundle and wrap it for the wire and for the gateway's disk."""
    payload = to_bytes(bundle)
    envelope = {
        "payload": payload.decode(),
        "key": key.fingerprint,
        "public_key": encode_public(key.public),
        "signature": sign_document(key, DOCUMENT, payload),
    }
    return json.dumps(envelope, ensure_ascii=False, sort_keys=True).encode()


def open_envelope(data: bytes, trusted: str | None) -> WatchBundle:
    """Check an envelope and give its bundle; `trusted` is the fingerprint of the backend's key where pinned.

    Raises InvalidInput for what is no envelope and IntegrityError for a wrong key or signature.
    """
    if len(data) > MAX_ENVELOPE:
        raise InvalidInput(f"watch envelope of {len(data)} bytes, the limit is {MAX_ENVELOPE}")
    try:
        envelope = json.loads(data)
        payload = _text(envelope, "payload").encode()
        public = decode_public(_text(envelope, "public_key"))
        key, signature = _text(envelope, "key"), _text(envelope, "signature")
    except (ValueError, KeyError, TypeError, RecursionError) as fault:
        raise InvalidInput(f"not a watch envelope: {fault!r}") from fault
    if fingerprint(public) != key or (trusted is not None and key != trusted):
        raise IntegrityError(f"watch bundle signed by {key}, not by the backend's key {trusted}")
    if not verify_document(public, DOCUMENT, payload, signature):
        raise IntegrityError("watch bundle with a wrong signature")
    return from_bytes(payload)


def profile_document(profile: Profile) -> dict[str, object]:
    """Write a profile as plain values."""
    return {
        "name": profile.name,
        "version": profile.version,
        "title": _text_document(profile.title),
        "citation": profile.citation,
        "mark": profile.mark.value,
        "gap_factor": profile.gap_factor,
        "gap_floor_ms": profile.gap_floor_ms,
        "note": None if profile.note is None else _text_document(profile.note),
        "rules": [
            {
                "name": rule.name,
                "side": rule.side.value,
                "threshold": rule.threshold,
                "inclusive": rule.inclusive,
                "hysteresis": rule.hysteresis,
                "warning_after_ms": rule.warning_after_ms,
                "alarm_after_ms": rule.alarm_after_ms,
                "quantity": rule.quantity,
            }
            for rule in profile.rules
        ],
    }


def profile_of(document: Mapping[str, object]) -> Profile:
    """Read what `profile_document` gave; KeyError, TypeError or ValueError where it is something else."""
    note, factor, floor = document["note"], document["gap_factor"], document["gap_floor_ms"]
    return Profile(
        name=_text(document, "name"),
        version=_whole(document["version"]),
        title=_text_of(document["title"]),
        rules=tuple(_rule_of(_mapping(item)) for item in _items(document["rules"])),
        citation=_text(document, "citation"),
        mark=Mark(_text(document, "mark")),
        gap_factor=_number(factor),
        gap_floor_ms=_whole(floor),
        note=None if note is None else _text_of(note),
    )


def _rule_of(document: Mapping[str, object]) -> Rule:
    warning, alarm = document["warning_after_ms"], document["alarm_after_ms"]
    return Rule(
        name=_text(document, "name"),
        side=Side(_text(document, "side")),
        threshold=_number(document["threshold"]),
        inclusive=document["inclusive"] is True,
        hysteresis=_number(document["hysteresis"]),
        warning_after_ms=None if warning is None else _whole(warning),
        alarm_after_ms=None if alarm is None else _whole(alarm),
        quantity=_text(document, "quantity"),
    )


def _sensor_document(sensor: WatchedSensor) -> dict[str, object]:
    return {
        "sensor": sensor.sensor,
        "interval_ms": sensor.interval_ms,
        "point": sensor.point,
        "point_name": _text_document(sensor.point_name),
        "zone": sensor.zone,
        "zone_name": _text_document(sensor.zone_name),
        "asset": sensor.asset,
        "asset_name": _text_document(sensor.asset_name),
        "in_use": sensor.in_use,
        "profile": sensor.profile,
        "contacts": list(sensor.contacts),
    }


def _sensor_of(document: Mapping[str, object]) -> WatchedSensor:
    return WatchedSensor(
        sensor=_text(document, "sensor"),
        interval_ms=_whole(document["interval_ms"]),
        point=_text(document, "point"),
        point_name=_text_of(document["point_name"]),
        zone=_text(document, "zone"),
        zone_name=_text_of(document["zone_name"]),
        asset=_text(document, "asset"),
        asset_name=_text_of(document["asset_name"]),
        in_use=document["in_use"] is True,
        profile=_text(document, "profile"),
        contacts=tuple(str(contact) for contact in _items(document["contacts"])),
    )


def _text_document(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh}


def _text_of(value: object) -> Text:
    document = _mapping(value)
    return Text(en=_text(document, "en"), zh=_text(document, "zh"))


def _text(document: Mapping[str, object], key: str) -> str:
    value = document[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is not a text")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{value!r} is not a number")
    return float(value)


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is not a table")
    return value


def _items(value: object) -> Iterable[object]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is not a list")
    return value
