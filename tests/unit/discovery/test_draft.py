"""Findings become a configuration that loads, and nothing in it was guessed."""

import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from coldchain_gateway.config import load
from coldchain_gateway.discovery.draft import Draft, quoted
from coldchain_gateway.discovery.findings import (
    BrokerFound,
    BusFound,
    Candidate,
    Findings,
    HeardSensor,
    LineFound,
    PortFound,
    PortState,
    Subscription,
    UnitFound,
    proposed_interval_ms,
)
from coldchain_gateway.discovery.shown import shown
from coldchain_gateway.formats import CsvLines, RegexLines
from coldchain_gateway.sources import (
    ModbusConfig,
    ModbusTcpConfig,
    MqttConfig,
    OnewireConfig,
    SerialLineConfig,
)
from coldchain_gateway.sources.line_language import LineLanguage
from coldchain_gateway.sources.port_settings import PortSettings

FRONT = HeardSensor(sensor="冷库/前", values={"temperature": 4.2}, raw="x", times_ms=[0, 2_010, 4_000, 6_020])
ONCE = HeardSensor(sensor="28-0316a2794a7f", values={"temperature": -18.5}, times_ms=[0])
MD02 = Candidate(
    template="xy-md02",
    title="XY-MD02",
    confidence="unverified",
    raw="4:1=0131",
    sensors={"": {"temperature": 30.5}},
    refused=(),
)
UNITS = tuple(UnitFound(address=address, candidates=(MD02,)) for address in (1, 7))


def port(name: str, state: PortState, **more: object) -> PortFound:
    made = {"port": name, "state": state, "settings": PortSettings(port=name, baud=19200, stop_bits=2)} | more
    return PortFound(**made)  # type: ignore[arg-type]  # keys as named


def line(language: LineLanguage) -> LineFound:
    return LineFound(format=language.format, sensors=(FRONT,), lines=("x",), language=language)


EVERYTHING = Findings(
    ports=(
        port("/dev/tty-a", PortState.LINES, line=line(LineLanguage())),
        port("/dev/other/tty-a", PortState.LINES, line=line(LineLanguage(format="nmea", sensor="gps"))),
        port(
            "/dev/csv",
            PortState.LINES,
            line=line(LineLanguage(format="csv", csv=CsvLines(columns=("sensor", "temperature")))),
        ),
        port(
            "/dev/re",
            PortState.LINES,
            line=line(
                LineLanguage(
                    format="regex", sensor="a", regex=RegexLines(pattern=r'"T\\"=(?P<temperature>.*)')
                )
            ),
        ),
        port("/dev/bus", PortState.UNITS, units=UNITS),
        port("/dev/bus2", PortState.UNITS, units=UNITS),
        port("10.0.0.9:502", PortState.UNITS, settings=None, units=UNITS),
        port("/dev/held", PortState.HELD, why="open in x (1); not touched"),
        port("/dev/else", PortState.UNREAD, line=LineFound(format="", sensors=(), lines=("hello",))),
    ),
    brokers=(
        BrokerFound(
            host="127.0.0.1",
            port=1883,
            sensors=(FRONT,),
            unknown=("odd/topic",),
            subscriptions=(
                Subscription(family="zigbee2mqtt", topic="zigbee2mqtt/#"),
                Subscription(family="tasmota", topic="tele/+/SENSOR", needs=("time_zone",)),
            ),
        ),
        BrokerFound(host="b", port=1, why="b:1: refused"),
    ),
    buses=(
        BusFound(root="/sys/bus/w1/devices", sensors=(ONCE,), faulty={"28-000000000001": "power-on value"}),
        BusFound(root="/none", why="no 1-Wire bus"),
    ),
)


