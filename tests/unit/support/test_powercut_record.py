"""When a recording is whole."""

import pytest

from support.powercut.record import has_end


@pytest.mark.parametrize(
    ("trace", "pid"),
    [
        ("31999 write(3<x>) = 1\n31999 +++ killed by SIGKILL +++\n", 31999),
        ("999   +++ exited with 0 +++\n", 999),
        ("1     +++ exited with 0 +++", 1),
    ],
)
def test_the_end_of_a_process_is_seen_however_long_its_number_is(trace: str, pid: int) -> None:
    assert has_end(trace, pid)


@pytest.mark.parametrize("pid", [99, 9999, 1999])
def test_the_end_of_another_process_is_not_its_end(pid: int) -> None:
    assert not has_end("31999 +++ killed by SIGKILL +++\n999   +++ exited with 0 +++\n", pid)
