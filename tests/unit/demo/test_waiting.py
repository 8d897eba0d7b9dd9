"""Waiting ends with what was found, or says what did not come."""

from itertools import count

import pytest

from demo.waiting import NotInTime, wait_for


def test_the_first_thing_found_is_given() -> None:
    numbers = count()
    assert wait_for("three", lambda: n if (n := next(numbers)) == 3 else None, within_s=5.0, every_s=0.0) == 3


def test_nought_and_nothing_are_told_apart() -> None:
    assert wait_for("a number", lambda: 0, within_s=0.0) == 0
    assert wait_for("a text", lambda: "", within_s=0.0) == ""


def test_what_does_not_come_is_named() -> None:
    with pytest.raises(NotInTime, match=r"the moon: not within 0 s"):
        wait_for("the moon", lambda: False, within_s=0.0)
