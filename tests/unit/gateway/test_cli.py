"""Commands without a network: what they print and how they end."""

import json
from pathlib import Path

import pytest

from coldchain_gateway.cli import COMMANDS, main

OUTBOX_PARTS = ("list", "verify", "export", "retry")
GOOD = """\
[gateway]
name = "gw-1"
organisation = "demo"

[[source]]
kind = "modbus"
name = "bus"
port = "/dev/null"

[[source.unit]]
address = 1
template = "xy-md02"
sensor = "freezer"
interval = "5s"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "gateway.toml"
    file.write_text(GOOD)
    return file


def run(config: Path, *arguments: str) -> int:
    return main(["--config", str(config), *arguments])


def test_a_good_file_is_said_to_be_good(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, "check") == 0
    assert "gw-1: bus (modbus)" in capsys.readouterr().out
    assert [path.name for path in config.parent.iterdir()] == ["gateway.toml"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'template = "xy-md02"',
            'template = "xy-md2"',
            "gateway.toml:12: source[0].unit[0].template: no template 'xy-md2'; did you mean `xy-md02`?",
        ),
        ('template = "xy-md02"', 'template = "nothing-like-it"', "there are: adam-4015"),
        ('kind = "modbus"', 'kind = "modbos"', "did you mean `modbus`"),
        ("address = 1", 'address = "one"', "a whole number"),
        ("[gateway]", "[gateway", "gateway.toml:1"),
    ],
)
def test_every_mistake_ends_with_one_and_names_its_remedy(
    config: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    config.write_text(GOOD.replace(old, new))
    assert run(config, "check") == 1
    assert said in capsys.readouterr().out


def test_a_recording_that_is_not_there_is_a_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gateway.toml"
    head = '[gateway]\nname = "g"\norganisation = "o"\n'
    file.write_text(head + '[[source]]\nkind = "replay"\nname = "r"\nfile = "said.jsonl"\n')
    assert run(file, "check", "--no-host") == 1
    assert f"gateway.toml:7: source[0].file: {tmp_path}/said.jsonl: no such file" in capsys.readouterr().out
    (tmp_path / "said.jsonl").touch()
    assert run(file, "check", "--no-host") == 0


def test_a_backend_that_is_not_there_is_named(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, "enroll", "--url", "http://[::1", "--code", "x") == 3
    assert "'http://[::1' is not an http:// or https:// URL" in capsys.readouterr().err


def test_a_missing_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "none.toml", "status") == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_status_without_a_start_is_for_later(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, "status") == 5
    assert "no status yet" in capsys.readouterr().err


def test_status_shows_what_lies_there_and_its_age(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = config.parent / "data"
    data.mkdir()
    (data / "status.json").write_text(json.dumps({"gateway": "gw-1", "written_ms": 0}))
    assert run(config, "status") == 1
    assert "not running" in capsys.readouterr().out
    assert run(config, "status", "--json") == 1
    assert json.loads(capsys.readouterr().out)["age_s"] > 1_000_000


def test_enrolment_without_a_code_prints_the_fleet_fragment(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(config, "enroll") == 0
    first = capsys.readouterr().out
    assert '{id: "freezer", interval: 5s}' in first
    assert run(config, "enroll") == 0
    assert capsys.readouterr().out == first


def test_a_code_without_a_backend_is_refused(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, "enroll", "--code", "K7QD-92MF") == 3
    assert "no backend" in capsys.readouterr().err


def test_a_damaged_key_is_refused_in_one_line(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "data").mkdir()
    (config.parent / "data" / "gateway.key").write_text("damaged")
    assert run(config, "enroll") == 4
    assert "not a gateway key" in capsys.readouterr().err


@pytest.mark.parametrize("command", [*COMMANDS, *(f"outbox {part}" for part in OUTBOX_PARTS)])
def test_every_command_has_help_with_an_example_in_a_line_of_its_own(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    examples = said[said.index("example") :].splitlines()
    begun = [line.removeprefix("example: ").strip() for line in examples if "coldchain-gateway" in line]
    assert any(command.rsplit(maxsplit=1)[-1] in line for line in begun)
    assert all(line.startswith(("coldchain-gateway", "sudo", "(systemctl")) for line in begun), begun


def test_a_file_called_like_a_command_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "check"
    file.write_text(GOOD)
    assert run(file, "check", "--no-host") == 0
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["--config", "run"])
    assert "COMMAND" in capsys.readouterr().err


def test_help_names_every_command_and_what_is_none_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    assert all(f"\n    {name}" in said for name in COMMANDS)
    with pytest.raises(SystemExit) as ended:
        main(["sttus"])
    assert ended.value.code == 2


def test_no_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert "COMMAND" in capsys.readouterr().err
