"""Rows of cells out of any of the forms: a table with delimiters, JSON lines, line protocol."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Final, Protocol

from coldchain.errors import ConfigError
from coldchain.lineprotocol import BadLine, parse
from coldchain_backend.loggerfiles.cells import plain
from coldchain_backend.loggerfiles.headings import is_heading
from coldchain_backend.loggerfiles.layout import Layout, NoTable, Wish, layout_of, split
from coldchain_backend.loggerfiles.text import WINDOW, TextFile

MAX_KEYS: Final = 200
_DIGIT: Final = re.compile(r"\d")
Numbered = Iterator[tuple[int, list[str]]]


class Form(StrEnum):
    """The form of a file."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    LINE_PROTOCOL = "lp"


class Rows(Protocol):
    """A file as rows of cells: how they are laid out, and all of them again at each call."""

    layout: Layout
    preamble: str

    def rows(self) -> Numbered:
        """Each row with its line."""
        ...


def rows_of(text: TextFile, form: Form | None, wish: Wish) -> Rows:
    """The rows of a file in its form; raises ConfigError where its layout cannot be found."""
    sample = list(islice(text.lines(), WINDOW))
    form = form or _form(sample)
    if form is Form.CSV:
        return _Table(text, wish)
    read = _json_object if form is Form.JSON_LINES else _protocol_line
    return _Keyed(text, sample, wish, read)


def _form(sample: list[tuple[int, str]]) -> Form:
    said = [line.strip() for _, line in sample if line.strip(" [") and not line.startswith("#")][:20]
    if sum(line.startswith(("{", "[{")) for line in said) > len(said) // 2 or said[:1] == ["{"]:
        return Form.JSON_LINES
    lines = [one for one in parse("\n".join(said).encode()) if not isinstance(one, BadLine)]
    return Form.LINE_PROTOCOL if lines and len(lines) >= len(said) // 2 else Form.CSV


@dataclass(slots=True)
class _Table:
    text: TextFile
    layout: Layout
    preamble: str

    def __init__(self, text: TextFile, wish: Wish) -> None:
        self.text = text
        first: dict[int, str] = {}
        missing: NoTable | None = None
        for window in text.windows():
            kept = {number: line for number, line in window if line.strip() and not _is_sep(number, line)}
            first = first or kept
            fewest = 3 if len(window) == WINDOW else 1
            try:
                self.layout = layout_of(list(kept.items()), wish, str(text.path), fewest=fewest)
            except NoTable as fault:
                missing = missing or fault
            else:
                break
        else:
            raise missing or NoTable("empty: no readings", file=str(text.path))
        above = {**first, **kept}
        self.preamble = "\n".join(line for number, line in above.items() if number < self.layout.first)

    def rows(self) -> Numbered:
        delimiter, first = self.layout.delimiter, self.layout.first
        for number, line in self.text.lines():
            if number >= first and line.strip(" \t;,|\ufeff"):
                cells = split(line, delimiter)
                self._refuse_another(number, cells)
                yield number, cells

    def _refuse_another(self, number: int, cells: list[str]) -> None:
        """Refuse a second table with other columns: its values would be read as those of the first."""
        time, header = self.layout.time, self.layout.header
        if time >= len(cells) or _DIGIT.search(cells[time]):
            return
        said = [plain(cell) for cell in cells]
        begins = is_heading(said) or (bool(header) and bool(header[time]) and header[time] in said)
        if begins and said != list(header)[: len(said)]:
            raise ConfigError(
                "another table with other columns begins: judge each in a file of its own",
                file=str(self.text.path),
                line=number,
            )


def _is_sep(number: int, line: str) -> bool:
    """Whether a spreadsheet's first line says what stands between columns."""
    return number == 1 and line.lower().startswith("sep=")


class _Read(Protocol):
    def __call__(self, line: str) -> Mapping[str, str] | None:
        """The named cells of a line, None where it is none of the form."""
        ...


@dataclass(slots=True)
class _Keyed:
    """Lines that name their values: the keys seen in the beginning are the columns."""

    text: TextFile
    read: _Read
    layout: Layout
    keys: list[str]
    preamble: str

    def __init__(self, text: TextFile, sample: list[tuple[int, str]], wish: Wish, read: _Read) -> None:
        self.text, self.read, self.preamble = text, read, ""
        found = [(number, cells) for number, line in sample if (cells := read(line)) is not None]
        self.keys = list(dict.fromkeys(key for _, cells in found for key in cells))[:MAX_KEYS]
        if len(self.keys) < 2:
            raise ConfigError(f"no lines with a time and a value found{_advice(read)}", file=str(text.path))
        table = [
            (0, "\t".join(self.keys)),
            *((number, "\t".join(self._cells(cells))) for number, cells in found),
        ]
        self.layout = layout_of(
            table, Wish(time=wish.time, date=wish.date, columns=wish.columns, delimiter="\t"), str(text.path)
        )

    def _cells(self, cells: Mapping[str, str]) -> list[str]:
        return [cells.get(key, "") for key in self.keys]

    def rows(self) -> Numbered:
        for number, line in self.text.lines():
            if not line.strip(" []\t") or line.startswith("#"):
                continue
            cells = self.read(line)
            yield number, [] if cells is None else self._cells(cells)


def _advice(read: _Read) -> str:
    if read is _json_object:
        return ": each line is one object with both; `jq -c '.[]' FILE` makes lines of a list"
    return ": each line of line protocol needs its time"


def _json_object(line: str) -> Mapping[str, str] | None:
    try:
        said = json.loads(line.strip().removeprefix("[").removesuffix("]").strip().rstrip(","))
    except (ValueError, RecursionError):
        return None
    return dict(_flat(said, "", 0)) if isinstance(said, dict) else None


def _flat(said: Mapping[str, object], prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    for key, value in said.items():
        name = f"{prefix}{key}".replace("\t", " ")
        if isinstance(value, dict) and depth < 4:
            yield from _flat(value, f"{name}.", depth + 1)
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            yield name, str(value).replace("\t", " ").replace("\n", " ")
        elif value is None:
            yield name, ""


def _protocol_line(line: str) -> Mapping[str, str] | None:
    found = next(parse(line.encode()), None)
    if found is None or isinstance(found, BadLine) or found.time is None:
        return None
    fields = {name: str(value) for name, value in found.fields.items() if not isinstance(value, bool)}
    return {"time": str(found.time), "measurement": found.measurement, **found.tags, **fields}
