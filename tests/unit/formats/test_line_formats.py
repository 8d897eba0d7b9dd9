"""CSV, regular expressions and NMEA: golden lines, checksums, patterns that could block, any bytes."""

import json
import time
from collections.abc import Mapping as Table
from pathlib import Path
from typing import TypedDict

import pytest

from coldchain.errors import ConfigError, InvalidInput
from coldchain.readings import Refusal
from coldchain_gateway.contracts import Decoded, Sample
from coldchain_gateway.formats import (
    CsvLines,
    LineChecksum,
    LineFormat,
    LineSplitter,
    RegexLines,
    SerialCsv,
    SerialJson,
    SerialRegex,
)
from coldchain_gateway.formats.line_checksum import crc8, sum8, xor8
from coldchain_gateway.formats.nmea import Nmea
from coldchain_runtime.documents import structure
from support.fuzzing import broken

DATA = Path(__file__).parents[2] / "data" / "formats"
NOW_MS = 1_774_269_319_500


class Case(TypedDict, total=False):
    """One line of a golden file; left out means that there is none."""

    says: str
    lines: dict[str, object]
    checksum: dict[str, object]
    line: str
    samples: Table[str, Table[str, float]]
    values: Table[str, float]
    time_ms: int
    reasons: list[str]


def cases(format_: str) -> list[Case]:
    found: list[Case] = json.loads((DATA / format_ / "golden.json").read_text("utf-8"))
    return found


def named(case: Case) -> str:
    return case["says"]


def judged(decoded: Decoded, case: Case, samples: Table[str, Table[str, float]]) -> None:
    found = {one.sensor: one for one in decoded if isinstance(one, Sample)}
    reasons = [one.reason.value for one in decoded if isinstance(one, Refusal)]
    assert reasons == case.get("reasons", [])
    assert {sensor: dict(one.values) for sensor, one in found.items()} == samples
    for one in found.values():
        assert one.source_time_ms == case.get("time_ms")


def checksum_of(case: Case) -> LineChecksum:
    return structure(case.get("checksum", {}), LineChecksum, file="golden.json")


@pytest.mark.parametrize("case", cases("serial_csv"), ids=named)
def test_csv(case: Case) -> None:
    lines = structure(case["lines"], CsvLines, file="golden.json")
    decoded = SerialCsv(lines, "front", checksum_of(case)).decode(case["line"].encode(), NOW_MS)
    judged(decoded, case, case.get("samples", {}))


@pytest.mark.parametrize("case", cases("serial_regex"), ids=named)
def test_regex(case: Case) -> None:
    lines = structure(case["lines"], RegexLines, file="golden.json")
    decoded = SerialRegex(lines, "front", checksum_of(case)).decode(case["line"].encode(), NOW_MS)
    judged(decoded, case, case.get("samples", {}))


@pytest.mark.parametrize("case", cases("nmea"), ids=named)
def test_nmea(case: Case) -> None:
    decoded = Nmea("truck-gps").decode(case["line"].encode() + b"\r", NOW_MS)
    judged(decoded, case, {"truck-gps": case["values"]} if "values" in case else {})


def test_one_position_is_taken_per_interval() -> None:
    receiver = Nmea("truck-gps", every_ms=30_000)
    line = cases("nmea")[0]["line"].encode()
    told = [len(receiver.decode(line, NOW_MS + 1_000 * second)) for second in range(61)]
    assert [second for second, count in enumerate(told) if count] == [0, 30, 60]


def test_a_clock_that_steps_back_does_not_silence_a_receiver() -> None:
    receiver = Nmea("truck-gps", every_ms=30_000)
    line = cases("nmea")[0]["line"].encode()
    assert receiver.decode(line, NOW_MS)
    assert receiver.decode(line, NOW_MS - 86_400_000)


@pytest.mark.parametrize("kind", ["xor8", "sum8", "crc8", "crc16"])
@pytest.mark.parametrize("placed", ["suffix", "field"])
def test_every_checksum_demands_itself(kind: str, placed: str) -> None:
    checksum = structure({"kind": kind, "placed": placed}, LineChecksum, file="f")
    text = b'{"id":"a","temp":-18.5'
    over = text if placed == "field" else text + b"}"
    sums = {"xor8": xor8, "sum8": sum8, "crc8": crc8}
    said = b"%02X" % sums[kind](over) if kind in sums else _crc16_hex(over)
    line = over + b',"crc":"%b"}' % said if placed == "field" else over + b"*" + said
    (sample,) = SerialJson(checksum=checksum).decode(line)
    assert isinstance(sample, Sample)
    assert sample.values == {"temperature": -18.5}
    for wrong in (text + b"}", line.replace(b"8.5", b"9.5"), line.replace(said, b"zz")):
        (refusal,) = SerialJson(checksum=checksum).decode(wrong)
        assert isinstance(refusal, Refusal)
        assert refusal.reason.value == "bad_checksum"


