"""Real InfluxDB servers as sources: the contract, tokens that may read only, what is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from coldchain_backend.influx import Cell, InfluxTrouble, Precision, Trouble
from coldchain_backend.ingest.follow import InfluxSource, Source
from support.influx_servers import Bucket
from support.source_contract import HOUR, T0, TEMPERATURE, SourceContract
from support.written_points import line, write


class TestRealSource(SourceContract):
    @pytest.fixture
    def source(self, place: Bucket) -> Iterator[Source]:
        influx = place.influx()
        self.influx = influx
        yield InfluxSource(influx)
        influx.close()

    def put(self, source: Source, name: str, tags: Mapping[str, str], time_ns: int, value: Cell) -> None:
        write(self.influx, [line("modbus", tags, name, time_ns, value)])


def test_a_bucket_that_a_mirror_writes_is_known_by_its_mark(place: Bucket) -> None:
    influx = place.influx()
    influx.write(b'mirror,organisation=x fill="1",ledger=5i,stamp_ms=7i 1764000000000', Precision.MS)
    assert InfluxSource(influx).look().mirrored
    influx.close()


def test_a_measurement_called_mirror_is_no_mirror(place: Bucket) -> None:
    influx = place.influx()
    influx.write(b"mirror,host=a angle=5 1764000000000", Precision.MS)
    assert not InfluxSource(influx).look().mirrored
    influx.close()


def test_a_revoked_token_and_a_dropped_bucket_are_told(place: Bucket) -> None:
    influx = place.influx()
    source = InfluxSource(influx)
    write(influx, [line("modbus", {"host": "a"}, "temp", T0, 4.0)])
    assert source.count(TEMPERATURE, (T0, T0 + HOUR)) == 1
    place.revoke()
    with pytest.raises(InfluxTrouble) as refused:
        source.look()
    assert refused.value.trouble is Trouble.TOKEN
    place.allow()
    assert source.look().there
    place.drop()
    with pytest.raises(InfluxTrouble) as gone:
        source.count(TEMPERATURE, (T0, T0 + HOUR))
    assert gone.value.trouble is (Trouble.TOKEN if place.server.version == "1" else Trouble.BUCKET)
    influx.close()
