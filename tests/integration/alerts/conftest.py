"""Processes that can be killed, quickly made."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def processes() -> Iterator[ForkServerContext]:
    """Processes that begin with everything imported."""
    tests = Path(__file__).resolve().parents[2]
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", os.pathsep.join([str(tests), str(tests.parent)]))
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["support.alert_couriers"])
        yield context
