"""Cells, stamps, zones and cadence by themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain.errors import ColdchainError, InvalidInput
from coldchain.readings import RefusalReason
from coldchain_backend.loggerfiles import Unit, Wanted, proposed_interval_ms, read_file, zone_named
from coldchain_backend.loggerfiles.cells import unit_beside, unit_within, value_of
from coldchain_backend.loggerfiles.hints import offset_hint, unit_hint
from coldchain_backend.loggerfiles.stamps import clock_of, date_of, offset_minutes, stamp_of
from coldchain_backend.loggerfiles.zones import Placing
from support.soak import rounds

MINUTE = 60_000
HOUR = 60 * MINUTE


@pytest.mark.parametrize(
    ("cell", "value", "unit"),
    [
        ("5.3", 5.3, None),
        ("5,3", 5.3, None),
        ("-18,25", -18.25, None),
        ("−5.5", -5.5, None),
        ("+5", 5.0, None),
        ("５.３", 5.3, None),
        (".5", 0.5, None),
        ("0", 0.0, None),
        ("5.3 °C", 5.3, Unit.CELSIUS),
        ("5.3℃", 5.3, Unit.CELSIUS),
        ("41.5 F", 41.5, Unit.FAHRENHEIT),
        ("41.5 ºF", 41.5, Unit.FAHRENHEIT),
        ("5.3 deg C", 5.3, Unit.CELSIUS),
        ("1.2e1", 12.0, None),
        ('="5.3"', 5.3, None),
        ("1.234,5", 1234.5, None),
        ("1,234.5", 1234.5, None),
    ],
)
def test_numbers_of_many_spellings(cell: str, value: float, unit: Unit | None) -> None:
    assert value_of(cell) == (value, unit)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("---", RefusalReason.NO_READING),
        ("", RefusalReason.NO_READING),
        ("n/a", RefusalReason.NO_READING),
        ("Sensor Error", RefusalReason.NO_READING),
        ("5.3.1", RefusalReason.NOT_A_NUMBER),
        ("5.3 kg", RefusalReason.NOT_A_NUMBER),
        ("1,2,3", RefusalReason.NOT_A_NUMBER),
        ("<5", RefusalReason.NOT_A_NUMBER),
        ("10 12", RefusalReason.NOT_A_NUMBER),
        ("hot", RefusalReason.NOT_A_NUMBER),
    ],
)
def test_what_is_no_number(cell: str, reason: RefusalReason) -> None:
    assert value_of(cell) is reason


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("Temp (C)", Unit.CELSIUS),
        ("Temperature [°F]", Unit.FAHRENHEIT),
        ("temp_c", Unit.CELSIUS),
        ("温度(℃)", Unit.CELSIUS),
        ("Fahrenheit", Unit.FAHRENHEIT),
        ("华氏温度", Unit.FAHRENHEIT),
        ("Temp", None),
        ("°C or °F", None),
        ("channel", None),
    ],
)
def test_units_in_headers(text: str, unit: Unit | None) -> None:
    assert unit_within(text) is unit


def test_a_unit_alone_beside_a_number() -> None:
    assert unit_beside("°C") is Unit.CELSIUS
    assert unit_beside("degrees F") is Unit.FAHRENHEIT
    assert unit_beside("bar") is None


@pytest.mark.parametrize(
    ("text", "hour", "minute"),
    [
        ("08:05", 8, 5),
        ("8:05:09", 8, 5),
        ("08:05:09.250", 8, 5),
        ("12:05 AM", 0, 5),
        ("12:05 p.m.", 12, 5),
        ("下午 3:05", 15, 5),
        ("3:05:00 下午", 15, 5),
        ("8h05", 8, 5),
        ("8时05分09秒", 8, 5),
        ("080509", 8, 5),
        ("24:00:00", 24, 0),
    ],
)
def test_times_of_day(text: str, hour: int, minute: int) -> None:
    told = clock_of(text)
    assert told is not None
    assert divmod(told[0] // MINUTE, 60) == (hour, minute)


@pytest.mark.parametrize("text", ["25:00", "08:61", "13:00 PM", "0:05 AM", "noon", "", "8"])
def test_what_is_no_time_of_day(text: str) -> None:
    assert clock_of(text) is None


@pytest.mark.parametrize("text", ["2024-13-01", "32/01/2024", "2024-02-30", "31/31/2024", "1.2", "may", ""])
def test_what_is_no_date(text: str) -> None:
    assert date_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-15 08:00:00 +0530",
        "2024-01-15T08:00:00.123Z",
        "15 Jan 2024 08:00 UTC",
        "Mon Jan 15, 2024 8:00 am",
    ],
)
def test_whole_stamps(text: str) -> None:
    stamp = stamp_of(text)
    assert stamp is not None
    assert stamp.day_ms is not None
    assert stamp.day_ms // HOUR == 8


def test_a_date_without_a_time_is_no_instant() -> None:
    stamp = stamp_of("2024-01-15")
    assert stamp is not None
    assert stamp.day_ms is None
    assert stamp_of("2024-01-15", "late") is None
    assert stamp_of("2024-01-15 late") is None


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("+08:00", 480), ("-0530", -330), ("+8", 480), ("+15:00", None), ("8", None), ("", None)],
)
def test_offsets(text: str, minutes: int | None) -> None:
    assert offset_minutes(text) == minutes


def test_zones_are_names_or_offsets() -> None:
    assert zone_named("+08:00").utcoffset(None) == zone_named("Asia/Shanghai").utcoffset(datetime(2024, 1, 1))  # noqa: DTZ001 - a local time
    for wrong in ("Middle/Earth", "CST6", "../etc", "+25:00"):
        with pytest.raises(InvalidInput, match="time zone"):
            zone_named(wrong)


def local(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def placed(zone: str, *times: str) -> tuple[list[str | None], Placing]:
    placing = Placing(zone=zone_named(zone))
    found = [placing.instant(local(f"2024-{time}")) for time in times]
    return [
        None if at is None else f"{datetime.fromtimestamp(at / 1000, UTC):%H:%M}" for at in found
    ], placing


def test_an_hour_that_comes_twice_is_placed_by_the_order_of_the_file() -> None:
    found, placing = placed(
        "Europe/Berlin",
        "10-27T01:30",
        "10-27T02:00",
        "10-27T02:30",
        "10-27T02:00",
        "10-27T02:30",
        "10-27T03:00",
    )
    assert found == ["23:30", "00:00", "00:30", "01:00", "01:30", "02:00"]
    assert (placing.twice, placing.never) == (4, 0)


def test_an_hour_that_never_was_has_no_instant() -> None:
    found, placing = placed("Europe/Berlin", "03-31T01:59", "03-31T02:00", "03-31T02:30", "03-31T03:00")
    assert found == ["00:59", None, None, "01:00"]
    assert placing.never == 2


def test_changes_of_half_an_hour_are_known() -> None:
    found, placing = placed("Australia/Lord_Howe", "04-07T01:45", "04-07T01:45")
    assert found == ["14:45", "15:15"]
    assert placing.twice == 2


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Date Time, GMT-04:00", "-04:00"),
        ("Time zone: UTC+8", "+08:00"),
        ("时区: GMT+08:00", "+08:00"),
        ("time (UTC)", "+00:00"),
        ("Date Time", None),
        ("GMT+1 and GMT+2", None),
    ],
)
def test_offsets_that_a_file_names(text: str, hint: str | None) -> None:
    assert offset_hint(text) == hint


def test_units_that_lines_above_name() -> None:
    assert unit_hint("Unit: °C\nmax 30 °F alarm") is Unit.CELSIUS
    assert unit_hint("Temperature °C, temperature °F") is None


@pytest.mark.parametrize(
    ("waits", "interval"),
    [
        ([10 * MINUTE] * 20, 10 * MINUTE),
        ([30 * MINUTE] * 46 + [2 * MINUTE] * 30, 30 * MINUTE),
        ([5 * MINUTE] * 100 + [4 * HOUR], 5 * MINUTE),
        ([10_000, 10_100, 9_900, 10_000, 10_050], 10_000),
        ([5 * MINUTE, 7 * MINUTE], None),
        ([3 * HOUR], None),
        ([5 * MINUTE] * 10 + [3 * HOUR] * 3, 5 * MINUTE),
        ([2 * MINUTE] * 200 + [30 * MINUTE] * 46, 2 * MINUTE),
        ([MINUTE, 2 * MINUTE, 3 * MINUTE, 4 * MINUTE] * 4, MINUTE),
        ([], None),
    ],
)
def test_the_interval_that_a_file_shows(waits: list[int], interval: int | None) -> None:
    times = [0]
    for wait in waits:
        times.append(times[-1] + wait)
    assert proposed_interval_ms(times) == interval


def test_a_long_file_tells_how_far_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("time,temp °C\n" + "2024-01-15T08:00:00Z,5.1\n" * 20_000, encoding="utf-8")
    heard: list[int] = []
    read_file(path, Wanted(), heard.append)
    assert heard == sorted(heard)
    assert 0 < heard[0] < heard[-1] <= path.stat().st_size


@settings(max_examples=rounds(25, 3000), deadline=None)
@given(st.text(max_size=300) | st.text(alphabet='0123456789-/:., ;\t\n"CFtempdate', max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.txt"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            read_file(path, Wanted(zone="UTC"))
        except ColdchainError as told:
            assert str(told)  # noqa: PT017 - either outcome is right, a crash is not
