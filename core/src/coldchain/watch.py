"""The watch bundle: what a gateway watches and by which limits, signed by the backend, used offline."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from coldchain.errors import IntegrityError, InvalidInput
from coldchain.profiles import Profile
from coldchain.profiles.document import (
    items,
    profile_document,
    profile_of,
    text,
    text_document,
    text_of,
    whole,
)
from coldchain.seal import Key, decode_public, encode_public, fingerprint, sign_document, verify_document
from coldchain.words import Text

__all__ = [
    "DOCUMENT",
    "MAX_ENVELOPE",
    "WatchBundle",
    "WatchedSensor",
    "from_bytes",
    "make_envelope",
    "open_envelope",
    "profile_document",
    "profile_of",
    "to_bytes",
]

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
            version=text(document, "version"),
            organisation=text(document, "organisation"),
            gateway=text(document, "gateway"),
            made_ms=whole(document["made_ms"]),
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
        payload = text(envelope, "payload").encode()
        public = decode_public(text(envelope, "public_key"))
        key, signature = text(envelope, "key"), text(envelope, "signature")
    except (ValueError, KeyError, TypeError, RecursionError) as fault:
        raise InvalidInput(f"not a watch envelope: {fault!r}") from fault
    if fingerprint(public) != key or (trusted is not None and key != trusted):
        raise IntegrityError(f"watch bundle signed by {key}, not by the backend's key {trusted}")
    if not verify_document(public, DOCUMENT, payload, signature):
        raise IntegrityError("watch bundle with a wrong signature")
    return from_bytes(payload)


def _sensor_document(sensor: WatchedSensor) -> dict[str, object]:
    return {
        "sensor": sensor.sensor,
        "interval_ms": sensor.interval_ms,
        "point": sensor.point,
        "point_name": text_document(sensor.point_name),
        "zone": sensor.zone,
        "zone_name": text_document(sensor.zone_name),
        "asset": sensor.asset,
        "asset_name": text_document(sensor.asset_name),
        "in_use": sensor.in_use,
        "profile": sensor.profile,
        "contacts": list(sensor.contacts),
    }


def _sensor_of(document: Mapping[str, object]) -> WatchedSensor:
    return WatchedSensor(
        sensor=text(document, "sensor"),
        interval_ms=whole(document["interval_ms"]),
        point=text(document, "point"),
        point_name=text_of(document["point_name"]),
        zone=text(document, "zone"),
        zone_name=text_of(document["zone_name"]),
        asset=text(document, "asset"),
        asset_name=text_of(document["asset_name"]),
        in_use=document["in_use"] is True,
        profile=text(document, "profile"),
        contacts=tuple(str(contact) for contact in items(document["contacts"])),
    )
