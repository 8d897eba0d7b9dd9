"""What tests of sources share: an intake that keeps, and a broker of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from support.wires import Kept, MqttWire


@pytest.fixture
async def kept() -> AsyncIterator[Kept]:
    made = Kept()
    made.start()
    yield made
    await asyncio.to_thread(made.stop)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[MqttWire]:
    made = MqttWire(tmp_path)
    made.plug()
    yield made
    made.close()
