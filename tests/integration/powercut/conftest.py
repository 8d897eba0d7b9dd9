"""Where the states of cut disks are laid down: in memory where it can be had, since they are only read."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")


@pytest.fixture
def states(tmp_path: Path) -> Iterator[Path]:
    """A folder for many states, gone afterwards."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(prefix="coldchain-states-", dir=MEMORY))
    yield folder
    shutil.rmtree(folder)
