"""The judging thread: after a fault it goes on with a new follower, and it stops when told."""

from __future__ import annotations

import threading
from collections.abc import Callable

from coldchain_backend.app.judged import JudgingThread
from coldchain_backend.judging import Follower

PATIENCE_S = 10.0


class Scripted(Follower):
    """A follower whose run does what it is told."""

    def __init__(self, act: Callable[[Scripted], None]) -> None:
        self.act = act
        self.told = threading.Event()

    def run(self) -> None:
        self.act(self)

    def stop(self) -> None:
        self.told.set()


def waits(one: Scripted) -> None:
    one.told.wait(PATIENCE_S)


def test_it_ends_when_it_is_told() -> None:
    followers: list[Scripted] = []

    def made() -> Follower:
        followers.append(Scripted(waits))
        return followers[-1]

    thread = JudgingThread(made)
    thread.start()
    thread.stop()
    assert [one.told.is_set() for one in followers] == [True]
    assert thread.error == ""


def test_after_a_fault_a_new_follower_goes_on_from_the_last_commit() -> None:
    second = threading.Event()
    made: list[Scripted] = []

    def fails(_: Scripted) -> None:
        raise ValueError("the first meets a fault")

    def works(one: Scripted) -> None:
        second.set()
        one.told.wait(PATIENCE_S)

    def follower() -> Follower:
        made.append(Scripted(works if made else fails))
        return made[-1]

    thread = JudgingThread(follower)
    thread.start()
    assert second.wait(PATIENCE_S)
    assert "the first meets a fault" in thread.error
    thread.stop()
    assert len(made) == 2
