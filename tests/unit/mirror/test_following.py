"""The mirror follows the ledger and judging into a bucket in memory; `compare` finds both equal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.judged_log import MINUTE, T0, plan
from support.memory_bucket import MemoryBucket
from support.mirrored_log import MirroredLog


@pytest.fixture
def bucket() -> MemoryBucket:
    return MemoryBucket()


@pytest.fixture
def log(tmp_path: Path, bucket: MemoryBucket) -> Iterator[MirroredLog]:
    made = MirroredLog(tmp_path, bucket)
    yield made
    made.close()


def equal(log: MirroredLog) -> None:
    found = log.compared()
    assert found.equal, "\n".join(one.told() for one in found.findings[:20])


def test_readings_limits_and_an_excursion_stand_there(log: MirroredLog, bucket: MemoryBucket) -> None:
    log.fleet(plan({"a": MINUTE, "b": MINUTE}))
    for minute in range(1, 90):
        log.at(T0 + minute * MINUTE)
        log.say(
            ("a", T0 + minute * MINUTE, 4.0 if minute < 30 or minute > 60 else 12.5),
            ("b", T0 + minute * MINUTE, 3.0),
        )
    log.reflect()
    names = {name for name, _, _ in bucket.content()}
    assert names >= {"reading", "limit", "excursion", "alert", "mirror"}
    assert len([1 for name, _, _ in bucket.content() if name == "reading"]) == 178
    equal(log)
