"""Threads that come back."""

import threading

from coldchain_gateway.outbox import CorruptOutbox
from coldchain_gateway.workers import Worker
from support.still_clock import StillClock


def test_a_body_that_fails_comes_back_and_its_error_is_seen() -> None:
    calls: list[int] = []
    done = threading.Event()

    def body() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("boom")
        done.set()

    worker = Worker("test", body, lambda _: None, StillClock())
    worker.start()
    assert done.wait(5)
    assert worker.stop(5)
    assert worker.error == "RuntimeError: boom"
    assert len(calls) == 2


def test_a_broken_outbox_is_told_and_not_tried_again() -> None:
    told: list[str] = []

    def body() -> None:
        raise CorruptOutbox("malformed")

    worker = Worker("test", body, lambda error: told.append(str(error)), StillClock())
    worker.start()
    assert worker.stop(5)
    assert told == ["malformed"]


def test_a_body_that_hangs_is_reported() -> None:
    release = threading.Event()

    def body() -> None:
        release.wait(5)

    worker = Worker("test", body, lambda _: None, StillClock())
    worker.start()
    assert not worker.stop(0.01)
    release.set()
