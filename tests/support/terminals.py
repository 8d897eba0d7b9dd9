"""A pseudo terminal in the hand of a test."""

from __future__ import annotations

import os
import pty
import tty
from pathlib import Path

# What a unit measures before a test says anything.
AT_FIRST = 25.0


class Terminal:
    """A pseudo terminal under a name that stays the same when it is pulled and plugged."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.master = self._slave = -1

    def plug(self) -> None:
        self.master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        fresh = self.link.with_suffix(".new")
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.replace(self.link)

    def unplug(self) -> None:
        if self.master >= 0:
            self.link.unlink(missing_ok=True)
            os.close(self._slave)
            os.close(self.master)
            self.master = self._slave = -1
