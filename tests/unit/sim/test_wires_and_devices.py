"""The simulator's own encoders, read back by the product's decoders; mistakes in a site."""

from pathlib import Path

import pytest

from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats import (
    CsvLines,
    LineChecksum,
    LineFormat,
    RegexLines,
    Request,
    SerialCsv,
    SerialJson,
    SerialRegex,
    blocks_of,
    decode_registers,
    read_answer,
    request_frame,
    words_of,
)
from coldchain_gateway.formats.ds18b20 import decode_scratchpad
from coldchain_gateway.formats.nmea import Nmea
from coldchain_gateway.templates import load_template
from coldchain_sim.devices import modbus, modbus_maps
from coldchain_sim.devices.onewire import slave_text
from coldchain_sim.devices.serial_lines import LINE_KINDS
from coldchain_sim.scenario import ScenarioError, load
from coldchain_sim.transports.onewire_tree import OnewireTree

TEMPERATURES = [-55.0, -18.5, -0.1, 0.0, 4.2, 25.04, 80.0]
READERS: dict[str, LineFormat] = {
    "json": SerialJson(),
    "csv": SerialCsv(CsvLines(columns=("sensor", "temperature", "counter")), None, LineChecksum()),
    "words": SerialRegex(
        RegexLines(pattern=r"\[(?P<sensor>[^]]+)\] T=(?P<temperature>\S+)C n=(?P<counter>\d+)"),
        None,
        LineChecksum(kind="xor8"),
    ),
}


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("celsius", TEMPERATURES)
def test_lines_are_read_back(kind: str, celsius: float) -> None:
    (one,) = READERS[kind].decode(LINE_KINDS[kind]("s-1", celsius, 7).strip())
    assert isinstance(one, Sample)
    assert (one.sensor, dict(one.values)) == ("s-1", {"temperature": celsius, "counter": 7})


@pytest.mark.parametrize("counter", [1, 59, 4_000, 90_000])
def test_a_receivers_sentence_is_read_back(counter: int) -> None:
    (one,) = Nmea("gps").decode(LINE_KINDS["nmea"]("x", 0.0, counter))
    assert isinstance(one, Sample)
    assert one.values.keys() == {"latitude", "longitude", "speed"}
    assert one.source_time_ms is not None


@pytest.mark.parametrize("celsius", TEMPERATURES)
def test_a_probes_scratchpad_is_read_back(celsius: float) -> None:
    (one,) = decode_scratchpad(slave_text(celsius).encode(), "28", "p")
    assert isinstance(one, Sample)
    assert one.values["temperature"] == round(celsius * 16) / 16


@pytest.mark.parametrize("kind", ["xy-md02", "r4dcb08", "carel-ir33", "siemens-qfa3150"])
@pytest.mark.parametrize("celsius", [-18.5, 0.0, 4.2])
def test_a_unit_is_read_back_through_its_template(kind: str, celsius: float) -> None:
    template = load_template(kind, ())
    held = modbus_maps.UNIT_KINDS[kind](celsius, 60.0, 1)
    words: dict[tuple[int, int], int] = {}
    readings = 0
    for block in blocks_of(template):
        request = block.request(9)
        (asked,), rest = modbus.split(request_frame(request))
        assert rest == b""
        readings += modbus_maps.tells_temperature(kind, asked)
        answer = read_answer(modbus_maps.answer_from(kind, asked, held), request)
        assert not hasattr(answer, "reason"), answer
        words |= words_of(template, block, answer)
    assert readings == 1
    temperatures = [
        one.values["temperature"] for one in decode_registers(template, "s", words) if isinstance(one, Sample)
    ]
    assert temperatures[0] == celsius


def test_a_unit_refuses_what_it_does_not_have() -> None:
    held = modbus_maps.carel_ir33(4.0, 60.0, 1)
    for request, code in (
        (Request(unit=1, function=4, address=403, count=2), 3),
        (Request(unit=1, function=4, address=1, count=1), 2),
    ):
        (asked,), _ = modbus.split(request_frame(request))
        assert modbus_maps.answer_from("carel-ir33", asked, held)[1:3] == bytes([0x84, code])
    (asked,), _ = modbus.split(request_frame(Request(unit=1, function=1, address=0, count=1)))
    answer = modbus_maps.answer_from("xy-md02", asked, modbus_maps.xy_md02(4.0, 60.0, 1))
    assert answer[1:3] == b"\x81\x01"


def test_a_second_masters_request_is_a_request() -> None:
    request = modbus.Request(unit=3, function=4, first=403, count=1)
    assert modbus.split(modbus.frame(request)) == ([request], b"")


def test_a_tree_of_probes(tmp_path: Path) -> None:
    tree = OnewireTree(tmp_path / "w1")
    tree.plug()
    tree.say("28-000000000001", slave_text(4.0))
    bulk = tmp_path / "w1" / "w1_bus_master1" / "therm_bulk_read"
    bulk.write_text("trigger\n")
    tree.converted()
    assert bulk.read_text() == "1\n"
    tree.remove("28-000000000001")
    assert [path.name for path in (tmp_path / "w1").iterdir()] == ["w1_bus_master1"]
    tree.unplug()
    tree.converted()
    assert not (tmp_path / "w1").exists()


SITE = "chambers: [{name: c}]\n"
WRONG = {
    "buses: [{name: b, units: [{address: 1, sensor: s, chamber: c, kind: x}]}]": "kind 'x'",
    "lines: [{name: l, sensors: [{sensor: s, chamber: c, prints: x}]}]": "prints 'x'",
    "onewire: [{sensor: probe, chamber: c}]": "no id as 28-",
    "onewire: [{sensor: 28-0316a2794a7f, chamber: d}]": "no space 'd'",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_mistakes_of_a_site_are_named(wrong: str, tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "s.yaml").write_text(SITE + wrong + "\n")
    (tmp_path / "a.yaml").write_text("sentence: x\nsite: s\n")
    with pytest.raises(ScenarioError) as caught:
        load(str(tmp_path / "a.yaml"))
    assert WRONG[wrong] in str(caught.value)


@pytest.mark.parametrize(
    ("event", "told"),
    [("second_master_comes", "no bus 'x'"), ("device_dies", "no unit or probe 'x'")],
)
def test_mistakes_of_a_timeline_are_named(event: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "s.yaml").write_text(SITE)
    (tmp_path / "a.yaml").write_text(
        f"sentence: x\nsite: s\ntimeline: [{{at_min: 1, event: {event}, where: x}}]\n"
    )
    with pytest.raises(ScenarioError, match=told):
        load(str(tmp_path / "a.yaml"))
