"""What is heard and asked: lines that explain themselves, units behind a link, who holds a port."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.discovery.findings import shown_bytes
from coldchain_gateway.discovery.lines import LineListener, read_lines
from coldchain_gateway.discovery.looking import Look
from coldchain_gateway.discovery.ports import holders, known_ports
from coldchain_gateway.discovery.serial import sensor_of_port
from coldchain_gateway.discovery.units import Scan
from coldchain_gateway.discovery.watching import Watch
from coldchain_gateway.formats import CsvLines, Request
from coldchain_gateway.sources.line_language import LineLanguage
from coldchain_gateway.templates import load_template
from support.still_clock import StillClock


def heard(text: bytes) -> LineListener:
    listener = LineListener(StillClock())
    listener.hear(text)
    return listener


def test_json_with_and_without_a_name_is_read() -> None:
    named = read_lines(heard(b'x\r\n{"id":"a","temp":4}\r\n').lines, name="port", told=())
    assert named is not None
    assert ([one.sensor for one in named.sensors], named.format) == (["a"], "json")
    unnamed = read_lines(heard(b'x\r\n{"temp":4}\r\n').lines, name="port", told=())
    assert unnamed is not None
    assert unnamed.language is not None
    assert ([one.sensor for one in unnamed.sensors], unnamed.language.sensor) == (["port"], "port")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b'{"t":4.0}\r\n', '{"t":4.0}'),
        (b"a\r\nb\n", "a | b"),
        ("[冷柜] T=4.0".encode(), "[冷柜] T=4.0"),
        (bytes.fromhex("010400010001600a"), "01 04 00 01 00 01 60 0a"),
        (b"\x00\x1c", "00 1c"),
        (b"id=7 T=-18.5,\xff", "id=7 T=-18.5,\\xff"),
        (b"id=7 T=4.0 \x1b[2J cleared", "id=7 T=4.0 \\x1b[2J cleared"),
        (b"", ""),
        (b"x" * 300, "x" * 200),
    ],
)
def test_what_a_device_said_is_shown_whole_and_moves_no_terminal(raw: bytes, shown: str) -> None:
    assert shown_bytes(raw) == shown


@given(st.binary(max_size=300))
def test_whatever_a_device_says_is_one_line_of_signs(raw: bytes) -> None:
    assert shown_bytes(raw).isprintable()


def test_sentences_of_a_receiver_are_read() -> None:
    sentence = b"$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230326,003.1,W*63\r\n"
    found = read_lines(heard(b"\n" + sentence).lines, name="truck", told=())
    assert found is not None
    assert (found.format, found.sensors[0].values["speed"]) == ("nmea", 41.485)


def test_other_lines_are_shown_and_not_guessed() -> None:
    lines = heard(b"\n4.2;60\n4.3;61\n").lines
    found = read_lines(lines, name="port", told=())
    assert found is not None
    assert (found.format, found.sensors, found.lines) == ("", (), ("4.2;60", "4.3;61"))
    told = LineLanguage(
        format="csv", sensor="a", csv=CsvLines(columns=("temperature", "humidity"), separator=";")
    )
    found = read_lines(lines, name="port", told=(told,))
    assert found is not None
    assert found.sensors[0].values == {"temperature": 4.3, "humidity": 61.0}


def test_rows_under_a_heading_explain_themselves() -> None:
    found = read_lines(heard(b"\nid,temp,uptime,hum\na,4.2,17,60\nb,4.3,18,61\n").lines, name="p", told=())
    assert found is not None
    assert found.language is not None
    assert found.language.csv is not None
    assert found.language.csv.columns == ("id", "temp", "-", "hum")
    assert {one.sensor: one.values for one in found.sensors} == {
        "a": {"temperature": 4.2, "humidity": 60.0},
        "b": {"temperature": 4.3, "humidity": 61.0},
    }


def test_noise_is_no_line() -> None:
    assert heard(b"\n\xff\xfe\x80\x00\x81\n\x00\x00\x01\n").lines == []


class FakeUnits:
    """Implements `bus.Link`: unit 3 has registers 1 and 2, unit 9 knows no question."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    async def ask(self, request: Request, *, wait_s: float, frame_s: float) -> Sequence[int] | Refusal:
        self.asked.append((request.unit, request.function))
        if request.unit == 9:
            return Refusal(reason=RefusalReason.EXCEPTION_FRAME, detail="illegal function")
        if request.unit != 3 or request.function != 4:
            return Refusal(reason=RefusalReason.TIMEOUT, detail="no answer")
        registers = {1: 0xFF33, 2: 546}
        return [registers.get(request.address + place, 0) for place in range(request.count)]

    async def settle(self) -> None:
        pass


