"""One row of separated values per line; which column is what is told by the configuration."""

import csv
from dataclasses import dataclass
from typing import Final, Literal

from coldchain.errors import InvalidInput
from coldchain.readings import RefusalReason
from coldchain_gateway.contracts import Decoded

from .line_checksum import LineChecksum
from .line_fields import LineFields, Slot, SlotReader, text_of
from .values import Unreadable, is_nothing, number_of, refused

SKIPPED: Final = "-"
MOST_COLUMNS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvLines(LineFields):
    """`[source.csv]`. `columns`: from left to right a field (`temperature`), a field of a sensor of its own
    (`temperature@front`), `sensor`, `time`, or `-` for a column that is passed over. A row with more or fewer
    columns is refused. `decimal = ","`: numbers are written 4,2."""

    columns: tuple[str, ...]
    separator: Literal[",", ";", "\t", "|", " "] = ","
    decimal: Literal[".", ","] = "."

    def __post_init__(self) -> None:
        LineFields.__post_init__(self)
        if not 1 <= len(self.columns) <= MOST_COLUMNS:
            raise InvalidInput(f"columns must be 1 to {MOST_COLUMNS}")
        names = [name for name in self.columns if name != SKIPPED]
        if len(set(names)) != len(names):
            raise InvalidInput("two columns are called the same")
        if self.decimal == self.separator:
            raise InvalidInput("separator and decimal sign are the same")
        self.slots()

    def slots(self) -> dict[str, Slot]:
        """What each named column means. Raises InvalidInput."""
        return {name: Slot.parse(name, "@") for name in self.columns if name != SKIPPED}


class SerialCsv:
    """Decodes rows; `sensor` names the sensor where they do not."""

    def __init__(self, lines: CsvLines, sensor: str | None, checksum: LineChecksum) -> None:
        """Raises InvalidInput where no sensor is named."""
        self._lines = lines
        self._slots = lines.slots()
        self._reader = SlotReader(self._slots, lines, sensor)
        self._checksum = checksum

    def decode(self, line: bytes, arrival_ms: int = 0) -> Decoded:
        """A sample per sensor and refusals of single values, or one refusal."""
        try:
            return self._reader.samples(self._texts(self._checksum.checked(line)), line, arrival_ms)
        except Unreadable as error:
            return (refused(error.reason, str(error), line),)

    def _texts(self, line: bytes) -> dict[str, str]:
        """The columns by name. Raises Unreadable for boot noise, a heading, a torn row."""
        row = self._row(text_of(line))
        if len(row) != len(self._lines.columns):
            wanted = len(self._lines.columns)
            raise Unreadable(RefusalReason.NOT_A_LINE, f"{len(row)} columns instead of {wanted}")
        texts = {}
        measured = False
        for name, cell in zip(self._lines.columns, row, strict=True):
            if name == SKIPPED:
                continue
            text = cell.strip()
            if self._slots[name].field not in ("sensor", "time"):
                text = text.replace(",", ".") if self._lines.decimal == "," else text
                measured = measured or is_nothing(text) or _is_value(text)
            texts[name] = text
        if not measured:
            raise Unreadable(RefusalReason.NOT_A_LINE, "no column holds a value")
        return texts

    def _row(self, text: str) -> list[str]:
        separator = self._lines.separator
        if separator == " ":
            return text.split()
        try:
            return next(csv.reader([text], delimiter=separator, strict=True))
        except csv.Error as error:
            raise Unreadable(RefusalReason.NOT_A_LINE, str(error)) from error


def _is_value(text: str) -> bool:
    return number_of(text) is not None or text.lower() in ("true", "false", "on", "off")
