"""The store in memory keeps the contract that real InfluxDB servers keep."""

from collections.abc import Mapping

import pytest

from coldchain_backend.influx import Cell
from coldchain_backend.ingest.follow import Source
from support.foreign_store import ForeignStore
from support.source_contract import SourceContract


class TestForeignStore(SourceContract):
    @pytest.fixture
    def source(self) -> Source:
        return ForeignStore()

    def put(self, source: Source, name: str, tags: Mapping[str, str], time_ns: int, value: Cell) -> None:
        assert isinstance(source, ForeignStore)
        source.put("modbus", name, tags, time_ns, value)
