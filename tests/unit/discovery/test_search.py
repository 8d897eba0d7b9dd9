"""What a person said becomes a plan, or an error before any wire is touched; what is there is told."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from coldchain.errors import InvalidInput
from coldchain_gateway.cli import main, parser
from coldchain_gateway.discovery.draft import Draft, write_draft
from coldchain_gateway.discovery.findings import Findings, PortFound, PortState, UnitFound
from coldchain_gateway.discovery.onewire import find_probes
from coldchain_gateway.discovery.search import Plan, ask_ports, plan_of
from support.onewire_tree import scratchpad
from support.still_clock import StillClock


def plan(*words: str, ports: Sequence[str] = ()) -> Plan:
    return plan_of(parser(["discover"]).parse_args(["discover", *words]), ports)


def discover(folder: Path, *words: str) -> int:
    return main(["discover", "--onewire", str(folder), *words])


def test_without_a_speed_the_usual_ones_are_tried_and_with_one_only_that() -> None:
    (usual,) = plan(ports=["/dev/x"]).ports
    assert [one.baud for one in usual.settings][:2] == [9600, 115200]
    assert (usual.may_ask, list(usual.addresses)) == (True, list(range(1, 33)))
    words = ("--baud", "4800", "--parity", "E", "--stop-bits", "2", "--listen-only", "--units", "7")
    (told,) = plan(*words, ports=["/dev/x"]).ports
    assert [(one.baud, one.parity, one.stop_bits) for one in told.settings] == [(4800, "E", 2)]
    assert (told.may_ask, list(told.addresses)) == (False, [7])


def test_hosts_have_their_usual_ports() -> None:
    found = plan("--modbus-tcp", "plc", "--modbus-tcp", "10.0.0.9:1502", "--mqtt", "broker")
    assert found.tcp == (("plc", 502), ("10.0.0.9", 1502))
    assert [(one.host, one.port, one.password) for one in found.brokers] == [("broker", 1883, None)]


def test_a_password_comes_from_its_file_and_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("opensesame\n")
    words = ("--mqtt", "b:1", "--mqtt-user", "me", "--mqtt-password", f"file:{tmp_path}/secret")
    (broker,) = plan(*words).brokers
    assert (broker.username, broker.password) == ("me", "opensesame")
    assert "opensesame" not in repr(broker)


def test_a_choice_for_a_unit_is_kept_under_the_name_by_which_it_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    port = tmp_path / "a:b"  # names by path hold colons
    found = plan("--unit", f"{port}:7=xy-md02", "--unit", "a:b:8=dixell-xr")
    assert found.picks == {(str(port), 7): "xy-md02", (str(port), 8): "dixell-xr"}


@pytest.mark.parametrize(
    ("said", "chosen"), [("10.0.0.9:1502", "10.0.0.9:1502"), ("plc", "plc"), ("plc", "plc:502")]
)
def test_a_choice_for_a_unit_behind_a_socket_is_drafted(said: str, chosen: str) -> None:
    found = plan("--modbus-tcp", said, "--unit", f"{chosen}:1=xy-md02")
    host, port = found.tcp[0]
    unit = UnitFound(address=1, candidates=())
    socket = PortFound(port=f"{host}:{port}", state=PortState.UNITS, units=(unit,))
    text = Draft(name="g", organisation="o", picks=found.picks).text(Findings(ports=(socket,)))
    assert f'\nhost = "{host}"\nport = {port}\n' in text
    assert '\n[[source.unit]]\naddress = 1\ntemplate = "xy-md02"\n' in text


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--units", "9-3"], "1 to 247"),
        (["--units", "0-3"], "1 to 247"),
        (["--units", "200-248"], "1 to 247"),
        (["--units", "one"], "not FROM-TO"),
        (["--modbus-tcp", "h:70000"], "not HOST:PORT"),
        (["--modbus-tcp", ":502"], "not HOST:PORT"),
        (["--unit", "/dev/x=xy-md02"], "not PORT:ADDRESS=TEMPLATE"),
        (["--unit", "/dev/x:1"], "not PORT:ADDRESS=TEMPLATE"),
        (["--columns", "/dev/x=temperature"], "tells of /dev/x: name it by --port too"),
        (["--columns", "temperature"], "--columns temperature: this is not PORT="),
        (["--pattern", "=x"], "--pattern =x: this is not PORT="),
        (["--templates", "/nowhere"], "--templates /nowhere: no such folder"),
        (["--mqtt", "b", "--time-zone", "Asia/Shangai"], "did you mean `Asia/Shanghai`"),
        (
            ["--unit", "/dev/x:1=xy-md2"],
            r"--unit /dev/x:1=xy-md2: no template 'xy-md2'; did you mean `xy-md02`\?",
        ),
        (["--columns", "/dev/x=temperature,colour"], "colour"),
        (["--pattern", "/dev/x=(?P<temperature>"], "pattern: "),
        (["--mqtt", "b", "--time-zone", "Asia/Nowhere"], "unknown time zone 'Asia/Nowhere'"),
    ],
)
def test_what_cannot_be_meant_is_told_before_any_wire_is_touched(words: list[str], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        plan(*words)


@pytest.mark.parametrize("said", ["nan", "inf", "0", "-1", "90000", "soon"])
@pytest.mark.parametrize("command", ["discover", "probe"])
def test_nobody_looks_for_a_time_that_never_ends_or_never_was(
    command: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([command, f"--for={said}"])
    assert f"'{said}' is no number of seconds" in capsys.readouterr().err


def test_told_lines_belong_to_their_port_and_are_named_after_it_unless_they_say() -> None:
    words = ("--columns", "/dev/a=temperature,-", "--pattern", r"/dev/b=(?P<sensor>\w+) (?P<temperature>\S+)")
    first, second, third = plan(*words, ports=["/dev/a", "/dev/b", "/dev/c"]).ports
    assert [one.sensor for one in first.told] == ["a"]
    assert [(one.format, one.sensor) for one in second.told] == [("regex", None)]
    assert third.told == ()


def test_only_named_ports_are_opened_where_nobody_can_be_asked() -> None:
    told: list[str] = []
    assert ask_ports(["/dev/x"], lambda _: False, told.append) == ["/dev/x"]
    assert ask_ports([], None, told.append) == []
    assert told == []


@pytest.fixture
def bus(tmp_path: Path) -> Path:
    """Two probes, one at its power-on value, one gone since, one phantom."""
    root = tmp_path / "w1"
    for name, text in (
        ("28-000000000001", scratchpad(-18.5)),
        ("28-000000000002", scratchpad(4.0, crc_ok=False)),
        ("00-400000000000", ""),
    ):
        (root / name).mkdir(parents=True)
        (root / name / "w1_slave").write_text(text)
    (root / "28-000000000003").mkdir()
    return root


async def test_every_probe_is_told_with_its_value_or_what_is_wrong(bus: Path, tmp_path: Path) -> None:
    found = await find_probes(bus, StillClock())
    assert [(one.sensor, one.values["temperature"]) for one in found.sensors] == [("28-000000000001", -18.5)]
    assert found.faulty == {"28-000000000002": "the kernel says NO", "28-000000000003": "not on the bus"}
    assert "no 1-Wire bus" in (await find_probes(tmp_path / "none", StillClock())).why


def test_discover_shows_drafts_and_writes_what_is_there(
    bus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gateway.toml"
    assert discover(bus, "--write", str(file), "--name", "cold-7", "--port", str(tmp_path / "gone")) == 0
    said = capsys.readouterr()
    assert "28-000000000001: temperature -18.5" in said.out
    assert "gone: missing  no such port" in said.out
    assert f"written: {file}; next: coldchain-gateway --config {file} check" in said.err
    assert file.read_text() in said.out
    assert main(["--config", str(file), "check", "--no-host"]) == 0
    assert discover(bus, "--write", str(file)) == 3, "a file is not overwritten"
    with pytest.raises(FileExistsError):
        write_draft(file, "")


def test_discover_tells_programs_the_same_and_ends_with_one_where_nothing_is(
    bus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert discover(bus, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["findings"]["buses"][0]["sensors"][0]["values"] == {"temperature": -18.5}
    assert 'id = "28-000000000001"' in told["configuration"]
    assert discover(tmp_path / "none") == 1
