"""What a gateway prints for the fleet file: nobody gets an interval or a limit that he did not choose."""

from pathlib import Path

import pytest

from coldchain.errors import ConfigError
from coldchain.seal import Key, encode_public
from coldchain_backend.fleetfile import parse_file
from coldchain_gateway.cli.fragment import CHOOSE, Known, fragment

KEY = Key.from_seed(bytes(32))


def known(**sensors: int | None) -> Known:
    return Known(organisation="demo", gateway="gw-1", key=KEY, sensors=sensors, proposed={"heard": 30_000})


def test_the_fragment_is_a_whole_fleet_file_once_somebody_has_chosen(tmp_path: Path) -> None:
    text = fragment(known(front=10_000, heard=None, 配送车=90_000))
    file = tmp_path / "fleet.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as refused:
        parse_file(file)
    assert "profile" in str(refused.value), "no limit that nobody chose"
    file.write_text(text.replace(CHOOSE, "vaccine-2-8"))
    fleet = parse_file(file)
    assert {sensor.id: sensor.interval_ms for sensor in fleet.sensors} == {
        "front": 10_000,
        "heard": 30_000,
        "配送车": 90_000,
    }


def test_a_sensor_of_unknown_interval_must_be_given_one(tmp_path: Path) -> None:
    text = fragment(known(silent=None))
    assert f"interval: {CHOOSE}" in text
    file = tmp_path / "fleet.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match="interval"):
        parse_file(file)


def test_it_names_key_and_fingerprint() -> None:
    text = fragment(known(front=10_000))
    assert f"key: {encode_public(KEY.public)}" in text
    assert KEY.fingerprint in text


def test_names_are_quoted() -> None:
    text = fragment(known(**{'a: "b" #c': 1_000}))
    assert '{id: "a: \\"b\\" #c", interval: 1s}' in text


def test_without_sensors_it_says_how_to_hear_some() -> None:
    text = fragment(Known(organisation="demo", gateway="gw-1", key=KEY))
    assert "no sensor is configured or heard yet" in text
    assert "assets:" not in text