def _crc16_hex(data: bytes) -> bytes:
    """Modbus' sum, as a number in hexadecimal, written here from the specification."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return b"%04X" % value


def test_a_pattern_that_would_backtrack_for_hours_takes_no_time() -> None:
    lines = RegexLines(pattern=r"(?P<temperature>(\S+\s*)+)!")
    format_ = SerialRegex(lines, "front", LineChecksum())
    began = time.perf_counter()
    (refusal,) = format_.decode(b"a" * 60_000)
    assert isinstance(refusal, Refusal)
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        (r"(?P<temperature>\S+", "missing )"),
        (r"(?P<temperature>a)\1", "escape"),
        (r"(?=x)(?P<temperature>a)", "(?="),
        (r"(?P<warmth>\S+)", "warmth"),
        (r"\S+", "no field"),
        (r"(?P<sensor>\S+)", "no field"),
        ("x" * 1_001, "1000 characters"),
        (r"(?P<temperature>(?:a{1000}){1000})", "pattern"),
    ],
)
def test_patterns_that_cannot_be(pattern: str, told: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        SerialRegex(RegexLines(pattern=pattern), "front", LineChecksum())
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"columns": []}, "columns"),
        ({"columns": ["warmth"]}, "warmth"),
        ({"columns": ["temperature", "temperature"]}, "the same"),
        ({"columns": ["temperature@=a"]}, "sensor id"),
        ({"columns": ["temperature"], "decimal": ","}, "the same"),
        ({"columns": ["temperature"], "units": {"temperature": "X"}}, "known are"),
        ({"columns": ["temperature"], "time_zone": "Mars/Olympus"}, "time zone"),
    ],
)
def test_columns_that_cannot_be(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        structure(wrong, CsvLines, file="gateway.toml")
    assert told in str(caught.value)


def test_a_sensor_must_be_named_by_somebody() -> None:
    with pytest.raises(InvalidInput, match="name no sensor"):
        SerialCsv(CsvLines(columns=("temperature",)), None, LineChecksum())
    assert SerialCsv(CsvLines(columns=("temperature@a",)), None, LineChecksum()).decode(b"4")


def test_the_tail_of_a_line_nobody_heard_begin_is_no_line() -> None:
    splitter = LineSplitter(mid_line=True)
    first, *rest = splitter.feed(b"8.5\r\n-18.5\r\n")
    assert isinstance(first, Refusal)
    assert first.reason.value == "unterminated"
    assert rest == [b"-18.5"]


def test_after_a_pause_a_line_begins() -> None:
    splitter = LineSplitter(mid_line=True)
    assert splitter.unfinished
    assert splitter.pause() is None
    assert not splitter.unfinished
    assert list(splitter.feed(b"-18.5\n")) == [b"-18.5"]


FORMATS: Table[str, LineFormat] = {
    "json": SerialJson("a"),
    "json, signed": SerialJson("a", LineChecksum(kind="crc16", placed="field")),
    "csv": SerialCsv(CsvLines(columns=("sensor", "time", "temperature", "-")), None, LineChecksum()),
    "csv, signed": SerialCsv(
        CsvLines(columns=("temperature",), separator=";", decimal=","),
        "a",
        LineChecksum(kind="sum8", placed="field"),
    ),
    "regex": SerialRegex(
        RegexLines(pattern=r"(?s)(?P<sensor>.*?)[=:,](?P<temperature>.*)"), None, LineChecksum()
    ),
    "nmea": Nmea("a"),
}


@pytest.mark.soak
@pytest.mark.parametrize("name", FORMATS)
def test_any_bytes_give_samples_or_refusals(name: str) -> None:
    seeds = [case["line"].encode() for kind in ("serial_csv", "serial_regex", "nmea") for case in cases(kind)]
    seeds += [b'{"id":"a","temp":-18.5,"crc":"1F2A"}', b"-18,5;BF"]
    for line in broken(seeds, seed=4):
        for one in FORMATS[name].decode(line, NOW_MS):
            assert isinstance(one, Sample | Refusal)
            if isinstance(one, Sample):
                assert all(value == value for value in one.values.values())  # noqa: PLR0124 - no NaN


@pytest.mark.soak
def test_any_bytes_behind_a_true_nmea_checksum() -> None:
    for body in broken([case["line"].encode()[1:-3] for case in cases("nmea")], seed=5):
        line = b"$%b*%02X" % (body, xor8(body))
        assert all(isinstance(one, Sample | Refusal) for one in Nmea("a").decode(line, NOW_MS))
