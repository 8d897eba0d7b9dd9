"""A recording: one JSON object per line, `{"at": 1795376523000, "line": "…"}`, `hex` for what is no UTF-8.

`at` is the wall clock in UTC milliseconds (or ISO 8601 with offset) at the line's last byte.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.formats.json_text import read_object
from coldchain_gateway.formats.source_time import time_of
from coldchain_gateway.formats.values import Unreadable, refused

MOST_LINE: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A line and when it was said, UTC ms."""

    at_ms: int
    line: bytes


def recorded_line(at_ms: int, line: bytes) -> bytes:
    """How a line is written down."""
    try:
        said: dict[str, object] = {"at": at_ms, "line": line.decode()}
    except UnicodeDecodeError:
        said = {"at": at_ms, "hex": line.hex()}
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"


def read_recording(file: BinaryIO) -> Iterator[Recorded | Refusal]:
    """What the file says, line by line; a refusal for each that is no recording."""
    while text := file.readline(MOST_LINE + 1):
        if len(text) > MOST_LINE:
            yield refused(RefusalReason.TOO_LONG, f"more than {MOST_LINE} bytes", text)
            while text and not text.endswith(b"\n"):
                text = file.readline(MOST_LINE)
            continue
        if text.strip():
            yield _recorded(text)


def _recorded(text: bytes) -> Recorded | Refusal:
    try:
        said = read_object(text)
    except Unreadable as error:
        return refused(error.reason, str(error), text)
    at_ms = time_of(said.get("at"))
    if at_ms is None:
        return refused(RefusalReason.BAD_TIME, "no `at` that is a time", text)
    line = _line_of(said)
    if line is None:
        return refused(RefusalReason.NOT_A_LINE, "neither `line` nor `hex`", text)
    return Recorded(at_ms=at_ms, line=line)


def _line_of(said: dict[str, object]) -> bytes | None:
    text, digits = said.get("line"), said.get("hex")
    if isinstance(text, str):
        return text.encode("utf-8", "replace")
    try:
        return bytes.fromhex(digits) if isinstance(digits, str) else None
    except ValueError:
        return None
