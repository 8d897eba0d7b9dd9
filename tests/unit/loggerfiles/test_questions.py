"""What a file leaves open is asked, and what cannot be taken is counted with its line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from coldchain.errors import ConfigError
from coldchain.readings import RefusalReason
from coldchain_backend.loggerfiles import DateOrder, Recorded, Unit, Wanted, Wish, ZoneNeeded, read_file
from support import logger_files


def read(tmp_path: Path, text: str, **wanted: object) -> Recorded:
    return logger_files.read(tmp_path, text, **{"zone": "UTC", **wanted})


def test_marks_for_no_reading_are_counted_with_their_line(tmp_path: Path) -> None:
    marks = ["---", "N/A", "", "--.-", "无", "NaN", "no data"]
    rows = "".join(f"2024-01-15 08:{minute:02d},{mark}\n" for minute, mark in enumerate(marks))
    found = read(
        tmp_path, f"time,temp °C\n2024-01-15 07:00,5.1\n{rows}2024-01-15 09:00,5.2\n2024-01-15 10:00,wet\n"
    )
    assert len(found.channels[0].samples) == 2
    assert found.channels[0].refused == {
        RefusalReason.NO_READING: (len(marks), 3),
        RefusalReason.NOT_A_NUMBER: (1, 11),
    }


def test_values_that_nature_does_not_allow_are_refused(tmp_path: Path) -> None:
    found = read(
        tmp_path, "time,temp °C\n2024-01-15 07:00,5.1\n2024-01-15 08:00,-999.9\n2024-01-15 09:00,1e9\n"
    )
    assert found.channels[0].refused == {RefusalReason.OUT_OF_RANGE: (2, 3)}


def test_infinities_are_no_numbers_in_any_form(tmp_path: Path) -> None:
    rows = "".join(
        f"2024-01-15 08:0{n},{value}\n" for n, value in enumerate(("inf", "-Infinity", "1e400", "∞"))
    )
    found = read(tmp_path, f"time,temp °C\n2024-01-15 07:00,5.1\n{rows}2024-01-15 09:00,5.2\n").channels[0]
    assert [value for _, value in found.samples] == [5.1, 5.2]
    assert sum(count for count, _ in found.refused.values()) == 4
    lines = [(0, "5.1"), (1, "NaN"), (2, "Infinity"), (3, "-Infinity"), (4, "5.2")]
    said = "".join(f'{{"time":"2024-01-15T07:0{n}Z","temperature":{value}}}\n' for n, value in lines)
    channel = read(tmp_path, said).channels[0]
    assert [value for _, value in channel.samples] == [5.1, 5.2]
    assert channel.refused == {RefusalReason.NO_READING: (1, 2), RefusalReason.NOT_A_NUMBER: (2, 3)}


@pytest.mark.parametrize("year", [1901, 1969, 2090, 2199])
def test_times_of_other_centuries_are_judged_as_they_stand(year: int, tmp_path: Path) -> None:
    text = f"time,temp °C\n{year}-12-31T23:55Z,5.1\n{year}-12-31T23:59:59.999Z,5.2\n"
    samples = read(tmp_path, text).channels[0].samples
    wanted = datetime(year, 12, 31, 23, 55, tzinfo=UTC).timestamp() * 1000
    assert samples == [(wanted, 5.1), (wanted + 299_999, 5.2)]


@pytest.mark.parametrize(
    "never",
    ["0001-01-01 00:00", "01/01/0001 00:00", "1 Jan 0001 00:00", "9999-12-31 23:59", "1899-12-30 00:00"],
)
def test_what_programs_write_for_never_is_no_time(never: str, tmp_path: Path) -> None:
    found = read(tmp_path, f"time,temp °C\n2024-01-15 07:00,5.1\n2024-01-15 07:05,5.2\n{never},5.3\n")
    assert [value for _, value in found.channels[0].samples] == [5.1, 5.2]
    [(reason, told)] = found.channels[0].refused.items()
    assert reason in {RefusalReason.BAD_TIME, RefusalReason.NOT_A_LINE}
    assert told == (1, 4)


def test_lines_between_the_rows_are_counted(tmp_path: Path) -> None:
    found = read(
        tmp_path, "time,temp °C\n2024-01-15 07:00,5.1\n-- battery changed --\n2024-01-15 08:00,5.2\n"
    )
    assert found.channels[0].refused == {RefusalReason.NOT_A_LINE: (1, 3)}


def test_the_same_reading_twice_is_one_and_different_ones_are_a_conflict(tmp_path: Path) -> None:
    rows = "2024-01-15 07:00,5.1\n2024-01-15 07:00,5.1\n2024-01-15 08:00,5.2\n2024-01-15 08:00,9.9\n"
    channel = read(tmp_path, f"time,temp °C\n{rows}").channels[0]
    assert [value for _, value in channel.samples] == [5.1, 5.2]
    assert (channel.repeated, channel.conflicts, channel.first_conflict) == (1, 1, 5)


def test_a_time_zone_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ZoneNeeded, match="--zone") as caught:
        read(tmp_path, "time,temp °C\n2024-01-15 07:00,5.1\n", zone=None)
    assert caught.value.line == 2


def test_days_and_months_that_may_be_either_are_asked_for(tmp_path: Path) -> None:
    text = "time,temp °C\n03/04/2024 07:00,5.1\n03/04/2024 08:00,5.2\n"
    with pytest.raises(ConfigError, match="--date-order dmy or --date-order mdy") as caught:
        read(tmp_path, text)
    assert caught.value.line == 2
    assert "2024-04-03 (dmy) or 2024-03-04 (mdy)" in str(caught.value)
    april = read(tmp_path, text, order=DateOrder.DMY).channels[0].samples[0][0]
    assert datetime.fromtimestamp(april / 1000, UTC).month == 4


def test_days_that_follow_each_other_tell_their_order(tmp_path: Path) -> None:
    rows = "".join(f"{day:02d}/04/2024 {hour:02d}:00,5.1\n" for day in (3, 4, 5) for hour in range(24))
    found = read(tmp_path, f"time,temp °C\n{rows}")
    assert datetime.fromtimestamp(found.channels[0].samples[0][0] / 1000, UTC).month == 4
    assert any("dates taken as dmy" in note for note in found.notes)


def test_dates_of_two_orders_are_a_contradiction(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="one order"):
        read(tmp_path, "time,temp °C\n25/04/2024 07:00,5.1\n04/26/2024 08:00,5.2\n")


def test_two_digit_years_of_one_day_are_asked_for_also_with_dots(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--date-order dmy or --date-order ymd"):
        read(tmp_path, "time,temp °C\n15.01.24 07:00,5.1\n15.01.24 08:00,5.2\n")


def test_dates_with_dots_have_the_day_first_where_nothing_else_tells(tmp_path: Path) -> None:
    found = read(tmp_path, "time,temp °C\n03.04.2024 07:00,5.1\n03.04.2024 08:00,5.2\n")
    assert datetime.fromtimestamp(found.channels[0].samples[0][0] / 1000, UTC).month == 4
    assert any("dates taken as dmy" in note for note in found.notes)


def test_zones_whose_name_means_several_are_asked_for(tmp_path: Path) -> None:
    text = "time,temp °C\n2024-01-15 07:00 CST,5.1\n"
    with pytest.raises(ZoneNeeded):
        read(tmp_path, text, zone=None)
    assert read(tmp_path, text, zone="Asia/Shanghai").channels[0].samples[0][0] == 1_705_273_200_000


def test_an_offset_that_is_none_is_no_time(tmp_path: Path) -> None:
    found = read(tmp_path, "time,temp °C\n2024-01-15 07:00+01:00,5.1\n2024-01-15 08:00+25:00,5.2\n")
    assert found.channels[0].refused == {RefusalReason.NOT_A_LINE: (1, 3)}


def test_what_stands_for_a_missing_probe_is_no_temperature(tmp_path: Path) -> None:
    found = read(tmp_path, "time,temp °C\n2024-01-15 07:00,5.1\n2024-01-15 08:00,-127.00\n")
    assert found.channels[0].refused == {RefusalReason.SENTINEL: (1, 3)}
    fahrenheit = read(tmp_path, "time,temp °F\n2024-01-15 07:00,41\n2024-01-15 08:00,-196.60\n")
    assert fahrenheit.channels[0].refused == {RefusalReason.SENTINEL: (1, 3)}


def test_names_are_found_however_their_signs_are_written(tmp_path: Path) -> None:
    text = "时间,冷藏温度(℃),冷冻温度(℃)\n2024-01-15 07:00,5.1,-18.2\n2024-01-15 08:00,5.2,-18.3\n"
    for name in ("冷冻温度(℃)", "冷冻温度(°C)", "冷冻"):
        assert read(tmp_path, text, wish=Wish(columns=(name,))).channels[0].samples[0][1] == -18.2


def test_columns_of_one_name_are_chosen_by_number(tmp_path: Path) -> None:
    text = "time;Temp, °C;Temp, °C\n2024-01-15 07:00;5.1;-18.2\n2024-01-15 08:00;5.2;-18.3\n"
    with pytest.raises(ConfigError, match="2 'Temp, °C', 3 'Temp, °C'"):
        read(tmp_path, text)
    with pytest.raises(ConfigError, match="may be several columns: 2 'Temp, °C'"):
        read(tmp_path, text, wish=Wish(columns=("Temp, °C",)))
    assert read(tmp_path, text, wish=Wish(columns=("3",))).channels[0].samples[0][1] == -18.2


def test_a_second_table_with_other_columns_is_not_read_as_the_first(tmp_path: Path) -> None:
    first = (
        ",result,table,_time,_value,room\n,,0,2024-01-15T07:00:00Z,5.1,a\n,,0,2024-01-15T08:00:00Z,5.2,a\n"
    )
    moved = ",result,table,_start,_time,_value\n,,1,2024-01-15T06:00:00Z,2024-01-15T09:00:00Z,45.0\n"
    with pytest.raises(ConfigError, match="another table") as caught:
        read(tmp_path, f"{first}\n{moved}")
    assert caught.value.line == 5
    assert len(read(tmp_path, f"{first}\n{first}").channels[0].samples) == 2


def test_a_table_of_alarms_below_is_not_read_as_readings(tmp_path: Path) -> None:
    rows = "".join(f"2024-01-15 0{hour}:00,5.{hour}\n" for hour in range(5))
    with pytest.raises(ConfigError, match="another table") as caught:
        read(tmp_path, f"Time,Temperature °C\n{rows}\nAlarm start,Peak °C\n2024-01-15 02:05,99.1\n")
    assert caught.value.line == 8
    found = read(tmp_path, f"Time,Temperature °C\n{rows}Max,5.4\nlogger stopped,\n")
    assert len(found.channels[0].samples) == 5


def test_two_loggers_in_one_file_are_not_mixed(tmp_path: Path) -> None:
    def block(value: float) -> str:
        rows = "".join(f"2024-01-15 0{hour}:00,{value + hour}\n" for hour in range(5))
        return f"Time,Temp °C\n{rows}"

    blocks = block(4.5) + block(24.5)
    with pytest.raises(ConfigError, match="several loggers in one file") as caught:
        read(tmp_path, blocks)
    assert caught.value.line == 8


@pytest.mark.parametrize("row", ["5,1", "5,1,45,2"])
def test_numbers_that_were_cut_at_their_decimal_commas_are_refused(row: str, tmp_path: Path) -> None:
    heading = "time,temp °C,rh %" if row.count(",") > 1 else "time,temp °C"
    with pytest.raises(ConfigError, match="decimal commas") as caught:
        read(tmp_path, f"{heading}\n2024-01-15 07:00,{row}\n2024-01-15 08:00,{row}\n")
    assert caught.value.line == 2
    quoted = "time,temp °C\n" + '2024-01-15 07:00,"5,1"\n2024-01-15 08:00,"5,1"\n'
    assert read(tmp_path, quoted).channels[0].samples[0][1] == 5.1


def test_several_columns_are_told_and_one_or_all_are_chosen(tmp_path: Path) -> None:
    text = "time,Probe 1 °C,Probe 2 °C,RH %\n2024-01-15 07:00,5.1,-18.2,45\n2024-01-15 08:00,5.2,-18.3,46\n"
    with pytest.raises(ConfigError, match="'Probe 1 °C', 'Probe 2 °C'"):
        read(tmp_path, text)
    one = read(tmp_path, text, wish=Wish(columns=("probe 2",)))
    assert one.channels[0].samples[0][1] == -18.2
    both = read(tmp_path, text, wish=Wish(columns=("all",)))
    assert [channel.name for channel in both.channels] == ["Probe 1 °C", "Probe 2 °C"]
    assert read(tmp_path, text, wish=Wish(columns=("2",))).channels[0].name == "Probe 1 °C"
    with pytest.raises(ConfigError, match="no column 'Probe 9'"):
        read(tmp_path, text, wish=Wish(columns=("Probe 9",)))


def test_columns_can_be_named_where_none_is_recognised(tmp_path: Path) -> None:
    text = "d,h,x,y\n2024-01-15,07:00,5.1,1\n2024-01-15,08:00,5.2,1\n"
    found = read(tmp_path, text, wish=Wish(date="d", time="h", columns=("x",)))
    assert [value for _, value in found.channels[0].samples] == [5.1, 5.2]


def test_several_sensors_in_one_file_are_not_mixed(tmp_path: Path) -> None:
    rows = "".join(f"2024-01-15 0{hour}:00,{name},{hour}.5\n" for hour in range(3) for name in ("a", "b"))
    with pytest.raises(ConfigError, match="holds 2 sensors: name one with --sensor: 'a', 'b'"):
        read(tmp_path, f"time,device,temp_c\n{rows}")
    assert len(read(tmp_path, f"time,device,temp_c\n{rows}", sensor="b").channels[0].samples) == 3
    with pytest.raises(ConfigError, match="has no sensor 'c'"):
        read(tmp_path, f"time,device,temp_c\n{rows}", sensor="c")
    with pytest.raises(ConfigError, match="leave out --sensor"):
        read(tmp_path, "time,temp_c\n2024-01-15 07:00,5.1\n", sensor="c")


def test_lines_of_several_series_are_not_mixed(tmp_path: Path) -> None:
    lines = "".join(
        f"{name} temp={value} 170530560{n}000\n"
        for n, (name, value) in enumerate(
            [("cold,topic=a", 5.1), ("cold,topic=b", 5.2), ("warm,topic=a", 25.1), ("cold,topic=a", 5.3)]
        )
    )
    with pytest.raises(ConfigError, match="'cold a', 'cold b', 'warm a'"):
        read(tmp_path, lines)
    found = read(tmp_path, lines, sensor="cold a")
    assert [value for _, value in found.channels[0].samples] == [5.1, 5.3]


def test_a_unit_that_nothing_names_is_told(tmp_path: Path) -> None:
    text = "time,temp\n2024-01-15 07:00,4.1\n"
    assert any("no unit is named" in note for note in read(tmp_path, text).notes)


def test_values_that_may_well_be_fahrenheit_are_asked_for(tmp_path: Path) -> None:
    text = "time,temp\n2024-01-15 07:00,41\n"
    with pytest.raises(ConfigError, match=r"41 to 41 may be °C or °F: give --unit C or --unit F") as caught:
        read(tmp_path, text)
    assert caught.value.line == 2
    assert read(tmp_path, text, unit=Unit.CELSIUS).channels[0].samples[0][1] == 41.0
    assert read(tmp_path, text.replace("temp", "temp °C")).channels[0].samples[0][1] == 41.0
    assert read(tmp_path, text, unit=Unit.FAHRENHEIT).channels[0].samples[0][1] == 5.0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest", "Excel"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b\x08", "compressed"),
        (bytes(range(256)) * 4, "not a text file"),
        (b"hello\nworld\n", "--time"),
        (b"time,temp\n" + b"x" * 70_000, "longer"),
        (b'{"a": 1}\n', "no lines with a time"),
        (b'[{"time": "2024-01-15T07:00:00Z", "temp": 5.1}, {"time": 1}]\n', "jq"),
        (b"reading,sensor=a temp=5.1\nreading,sensor=a temp=5.2\n", "needs its time"),
        (b"\0" * 4000, "empty"),
        (b"date,temp\n2024-01-15,5.1\n2024-01-16,5.2\n", "no time of day"),
        (b"Hist:\n 1:\n  Date: 2024-01-15\n  Min T: +2.0, TS Min T: 13:30\n", "summary by day"),
        (b"words\n" * 30_000, "--time"),
        (b"time,rh %\n2024-01-15 07:00,45\n", "no column of temperatures"),
    ],
)
def test_what_is_no_loggers_file_is_told(content: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.bin"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=told) as caught:
        read_file(path, Wanted(zone="UTC"))
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_file(tmp_path / "none.csv", Wanted())
