r"""Any line, read by a regular expression with named groups: `T=(?P<temperature>\S+) H=(?P<humidity>\S+)`.

A pattern from a configuration must not be able to stop the gateway. Python's own `re` backtracks: `(a+)+b`
takes hours on forty letters, and it cannot be interrupted, since it holds the interpreter meanwhile. So RE2
matches here: it simulates an automaton, its time is proportional to the length of the line times that of the
pattern (both bounded), its memory is capped, and what would need backtracking (back references, look-around)
is refused when the configuration is read. It is loaded only when a source asks for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol, cast

from coldchain.errors import InvalidInput
from coldchain.readings import RefusalReason
from coldchain_gateway.contracts import Decoded

from .line_checksum import LineChecksum
from .line_fields import LineFields, Slot, SlotReader, text_of
from .values import Unreadable, refused

MOST_PATTERN: Final = 1_000
MOST_MEMORY: Final = 4 << 20


class _Match(Protocol):
    def groupdict(self) -> Mapping[str, str | None]: ...


class _Pattern(Protocol):
    groupindex: Mapping[str, int]

    def fullmatch(self, text: str) -> _Match | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RegexLines(LineFields):
    """`[source.regex]`. `pattern` must fit the whole line. Its groups are called as fields, `sensor` or
    `time`; `temperature__front` is a field of a sensor of its own."""

    pattern: str

    def __post_init__(self) -> None:
        LineFields.__post_init__(self)
        self.slots()

    def compiled(self) -> _Pattern:
        """Raises InvalidInput for what is no pattern, or one that could not be matched in bounded time."""
        if len(self.pattern) > MOST_PATTERN:
            raise InvalidInput(f"a pattern has at most {MOST_PATTERN} characters")
        try:
            import re2  # type: ignore[import-untyped] # it ships no types
        except ImportError as error:
            raise InvalidInput(
                "no RE2 on this machine, so no regular expressions; use json or csv"
            ) from error
        options = re2.Options()
        options.max_mem = MOST_MEMORY
        options.log_errors = False
        try:
            return cast("_Pattern", re2.compile(self.pattern, options))
        except re2.error as error:
            raise InvalidInput(f"pattern: {_said(error)}") from error

    def slots(self) -> dict[str, Slot]:
        """What each group means. Raises InvalidInput."""
        return {name: Slot.parse(name, "__") for name in self.compiled().groupindex}


class SerialRegex:
    """Decodes lines; `sensor` names the sensor where they do not."""

    def __init__(self, lines: RegexLines, sensor: str | None, checksum: LineChecksum) -> None:
        """Raises InvalidInput where no sensor is named."""
        self._pattern = lines.compiled()
        self._reader = SlotReader(lines.slots(), lines, sensor)
        self._checksum = checksum

    def decode(self, line: bytes, arrival_ms: int = 0) -> Decoded:
        """A sample per sensor and refusals of single values, or one refusal."""
        try:
            found = self._pattern.fullmatch(text_of(self._checksum.checked(line)).strip())
            if found is None:
                raise Unreadable(RefusalReason.NOT_A_LINE, "the pattern does not fit")
            texts = {name: text.strip() for name, text in found.groupdict().items() if text is not None}
            return self._reader.samples(texts, line, arrival_ms)
        except Unreadable as error:
            return (refused(error.reason, str(error), line),)


def _said(error: Exception) -> str:
    said = error.args[0] if error.args else error
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
