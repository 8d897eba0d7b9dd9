"""What single keys of a hand-written fleet file may hold."""

import re
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import WithJsonSchema

from coldchain.errors import InvalidInput
from coldchain.readings import MAX_SENSOR_ID, valid_sensor_id
from coldchain.seal import decode_public
from coldchain_runtime.documents import duration_ms
from coldchain_runtime.secrets import PLACEHOLDERS

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_REFERENCE = re.compile(r"file:\S.*|env:[A-Za-z_][A-Za-z0-9_]*")
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


def secret_reference(text: str) -> str:
    """Where a secret is kept: `file:PATH` or `env:NAME`; the secret itself never stands in a fleet file."""
    if _REFERENCE.fullmatch(text) is None:
        raise InvalidInput("secrets stand in a fleet file by reference only: file:PATH or env:NAME")
    if text.partition(":")[2].lower() in PLACEHOLDERS:
        raise InvalidInput(f"{text!r} is a placeholder, not the place of a secret")
    return text


def webhook_url(text: str) -> str:
    """An http or https address without user, password or fragment."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidInput(f"not an address: {error}") from error
    if parts.scheme not in {"http", "https"} or not host or not text.isprintable() or " " in text:
        raise InvalidInput(f"{text!r} is not an http or https address")
    if parts.username or parts.password or parts.fragment:
        raise InvalidInput("a webhook's address holds no user, password or fragment")
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
Reference = Annotated[
    str, secret_reference, WithJsonSchema({"type": "string", "pattern": f"^({_REFERENCE.pattern})$"})
]
Url = Annotated[str, webhook_url, WithJsonSchema({"type": "string", "format": "uri"})]
PublicKey = Annotated[str, public_key, WithJsonSchema({"type": "string", "contentEncoding": "base64"})]
Delay = Annotated[int, duration_ms, WithJsonSchema({"type": "string", "pattern": _DURATION})]
Interval = Annotated[int, positive, WithJsonSchema({"type": "string", "pattern": _DURATION})]
