"""A serial line's bytes → whole lines; what is not terminated is never a line."""

from collections.abc import Iterator
from typing import Final

from coldchain.readings import Refusal, RefusalReason

from .values import refused

MAX_LINE: Final = 1024


class LineSplitter:
    """Feeds on bytes as they come. CR, LF and CRLF end a line; empty lines are nothing.

    `mid_line`: the first bytes may be the tail of a line whose beginning nobody heard (`8.5` of `-18.5`), so
    what comes up to the first end is refused, unless the device paused before.
    """

    def __init__(self, max_line: int = MAX_LINE, *, mid_line: bool = False) -> None:
        self._max_line = max_line
        self._rest = b""
        self._skipping = False
        self._mid_line = mid_line

    @property
    def unfinished(self) -> bool:
        """A line has begun and not ended, or may have."""
        return bool(self._rest) or self._mid_line

    def feed(self, data: bytes) -> Iterator[bytes | Refusal]:
        """Whole lines without their ends, and a refusal for each that is too long."""
        parts = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        self._rest = parts.pop()
        for part in parts:
            if self._skipping:
                self._skipping = self._mid_line = False
            elif self._mid_line:
                self._mid_line = False
                if part.strip():
                    yield refused(RefusalReason.UNTERMINATED, "its beginning was not heard", part)
            elif len(part) > self._max_line:
                yield self._too_long(part)
            elif part.strip():
                yield part
        if len(self._rest) > self._max_line and not self._skipping:
            yield self._too_long(self._rest)
            self._skipping = True
        if self._skipping:
            self._rest = b""

    def pause(self) -> Refusal | None:
        """The device has stopped in mid-line: what came, and what still comes of that line, is refused.

        `-1` of `-18.5` is another number, and so is `8.5`.
        """
        if not self._rest:
            self._mid_line = False
            return None
        cut, self._rest, self._skipping = self._rest, b"", True
        return refused(RefusalReason.UNTERMINATED, "stopped in mid-line", cut)

    def drop(self) -> Refusal | None:
        """The wire is gone: what has not ended is refused. The next byte begins a new line."""
        rest, self._rest, self._skipping, self._mid_line = self._rest, b"", False, False
        return refused(RefusalReason.UNTERMINATED, "cut off", rest) if rest else None

    def _too_long(self, part: bytes) -> Refusal:
        return refused(RefusalReason.TOO_LONG, f"more than {self._max_line} bytes without an end", part)
