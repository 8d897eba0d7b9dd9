"""A serial line's bytes → whole lines; what is not terminated is never a line."""

from collections.abc import Iterator
from typing import Final

from coldchain.readings import Refusal, RefusalReason

MAX_LINE: Final = 1024


class LineSplitter:
    """Feeds on bytes as they come. CR, LF and CRLF end a line; empty lines are nothing."""

    def __init__(self, max_line: int = MAX_LINE) -> None:
        self._max_line = max_line
        self._rest = b""
        self._skipping = False

    def feed(self, data: bytes) -> Iterator[bytes | Refusal]:
        """Whole lines without their ends, and a refusal for each that is too long."""
        parts = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        self._rest = parts.pop()
        for part in parts:
            if self._skipping:
                self._skipping = False
            elif len(part) > self._max_line:
                yield self._too_long(part)
            elif part:
                yield part
        if len(self._rest) > self._max_line:
            if not self._skipping:
                yield self._too_long(self._rest)
            self._rest, self._skipping = b"", True

    def drop(self) -> Refusal | None:
        """The wire is gone: what has not ended is refused, because a cut number is another number."""
        rest, self._rest = self._rest, b""
        skipping, self._skipping = self._skipping, False
        if not rest or skipping:
            return None
        return Refusal(reason=RefusalReason.UNTERMINATED, detail="cut off", raw=rest[:256])

    def _too_long(self, part: bytes) -> Refusal:
        detail = f"more than {self._max_line} bytes without an end"
        return Refusal(reason=RefusalReason.TOO_LONG, detail=detail, raw=part[:256])
