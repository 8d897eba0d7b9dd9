"""What single keys of a hand-written fleet file may hold."""

import re
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import WithJsonSchema

from coldchain.errors import InvalidInput
from coldchain.readings import MAX_SENSOR_ID, valid_sensor_id
from coldchain.seal import decode_public
from coldchain_runtime.documents import duration_ms

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DURATION = r"^0$|^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$"


def identifier(text: str) -> str:
    """An id: letters, digits, '.', '_' and '-', at most 64, a letter or digit first."""
    if _NAME.fullmatch(text) is None:
        raise InvalidInput(f"{text!r} is not an id: letters, digits, '.', '_', '-', at most 64")
    return text


def sensor_id(text: str) -> str:
    """What the gateway calls the device: any printable text of at most 128 characters."""
    if not valid_sensor_id(text):
        raise InvalidInput(f"{text!r} cannot name a sensor: printable, at most {MAX_SENSOR_ID} characters")
    return text


def time_zone(text: str) -> str:
    """An IANA time zone such as Asia/Shanghai."""
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidInput(f"{text!r} is not an IANA time zone such as Asia/Shanghai") from error
    return text


def public_key(text: str) -> str:
    """A gateway's public key in base64, as `coldchain-gateway enroll` prints it."""
    decode_public(text)
    return text


def positive(text: str) -> int:
    """A duration above nothing."""
    duration = duration_ms(text)
    if duration <= 0:
        raise InvalidInput("must be longer than 0")
    return duration


Id = Annotated[str, identifier, WithJsonSchema({"type": "string", "pattern": f"^{_NAME.pattern}$"})]
SensorId = Annotated[str, sensor_id, WithJsonSchema({"type": "string", "maxLength": MAX_SENSOR_ID})]
TimeZone = Annotated[str, time_zone, WithJsonSchema({"type": "string", "examples": ["Asia/Shanghai"]})]
PublicKey = Annotated[str, public_key, WithJsonSchema({"type": "string", "contentEncoding": "base64"})]
Delay = Annotated[int, duration_ms, WithJsonSchema({"type": "string", "pattern": _DURATION})]
Interval = Annotated[int, positive, WithJsonSchema({"type": "string", "pattern": _DURATION})]
