"""JSON as devices write it: an object, with NaN where a sketch printed one."""

import re
from typing import Final

import orjson

from coldchain.readings import RefusalReason

from .values import Unreadable

MAX_PAYLOAD: Final = 64 * 1024
# Strings are matched first, so that nothing inside them is touched.
_TOKENS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|-?\b(?:nan|inf|infinity|none)\b', re.IGNORECASE)


def read_json(data: bytes) -> object:
    """Any JSON value; bare nan, inf and None, which JSON does not have, are null. Raises Unreadable."""
    if not data.strip():
        raise Unreadable(RefusalReason.NO_READING, "empty")
    if len(data) > MAX_PAYLOAD:
        raise Unreadable(RefusalReason.TOO_LONG, f"{len(data)} bytes")
    try:
        found: object = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        return _read_loose(data, error)
    return found


def _read_loose(data: bytes, error: orjson.JSONDecodeError) -> object:
    try:
        text = data.decode()
    except UnicodeDecodeError as fault:
        raise Unreadable(RefusalReason.NOT_UTF8, str(fault)) from fault
    mended = _TOKENS.sub(lambda token: token[0] if token[0].startswith('"') else "null", text)
    if mended == text:
        raise Unreadable(RefusalReason.BAD_JSON, str(error)) from error
    try:
        found: object = orjson.loads(mended)
    except orjson.JSONDecodeError as fault:
        raise Unreadable(RefusalReason.BAD_JSON, str(fault)) from fault
    return found


def read_object(data: bytes) -> dict[str, object]:
    """A JSON object. Raises Unreadable."""
    found = read_json(data)
    if not isinstance(found, dict):
        raise Unreadable(RefusalReason.BAD_JSON, "not an object")
    return found
