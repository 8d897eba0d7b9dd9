"""The bucket in memory does what every bucket must."""

from __future__ import annotations

import pytest

from support.bucket_contract import BucketContract
from support.memory_bucket import MemoryBucket


class TestMemoryBucket(BucketContract):
    @pytest.fixture
    def bucket(self) -> MemoryBucket:
        return MemoryBucket()
