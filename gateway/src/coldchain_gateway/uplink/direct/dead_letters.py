"""Lines that a server will never take: kept in a file, with the reason, for a person to look at."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from coldchain_runtime.durable import make_folder, write_all

DEAD_LETTERS: Final = "dead-letters.lp"
# Beyond this the file becomes the one before it, which goes.
MOST_BYTES: Final = 1024 * 1024
Refused = tuple[bytes, str]  # a line without its newline, and what the server said


class DeadLetters:
    """Two files at most; the reason stands as a comment above each line, so that they can be sent again."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / DEAD_LETTERS

    def add(self, refused: Sequence[Refused]) -> None:
        """Durable when it returns. Raises OSError without room."""
        if not refused:
            return
        text = b"".join(
            b"# %b\n%b\n" % (reason.replace("\n", " ").encode()[:300], line) for line, reason in refused
        )
        make_folder(self._path.parent)
        if self._path.exists() and self._path.stat().st_size + len(text) > MOST_BYTES:
            self._path.replace(self._path.with_name(self._path.name + ".1"))
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            write_all(handle, text)
            os.fsync(handle)
        finally:
            os.close(handle)
