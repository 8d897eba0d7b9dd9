"""Where an InfluxDB is: what a section must say, and which one a trouble is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from coldchain.errors import InvalidInput
from coldchain_backend.influx import InfluxTrouble, StoreSection, Trouble, reached

SITE = StoreSection(url="https://influx.example:8086/base", bucket="cold room", org="acme")


@pytest.mark.parametrize("trouble", list(Trouble))
def test_a_trouble_says_which_store_it_is_about(tmp_path: Path, trouble: Trouble) -> None:
    with pytest.raises(InfluxTrouble) as failed, reached(tmp_path, SITE):
        raise InfluxTrouble(trouble, "HTTP 401: unauthorized access", 7.0)
    assert str(failed.value) == (
        "https://influx.example:8086/base, bucket 'cold room': HTTP 401: unauthorized access"
    )
    assert (failed.value.trouble, failed.value.retry_after_s) == (trouble, 7.0)


def test_the_token_is_in_no_message(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0p-s3cret\n")
    section = StoreSection(url="http://influx", bucket="b", token="file:token")
    with pytest.raises(InfluxTrouble) as failed, reached(tmp_path, section) as influx:
        raise InfluxTrouble(Trouble.TOKEN, f"refused for {influx.place}")
    assert "t0p-s3cret" not in str(failed.value)


def test_a_token_that_cannot_be_read_is_the_settings_fault(tmp_path: Path) -> None:
    section = StoreSection(url="http://influx", bucket="b", token="file:nowhere")
    with pytest.raises(InvalidInput, match="nowhere"), reached(tmp_path, section):
        pass


@pytest.mark.parametrize(
    ("url", "bucket", "version", "user", "why"),
    [
        ("influx:8086", "b", "auto", "", "http:// or https://"),
        ("http://influx", "", "auto", "", "bucket must not be empty"),
        ("http://influx", "b", "3", "", 'must be "auto", "1" or "2", not \'3\''),
        ("http://influx", "b", "1", "coldchain", "a user needs its password"),
    ],
)
def test_what_a_section_must_say(url: str, bucket: str, version: str, user: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        StoreSection(url=url, bucket=bucket, version=version, user=user)
