"""Places within an MQTT message: `topic:1`, `json:$.a.b[0]`, `outer:$.id`, `text:NAME`, `payload`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from coldchain.errors import InvalidInput

from .json_text import read_json
from .values import MISSING, Unreadable

_STEP: Final = re.compile(r"\.([^.\[\]\"'>]+)|\[([0-9]{1,4})\]|\[[\"']([^\"']+)[\"']\]|(>\$)")
# A step that reads the text found so far as JSON of its own.
WITHIN: Final = -1


@dataclass(frozen=True, slots=True)
class Place:
    """A message as references see it: `document` is the entry at hand, `outer` the whole payload."""

    levels: Sequence[str]
    payload: bytes
    document: object
    outer: object


@dataclass(frozen=True, slots=True)
class Reference:
    """One place within a message."""

    kind: str
    text: str = ""
    level: int = 0
    rest: bool = False
    path: tuple[str | int, ...] = ()

    @staticmethod
    def parse(written: str) -> "Reference":
        """Raises InvalidInput with what would be right."""
        kind, _, rest = written.partition(":")
        level = rest.removesuffix("-")
        if kind == "topic" and level.isdecimal() and len(level) < 3:
            return Reference(kind, level=int(level), rest=rest.endswith("-"))
        if kind == "text" and rest:
            return Reference(kind, text=rest)
        if kind == "payload" and not rest:
            return Reference(kind)
        if kind in ("json", "outer") and rest.startswith("$"):
            return Reference(kind, path=_path(rest[1:], written))
        raise InvalidInput(f"{written!r} is none of topic:1, json:$.a.b[0], outer:$.a, text:NAME, payload")

    @property
    def needs_json(self) -> bool:
        """Whether the payload has to be read as JSON for it."""
        return self.kind in ("json", "outer")

    def find(self, place: Place) -> object:
        """What stands there; `MISSING` where there is nothing."""
        if self.kind == "topic":
            levels = place.levels
            if self.level >= len(levels):
                return MISSING
            return "/".join(levels[self.level :]) if self.rest else levels[self.level]
        if self.kind == "text":
            return self.text
        if self.kind == "payload":
            return place.payload.decode("utf-8", "replace")
        found = place.document if self.kind == "json" else place.outer
        for step in self.path:
            found = _down(found, step)
        return found


def _down(found: object, step: str | int) -> object:
    if step == WITHIN:
        try:
            return read_json(found.encode()) if isinstance(found, str) else MISSING
        except Unreadable:
            return MISSING
    if isinstance(step, str):
        return found.get(step, MISSING) if isinstance(found, dict) else MISSING
    return found[step] if isinstance(found, list) and step < len(found) else MISSING


def _path(text: str, written: str) -> tuple[str | int, ...]:
    steps: list[str | int] = []
    position = 0
    while position < len(text):
        step = _STEP.match(text, position)
        if step is None:
            raise InvalidInput(f"{written!r}: cannot be read from {text[position:]!r} on")
        if step[4]:
            steps.append(WITHIN)
        else:
            steps.append(int(step[2]) if step[2] else step[1] or step[3])
        position = step.end()
    return tuple(steps)
