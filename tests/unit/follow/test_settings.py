"""[[follow]] as people write it: each mistake is named with its file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from coldchain.errors import ConfigError
from coldchain_backend.config import load

HEAD = '[backend]\norganisation = "demo"\n\n'
STORE = '[[follow]]\nname = "site"\nurl = "http://influx:8086"\nbucket = "telegraf"\n'
SERIES = '[[follow.series]]\nmeasurement = "m"\nfield = "temperature"\nsensor = "{host}"\n'


def written(folder: Path, text: str) -> Path:
    file = folder / "backend.toml"
    file.write_text(HEAD + text)
    return file


def test_a_whole_section(tmp_path: Path) -> None:
    text = STORE + (
        'org = "acme"\ntoken = "env:T"\npoll = "30s"\nreread = "48h"\nrecheck = "5m"\nsince = "2026-11-01"\n'
        '[[follow.series]]\nmeasurement = "modbus"\nfield = "t"\nquantity = "temperature"\nunit = "F"\n'
        'sensor = "{host}/{slave_id}"\nwhere = { site = "north" }\ninterval = "1m"\n'
    )
    [store] = load(written(tmp_path, text)).config.follow
    assert (store.writer, store.poll, store.reread, store.recheck) == (
        "follow:site", 30_000, 172_800_000, 300_000,
    )  # fmt: skip
    assert store.since_ms == 1_793_491_200_000
    [series] = store.series
    assert (series.meant, dict(series.where), series.interval) == ("temperature", {"site": "north"}, 60_000)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[follow]]\nurl = "http://i"\nbucket = "b"\n', "name"),
        (STORE.replace('"site"', '"a b"'), "is not a name"),
        (STORE.replace("http://influx:8086", "influx:8086"), "url must begin with"),
        (STORE.replace('"telegraf"', '""'), "bucket must not be empty"),
        (STORE + 'version = "3"\n', "version must be"),
        (STORE + 'user = "u"\n', "password"),
        (STORE + 'poll = "0s"\n', "poll is from"),
        (STORE + 'reread = "10m"\n', "reread is from"),
        (STORE + 'recheck = "1s"\n', "recheck is from"),
        (STORE + 'since = "yesterday"\n', "since must be a day"),
        (STORE + 'tokn = "x"\n', "tokn"),
        (STORE + STORE, "each name once"),
        (STORE + SERIES.replace("{host}", "fridge"), "names no tag"),
        (STORE + SERIES.replace("{host}", "{}"), "a tag's name is missing"),
        (STORE + SERIES.replace("{host}", "{host"), "expected '}'"),
        (STORE + SERIES.replace("{host}", "{host:>9}"), "only tags stand in braces"),
        (STORE + SERIES.replace('"temperature"', '"t1"'), "no quantity"),
        (STORE + SERIES.replace('"m"', '""'), "must not be empty"),
        (STORE + SERIES + 'unit = "K"\n', "unit"),
        (STORE + SERIES.replace('"temperature"', '"humidity"') + 'unit = "F"\n', "for temperatures"),
        (STORE + SERIES + SERIES, "stands there twice"),
        ('[mirror]\nurl = "http://influx:8086/"\nbucket = "telegraf"\n\n' + STORE, "it would follow itself"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as mistake:
        load(written(tmp_path, text))
    assert said in str(mistake.value)
    assert "backend.toml" in str(mistake.value)


def test_another_bucket_of_the_server_that_is_mirrored_into_may_be_followed(tmp_path: Path) -> None:
    mirror = '[mirror]\nurl = "http://influx:8086"\nbucket = "coldchain"\n\n'
    assert len(load(written(tmp_path, mirror + STORE)).config.follow) == 1
