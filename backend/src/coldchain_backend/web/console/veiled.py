"""A queued document for people's eyes: indented, with everything hidden that opens a door."""

import re
from collections.abc import Mapping
from typing import Final

import orjson

HIDDEN: Final = "…"
MAX_SHOWN: Final = 40_000
_NAMES: Final = re.compile(
    r"secret|token|passw|authori[sz]ation|signature|credential|api_?key|routing_key|\bkey$", re.IGNORECASE
)
_VALUES: Final = re.compile(
    r"(?P<webhook>wh(?:sec|sk)_)[A-Za-z0-9+/=_-]+"
    r"|(?P<bearer>(?:bearer|basic|token)\s+)[A-Za-z0-9+/=._~-]{8,}"
    r"|(?P<link>https?://[^\s\"'<>#?]*/a/)[^\s\"'<>]+"
    r"|(?P<user>https?://)[^/\s\"'<>@]+@"
    r"|(?P<fragment>https?://[^\s\"'<>#?]*[#?])[^\s\"'<>]+",
    re.IGNORECASE,
)


def veiled_text(text: str) -> str:
    """A text without secrets, tokens, signed links, and what stands in an address behind ? or #."""
    return _VALUES.sub(lambda found: (found[found.lastgroup or 0] or "") + HIDDEN, text)


def veiled(document: str) -> str:
    """A document, indented where it is JSON; values of telling names are hidden too. At most MAX_SHOWN."""
    try:
        value = orjson.loads(document)
    except orjson.JSONDecodeError:
        return veiled_text(document)[:MAX_SHOWN]
    return orjson.dumps(_veil(value), option=orjson.OPT_INDENT_2).decode()[:MAX_SHOWN]


def _veil(value: object, name: str = "") -> object:
    if isinstance(value, Mapping):
        return {key: _veil(one, str(key)) for key, one in value.items()}
    if isinstance(value, list):
        return [_veil(one, name) for one in value]
    if value not in (None, "") and _NAMES.search(name):
        return HIDDEN
    return veiled_text(value) if isinstance(value, str) else value
