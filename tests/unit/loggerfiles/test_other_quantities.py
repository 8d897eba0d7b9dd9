"""What is no temperature, and what several sensors say in one table, is never read as one temperature."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from coldchain.errors import ConfigError
from coldchain.readings import RefusalReason
from coldchain_backend.loggerfiles import Wish
from support.logger_files import read

ROWS = 24
Row = Callable[[int], str]


def stamp(index: int) -> str:
    return f"2026-01-13T{index // 6:02d}:{index % 6}0:00Z"


def table(head: str, row: Row) -> str:
    return head + "\n" + "".join(row(index) + "\n" for index in range(ROWS))


@pytest.mark.parametrize(
    "heading", ["UV", "weight", "pressure", "Max Temp", "temp_x10", "humidity", "illuminance lx"]
)
def test_a_column_of_something_else_is_not_taken_because_it_stands_alone(
    heading: str, tmp_path: Path
) -> None:
    text = table(f"time,{heading}", lambda index: f"{stamp(index)},{5 + index % 3}")
    with pytest.raises(ConfigError, match="no column of temperatures") as caught:
        read(tmp_path, text)
    assert caught.value.line == 2
    named = read(tmp_path, text, wish=Wish(columns=(heading,)))
    assert len(named.channels[0].samples) == ROWS


def test_a_column_without_a_heading_is_taken(tmp_path: Path) -> None:
    text = "".join(f"{stamp(index)},{5 + index % 3}.5\n" for index in range(ROWS))
    assert len(read(tmp_path, text).channels[0].samples) == ROWS


@pytest.mark.parametrize("unit", ["%RH", "hPa", "V", "lux"])
def test_a_file_in_another_unit_has_no_readings(unit: str, tmp_path: Path) -> None:
    found = read(tmp_path, table("Date/Time,Unit,Value", lambda index: f"{stamp(index)},{unit},{index % 9}"))
    assert not found.channels[0].samples
    assert found.channels[0].refused == {RefusalReason.UNIT_UNKNOWN: (ROWS, 2)}


def test_rows_of_another_unit_are_counted_and_not_mixed_in(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        table("time,unit,value", lambda i: f"{stamp(i)},{'°C' if i % 2 else '%RH'},{5 if i % 2 else 60}"),
    ).channels[0]
    assert {value for _, value in found.samples} == {5.0}
    assert found.refused == {RefusalReason.UNIT_UNKNOWN: (ROWS // 2, 2)}


WORDS = ["Transmitter", "parameter", "field", "type", "Station", "Logger No.", "测点编号", "node", "fridge"]
NUMBERS = ["sensor_id", "Transmitter", "Station", "Logger No.", "测点编号", "node", "Serial Number"]


@pytest.mark.parametrize(
    ("heading", "one", "other"),
    [*((name, "front", "rear") for name in WORDS), *((name, "1", "2") for name in NUMBERS)],
)
def test_several_sensors_are_not_mixed_whatever_their_column_is_called(
    heading: str, one: str, other: str, tmp_path: Path
) -> None:
    text = table(
        f"time,{heading},temperature °C",
        lambda i: f"{stamp(i)},{one if i % 2 else other},{5 if i % 2 else -18}",
    )
    with pytest.raises(ConfigError, match="holds 2 sensors"):
        read(tmp_path, text)
    found = read(tmp_path, text, sensor=one).channels[0]
    assert {value for _, value in found.samples} == {5.0}
    assert len(found.samples) == ROWS // 2


def test_tags_of_a_telegraf_dump_name_sensors(tmp_path: Path) -> None:
    text = "".join(
        f'{{"fields":{{"temperature":{5 if i % 2 else -18}.0}},"name":"mqtt",'
        f'"tags":{{"sensor":"{"ab"[i % 2]}"}},"timestamp":{1768262400 + 600 * i}}}\n'
        for i in range(ROWS)
    )
    with pytest.raises(ConfigError, match="holds 2 sensors: name one with --sensor: 'mqtt a', 'mqtt b'"):
        read(tmp_path, text)
    assert {value for _, value in read(tmp_path, text, sensor="mqtt a").channels[0].samples} == {-18.0}


def test_a_serial_number_in_the_first_row_only_names_no_second_sensor(tmp_path: Path) -> None:
    text = table(
        "EL,Time,Celsius(°C),Serial Number", lambda i: f"{i + 1},{stamp(i)},5.{i % 9},{'010032184' * (not i)}"
    )
    assert len(read(tmp_path, text).channels[0].samples) == ROWS


def test_points_that_number_the_rows_name_no_sensors(tmp_path: Path) -> None:
    text = table("Point,Time,Temp °C", lambda index: f"{index + 1},{stamp(index)},5.{index % 9}")
    assert len(read(tmp_path, text).channels[0].samples) == ROWS


@pytest.mark.parametrize("name", ["sensor.fridge_humidity", "rh", "box battery", "co2"])
def test_an_only_sensor_of_another_quantity_is_asked_for(name: str, tmp_path: Path) -> None:
    text = table("entity_id,state,last_changed", lambda index: f"{name},{5 + index % 3},{stamp(index)}")
    with pytest.raises(ConfigError, match="another quantity than temperature") as caught:
        read(tmp_path, text)
    assert caught.value.line == 2
    assert len(read(tmp_path, text, sensor=name).channels[0].samples) == ROWS


def test_a_device_that_measures_both_is_taken_by_its_heading(tmp_path: Path) -> None:
    text = table(
        "device,time,temperature °C", lambda index: f"humidity logger 3,{stamp(index)},5.{index % 9}"
    )
    assert len(read(tmp_path, text).channels[0].samples) == ROWS
