"""Logs: events with a name and values, one line each, on the standard library's logging."""

import json
import logging
import sys
import time
from typing import TextIO

Shown = str | int | float | bool | None


class Log:
    """A part's log; `log.event("uplink.batch_kept", size=12)` writes one event of that name."""

    __slots__ = ("_logger",)

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def event(self, name: str, **values: Shown) -> None:
        """Write an event that belongs to ordinary work."""
        self._write(logging.INFO, name, values)

    def warning(self, name: str, **values: Shown) -> None:
        """Write an event that somebody should look at some day."""
        self._write(logging.WARNING, name, values)

    def error(self, name: str, **values: Shown) -> None:
        """Write an event that needs a person."""
        self._write(logging.ERROR, name, values)

    def debug(self, name: str, **values: Shown) -> None:
        """Write an event for the one who searches a fault."""
        self._write(logging.DEBUG, name, values)

    def _write(self, level: int, name: str, values: dict[str, Shown]) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "%s", name, extra={"values": values})


class EventFormatter(logging.Formatter):
    """Writes `2026-11-24T08:00:00.123Z INFO uplink.batch_kept size=12`; texts with blanks are quoted."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line of one record."""
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        values: dict[str, Shown] = getattr(record, "values", {})
        parts = [
            f"{seconds}.{int(record.msecs):03d}Z",
            record.levelname,
            _one_line(record.getMessage()),
        ]
        parts += [f"{key}={_shown(value)}" for key, value in values.items()]
        if record.exc_info:
            parts.append("trace=" + json.dumps(self.formatException(record.exc_info)))
        return " ".join(parts)


def _shown(value: Shown) -> str:
    if isinstance(value, str):
        plain = value.isprintable() and value and not set(value) & set(' "=')
        return value if plain else json.dumps(value, ensure_ascii=not value.isprintable())
    return json.dumps(value)


def _one_line(text: str) -> str:
    return text if text.isprintable() else json.dumps(text)[1:-1]


def set_up(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send all logs of this process to a stream (stderr), from a level on."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(EventFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