def test_a_draft_of_everything_loads_and_reads_what_was_found(tmp_path: Path) -> None:
    picks = {("/dev/bus", 1): "xy-md02", ("10.0.0.9:502", 7): "xy-md02"}
    text = Draft(name="gw", organisation="demo", picks=picks).text(EVERYTHING)
    file = tmp_path / "gateway.toml"
    file.write_text(text, "utf-8")
    sources = {source.name: source for source in load(file).config.source}
    a, other, csv, re = (sources[name] for name in ("a", "a-2", "csv", "re"))
    assert isinstance(a, SerialLineConfig)
    assert (a.port, a.baud, a.stop_bits, a.format, a.interval) == ("/dev/tty-a", 19200, 2, "json", 2_000)
    assert isinstance(other, SerialLineConfig)
    assert (other.format, other.sensor) == ("nmea", "gps")
    assert isinstance(csv, SerialLineConfig)
    assert csv.csv is not None
    assert csv.csv.columns == ("sensor", "temperature")
    assert isinstance(re, SerialLineConfig)
    assert re.regex is not None
    assert re.regex.pattern == r'"T\\"=(?P<temperature>.*)'
    bus, socket, probes = sources["bus"], sources["10.0.0.9-502"], sources["probes"]
    assert isinstance(bus, ModbusConfig)
    assert [(unit.address, unit.template, unit.interval) for unit in bus.unit] == [(1, "xy-md02", 30_000)]
    assert isinstance(socket, ModbusTcpConfig)
    assert [unit.address for unit in socket.unit] == [7]
    assert isinstance(probes, OnewireConfig)
    assert [probe.id for probe in probes.probe] == ["28-0316a2794a7f"]
    broker = sources["broker-127.0.0.1"]
    assert isinstance(broker, MqttConfig)
    assert {one.topic for one in broker.subscription} == {"zigbee2mqtt/#", "tele/+/SENSOR"}


def test_no_register_map_is_picked_for_anybody(tmp_path: Path) -> None:
    text = Draft(name="gw", organisation="demo").text(EVERYTHING)
    file = tmp_path / "gateway.toml"
    file.write_text(text, "utf-8")
    assert not any(isinstance(source, ModbusConfig) for source in load(file).config.source)
    assert '# template = "xy-md02" # unverified: temperature 30.5' in text


def test_what_is_shown_names_everything() -> None:
    told = "\n".join(shown(EVERYTHING))
    for wanted in (
        "open in x (1); not touched",
        "unit 7 answers",
        "none of these is picked for you",
        "xy-md02 (unverified)",
        "raw      4:1=0131",
        "heard every 2s",
        "not known: odd/topic",
        "28-000000000001: power-on value",
        "| hello",
        "b:1: refused",
    ):
        assert wanted in told


def test_an_interval_is_proposed_from_what_was_heard() -> None:
    assert FRONT.interval_ms == 2_000
    assert ONCE.interval_ms is None
    assert proposed_interval_ms([58_000, 61_000, 60_500]) == 60_000
    assert proposed_interval_ms([100_000_000]) == 100_000_000


@given(st.text(max_size=40))
def test_any_text_is_quoted_as_toml_reads_it(text: str) -> None:
    assert tomllib.loads(f"a = {quoted(text)}\n")["a"] == text


@given(st.text(max_size=60))
def test_no_line_of_a_device_gets_out_of_its_comment(said: str) -> None:
    findings = Findings(
        ports=(port("/dev/x", PortState.UNREAD, line=LineFound(format="", sensors=(), lines=(said,))),),
        brokers=(BrokerFound(host="b", port=1, unknown=(said,), why=said),),
    )
    assert tomllib.loads(Draft(name="gw", organisation="demo").text(findings)).keys() == {"gateway"}


def test_a_folder_of_probes_is_drafted_so_that_it_is_found_from_anywhere() -> None:
    findings = Findings(buses=(BusFound(root="w1", sensors=(ONCE,)),))
    (source,) = tomllib.loads(Draft(name="gw", organisation="demo").text(findings))["source"]
    assert Path(source["root"]) == Path("w1").absolute()
