"""An organisation with a log of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.judged_log import Log


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    log = Log(tmp_path)
    yield log
    log.close()
