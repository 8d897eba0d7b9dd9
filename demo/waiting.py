"""Waiting for something to become true, with a limit and a sentence that says for what."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LOOK_EVERY_S = 0.05


class NotInTime(Exception):
    """What was waited for did not come; the message says what, and for how long."""


def wait_for(what: str, look: Callable[[], T | None], *, within_s: float, every_s: float = LOOK_EVERY_S) -> T:
    """The first result of `look` that is neither None nor False; NotInTime otherwise."""
    pause = threading.Event()
    end = time.monotonic() + within_s
    while True:
        found = look()
        if found is not None and found is not False:
            return found
        if time.monotonic() >= end:
            raise NotInTime(f"{what}: not within {within_s:g} s")
        pause.wait(every_s)
