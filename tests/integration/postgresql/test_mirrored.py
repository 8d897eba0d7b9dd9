"""The mirror of an organisation whose state is kept on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from coldchain_backend.sql import Database
from support.memory_bucket import MemoryBucket
from support.mirrored_log import MirroredLog
from unit.mirror.test_any_history import happens


@pytest.mark.parametrize("seed", [2, 36])
def test_the_bucket_holds_what_should_stand_there(database: Database, tmp_path: Path, seed: int) -> None:
    happens(MirroredLog(tmp_path, MemoryBucket(), database=database), tmp_path, seed)
