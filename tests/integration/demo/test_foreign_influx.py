"""The organisation of an InfluxDB that nobody named is the one that the token belongs to."""

from __future__ import annotations

import tomllib
from pathlib import Path

from demo.foreign import Foreign
from support.influx_end import real_influx
from support.ports import free_port


def section(foreign: Foreign, folder: Path) -> dict[str, object]:
    found: dict[str, object] = tomllib.loads(foreign.mirror_section(folder))["mirror"]
    return found


def test_an_influxdb_2_is_asked_for_it(tmp_path: Path) -> None:
    with real_influx(tmp_path / "influx") as server:
        foreign = Foreign(influx_url=server.url, influx_token=server.token, bucket="cold")
        assert section(foreign, tmp_path)["org"] == "demo"


def test_where_nothing_answers_none_is_written(tmp_path: Path) -> None:
    assert "org" not in section(Foreign(influx_url=f"http://127.0.0.1:{free_port()}"), tmp_path)
