"""One odd line never costs the others of its request."""

import pytest

from coldchain_backend.ingest.unsealed import Precision, read_unsealed

GOOD = b"reading,sensor=front temperature=4.2 1795376523\n"


@pytest.mark.parametrize(
    "odd",
    [
        b"reading,sensor=front counter=1e300 1795376523\n",
        b"reading,sensor=front temperature=4.2 9223372036854775807\n",
        b"reading,sensor=front temperature=4.2 -9223372036854775808\n",
    ],
)
def test_a_line_that_cannot_be_written_is_told_and_the_rest_is_kept(odd: bytes) -> None:
    received = read_unsealed(GOOD + odd + GOOD, Precision.S, (), now_ms=0)
    assert len(received.lines) == 2
    assert len(received.bad) == 1
