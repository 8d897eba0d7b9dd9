"""The watch document as a file, for a gateway without backend: signed in its envelope, or as it is.

A document written by hand may be shorter: a profile by its built-in name, names that are missing are the ids,
sensors are in use, and the version follows from the content.
"""

import hashlib
import json
from pathlib import Path

from coldchain.errors import InvalidInput
from coldchain.watch import MAX_ENVELOPE, WatchBundle, from_bytes, open_envelope, profile_document
from coldchain_runtime.documents import meant


def read_watch_file(file: Path) -> WatchBundle:
    """Raises OSError, InvalidInput, or IntegrityError for an envelope with a wrong signature.

    Whoever can write the file can write the configuration too, so a bare document is taken as it is.
    """
    with file.open("rb") as handle:
        data = handle.read(MAX_ENVELOPE + 1)
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{file}: not JSON: {error}") from error
    if not isinstance(document, dict):
        raise InvalidInput(f"{file}: not a watch document")
    if "payload" in document:
        return open_envelope(data, None)
    whole = {
        "version": hashlib.sha256(data).hexdigest()[:12],
        "organisation": "",
        "gateway": "",
        "made_ms": 0,
        **document,
        "sensors": [_whole_sensor(one) for one in _list(document, "sensors")],
        "profiles": [_whole_profile(one) for one in _list(document, "profiles")],
    }
    bundle = from_bytes(json.dumps(whole).encode())
    for sensor in bundle.sensors:
        if bundle.profile_named(sensor.profile) is None:
            raise InvalidInput(f"{file}: sensor {sensor.sensor}: no {sensor.profile!r} in `profiles`")
    return bundle


def _list(document: dict[str, object], key: str) -> list[object]:
    found = document.get(key)
    if not isinstance(found, list):
        raise InvalidInput(f"a watch document needs a list `{key}`")
    return found


def _whole_sensor(sensor: object) -> object:
    if not isinstance(sensor, dict):
        return sensor
    kinds = ("point", "zone", "asset")
    names = {f"{kind}_name": {"en": sensor.get(kind), "zh": sensor.get(kind)} for kind in kinds}
    return {"in_use": True, "contacts": [], **names, **sensor}


def _whole_profile(profile: object) -> object:
    """A built-in one by its name."""
    if not isinstance(profile, str):
        return profile
    from coldchain.builtin_profiles import BUILTIN

    known = BUILTIN.get(profile)
    if known is None:
        raise InvalidInput(f"{profile!r} is no built-in profile{meant(profile, BUILTIN)}")
    return profile_document(known)
