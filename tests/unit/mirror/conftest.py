"""A log whose mirror writes into a bucket in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

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
