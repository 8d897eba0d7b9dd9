"""A logger's file as numbered lines of text: whichever encoding, streamed, and bounded."""

import codecs
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from gzip import BadGzipFile, GzipFile
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Final, cast

from coldchain.errors import ConfigError

MAX_BYTES: Final = 512 << 20
MAX_LINE: Final = 64 << 10
SAMPLE: Final = 64 << 10
WINDOW: Final = 400
OVERLAP: Final = 40
QUOTED_LINES: Final = 5
LOOKED_AT: Final = 20_000
"""Lines among which a table has to begin: some loggers tell sixty days in words above it."""
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_TEXT: Final = {
    b"PK\x03\x04": "an Excel workbook or another archive: export the readings as CSV first",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: export the readings as CSV first",
    b"%PDF": "a PDF: export the readings as CSV first",
    b"BZh": "compressed by bzip2: unpack it first",
    b"\xfd7zXZ": "compressed by xz: unpack it first",
    b"(\xb5/\xfd": "compressed by zstd: unpack it first",
}
_GZIP: Final = b"\x1f\x8b"

_EASTERN: Final = {
    "gb18030": "温度|时间|日期|湿度|序号|记录",
    "cp932": "温度|湿度|日付|日時|時刻|時間|時差",
    "big5": "溫度|濕度|日期|時間|序號",
    "cp949": "온도|습도|날짜|일시|시간",
}
"""Encodings of two bytes a letter, and words that a file in each would hold."""

TOLD_EVERY: Final = 8192
Told = Callable[[int], None]
"""Hears how many bytes of a pass over the file are read."""


def nowhere(_read: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    """A file that has been looked at: its encoding is known, its lines can be read any number of times.

    `packed`: by gzip. `ended`: whether its last line has an end; where it has none, the file may be cut off.
    """

    path: Path
    encoding: str
    packed: bool = False
    ended: bool = True
    told: Told = nowhere

    @classmethod
    def of(cls, path: Path, told: Told = nowhere) -> "TextFile":
        """Look at a file's beginning. Raises ConfigError for what is too large or not text."""
        try:
            size = path.stat().st_size
            if size > MAX_BYTES:
                raise ConfigError(f"{size} bytes, the limit is {MAX_BYTES}", file=str(path))
            with path.open("rb") as file:
                packed = file.read(2) == _GZIP
                file.seek(max(0, size - 4))
                end = file.read(4).rstrip(b"\0 \t")
                file.seek(0)
                head = _unpacked(file, packed).read(SAMPLE)
        except _DAMAGES as fault:
            raise _damaged(path, None) from fault
        except OSError as fault:
            raise ConfigError(f"cannot be read: {fault.strerror}", file=str(path)) from fault
        if not head.strip(b"\0 \t\r\n"):
            raise ConfigError("empty: no readings", file=str(path))
        for mark, what in _NOT_TEXT.items():
            if head.startswith(mark):
                raise ConfigError(f"not text but {what}", file=str(path))
        encoding = _encoding(head)
        if encoding is None:
            raise ConfigError("not a text file", file=str(path))
        ended = packed or end.endswith((b"\n", b"\r"))
        return cls(path=path, encoding=encoding, packed=packed, ended=ended, told=told)

    def windows(self) -> Iterator[list[tuple[int, str]]]:
        """The beginning in overlapping parts, each of which may hold the table."""
        window: list[tuple[int, str]] = []
        for number, line in self.lines():
            if window and 0 < number - window[-1][0] <= QUOTED_LINES and window[-1][1].count('"') % 2:
                window[-1] = window[-1][0], f"{window[-1][1]} {line}"  # a quoted heading of several lines
                continue
            window.append((number, line))
            if len(window) == WINDOW:
                yield window
                window = window[-OVERLAP:]
            if number == LOOKED_AT:
                return
        yield window

    def lines(self) -> Iterator[tuple[int, str]]:
        """Each line with its number, from 1, without its end; what cannot be decoded becomes U+FFFD."""
        number = 0
        try:
            with (
                self.path.open("rb") as raw,
                _unpacked(raw, self.packed) as stream,
                TextIOWrapper(stream, encoding=self.encoding, errors="replace", newline=None) as file,
            ):
                while line := file.readline(MAX_LINE + 1):
                    number += 1
                    if number % TOLD_EVERY == 0:
                        self.told(raw.tell())
                        self._bound(stream.tell(), number)
                    if len(line) > MAX_LINE:
                        self._refuse(f"longer than {MAX_LINE} characters", number)
                    yield number, line.rstrip("\n").replace("\0", "")
        except _DAMAGES as fault:
            raise _damaged(self.path, number + 1) from fault

    def _bound(self, unpacked: int, line: int) -> None:
        if unpacked > MAX_BYTES:
            self._refuse(f"unpacks to more than {MAX_BYTES} bytes", line)

    def _refuse(self, why: str, line: int) -> None:
        raise ConfigError(why, file=str(self.path), line=line)


_DAMAGES = (EOFError, BadGzipFile, zlib.error)


def _unpacked(file: BinaryIO, packed: bool) -> BinaryIO:  # noqa: FBT001 - one of two readers of the same bytes
    return cast(BinaryIO, GzipFile(fileobj=file)) if packed else file


def _damaged(path: Path, line: int | None) -> ConfigError:
    return ConfigError(
        "compressed, and damaged or cut off here: no readings are taken", file=str(path), line=line
    )


def _encoding(head: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        even, odd = head[::2].count(0), head[1::2].count(0)
        if max(even, odd) < len(head) // 8:
            return None
        return "utf-16-le" if odd > even else "utf-16-be"
    if _decodes(head, "utf-8"):
        return "utf-8"
    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", head)]
    if sum(length > 1 for length in runs) <= len(runs) // 2:
        return "cp1252"
    return _eastern(head)


def _eastern(head: bytes) -> str:
    for encoding, words in _EASTERN.items():
        if _decodes(head, encoding) and re.search(words, head.decode(encoding, "replace")):
            return encoding
    return "gb18030" if _decodes(head, "gb18030") else "cp1252"


def _decodes(head: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return True
