"""Where programs are recorded and states of cut disks laid down: in memory where it can be had.

A sync is recorded the same whether or not the disk below is slow.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")


def folder() -> Path:
    """A new folder, in memory where that is allowed."""
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    return Path(tempfile.mkdtemp(prefix="coldchain-cuts-", dir=place))


@pytest.fixture(scope="module")
def workshop() -> Iterator[Path]:
    """Where a program of this module is recorded."""
    made = folder()
    yield made
    shutil.rmtree(made)


@pytest.fixture
def states() -> Iterator[Path]:
    """A folder for many states."""
    made = folder()
    yield made
    shutil.rmtree(made)
