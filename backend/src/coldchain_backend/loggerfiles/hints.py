"""What the lines above a table say about it: unit and offset from UTC."""

import re

from coldchain_backend.loggerfiles.cells import Unit, unit_within
from coldchain_backend.loggerfiles.stamps import offset_minutes

_OFFSET = re.compile(
    r"(?:UTC|GMT|时区|time\s?zone|zeitzone)\s*[:=,(]?\s*(?:UTC|GMT)?\s*([+-]\s?\d{1,2}(?::?\d{2})?)",
    re.IGNORECASE,
)
_UTC = re.compile(
    r"(?:time\s?zone|时区|zeitzone|times?|date)\W{0,8}(?:\(|in\s+)?\b(?:UTC|GMT)\b", re.IGNORECASE
)
_UNIT_LINE = re.compile(
    r"^.*(?:unit|einheit|unité|unidad|单位|temperature|温度).*$", re.IGNORECASE | re.MULTILINE
)


def offset_hint(text: str) -> str | None:
    """`+08:00` where the file says one offset and no other."""
    found = {
        minutes
        for one in _OFFSET.findall(text)
        if (minutes := offset_minutes(one.replace(" ", ""))) is not None
    }
    if not found and _UTC.search(text):
        found = {0}
    if len(found) != 1:
        return None
    minutes = found.pop()
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


_UNIT_NAMED = re.compile(r"(?:unit|einheit|unité|unidad|单位)s?\W{1,5}(c|f|k)\b", re.IGNORECASE)


def unit_hint(preamble: str) -> Unit | None:
    """The unit that lines above the table name, where they name one."""
    found = {unit for line in _UNIT_LINE.findall(preamble) if (unit := unit_within(line)) is not None}
    found |= {Unit(letter.upper()) for letter in _UNIT_NAMED.findall(preamble)}
    return found.pop() if len(found) == 1 else None
