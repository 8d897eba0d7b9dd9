"""Loggers' files as tests write them, read as people's are."""

from __future__ import annotations

from pathlib import Path

from coldchain_backend.loggerfiles import Recorded, Wanted, read_file


def read(tmp_path: Path, content: str | bytes, **wanted: object) -> Recorded:
    """What a file of this content holds."""
    path = tmp_path / "logger.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_file(path, Wanted(**wanted))  # type: ignore[arg-type]  # any field