async def test_units_are_found_with_every_map_that_gives_values_and_none_picked() -> None:
    templates = [load_template(name, ()) for name in ("xy-md02", "intelmanuf-sht20", "dixell-xr")]
    link = FakeUnits()
    told: list[str] = []
    units = await Scan(link, StillClock()).units(range(1, 10), templates, told.append)
    assert [unit.address for unit in units] == [3, 9]
    assert [one.template for one in units[0].candidates] == ["xy-md02", "intelmanuf-sht20"]
    assert units[0].candidates[0].sensors == {"": {"temperature": -20.5, "humidity": 54.6}}
    assert units[0].candidates[0].raw == "4:1=ff33 4:2=0222"
    assert units[1].candidates == ()
    assert told[-1] == "asking unit 9"
    assert all(function in (1, 2, 3, 4) for _, function in link.asked)


def test_ports_are_known_by_their_lasting_names(tmp_path: Path) -> None:
    for name in ("ttyUSB0", "ttyUSB1", "ttyACM0", "null"):
        (tmp_path / name).touch()
    by_id = tmp_path / "serial" / "by-id"
    by_id.mkdir(parents=True)
    (by_id / "usb-FTDI-if00").symlink_to(tmp_path / "ttyUSB1")
    known = known_ports(tmp_path)
    assert known == [str(by_id / "usb-FTDI-if00"), str(tmp_path / "ttyUSB0"), str(tmp_path / "ttyACM0")]


def test_who_holds_a_port_is_read_from_proc(tmp_path: Path) -> None:
    process = tmp_path / "4242"
    (process / "fd").mkdir(parents=True)
    (process / "fd" / "3").symlink_to("/dev/null")
    (process / "comm").write_text("plc-logger\n")
    (tmp_path / "77" / "fd").mkdir(parents=True)
    assert holders("/dev/null", tmp_path) == ["plc-logger (4242)"]
    assert holders("/dev/zero", tmp_path) == []
    assert holders("/dev/nowhere", tmp_path) == []


def test_a_port_names_its_sensor() -> None:
    assert sensor_of_port("/dev/serial/by-id/usb-1a86_USB Serial-if00") == "usb-1a86_USB-Serial-if00"
    assert sensor_of_port("/tmp/sim/tty-bus-1") == "bus-1"
    assert sensor_of_port("/dev/?") == "sensor"


def look(sensor: str, celsius: float) -> Look:
    return Look(source="bus", sensor=sensor, at_ms=0, values={"temperature": celsius})


def test_the_sensor_that_is_warmed_is_marked() -> None:
    watch = Watch(redraws=False)
    assert "bus/a" in watch.seen(look("a", 4.0))
    assert "bus/b" in watch.seen(look("b", 4.0))
    assert watch.seen(look("a", 4.2)) == ""
    assert "bus/b" in (moved := watch.seen(look("b", 9.5)))
    assert "<== moves +5.50" in moved
    assert watch.mover() == ("bus", "b")
    assert watch.seen(look("b", 9.6)) == ""


def test_a_look_says_quality_and_the_devices_own_time() -> None:
    own = Look(source="s", sensor="a", at_ms=0, values={"temperature": 0.0}, own_time_ms=1_795_376_523_000)
    assert (own.quality, own.document()["time"]) == ("good", "2026-11-22T19:42:03.000Z")
    refused = Look(source="s", sensor="", at_ms=0, refused="crc (x)", raw="abc")
    assert list(refused.lines())[1] == "    raw abc"
    assert "s/?  crc (x)" in next(refused.lines())
