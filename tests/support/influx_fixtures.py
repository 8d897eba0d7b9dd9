"""InfluxDB 2.7 and 1.6 as fixtures, one of each for all tests of a folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.influx_servers import Bucket, InfluxServer, influx_1, influx_2


@pytest.fixture(scope="session")
def server_2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    with influx_2(tmp_path_factory.mktemp("influx2")) as server:
        yield server


@pytest.fixture(scope="session")
def server_1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    with influx_1(tmp_path_factory.mktemp("influx1")) as server:
        yield server


@pytest.fixture(params=["2.7", "1.6"])
def server(request: pytest.FixtureRequest) -> InfluxServer:
    """Each test runs on both."""
    found: InfluxServer = request.getfixturevalue("server_2" if request.param == "2.7" else "server_1")
    return found


@pytest.fixture
def place(server: InfluxServer) -> Bucket:
    """A bucket for one test."""
    return server.bucket()


__all__ = ["place", "server", "server_1", "server_2"]
