"""A wrong scenario, site or command line is refused with the place and the key; nothing is begun."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain_runtime.documents import ConfigError
from coldchain_sim import cli, scenario
from coldchain_sim.scenario import ScenarioError

HEAD = "sentence: Mine.\nsite: here\n"
ROOM = "chambers:\n  - name: room\n"
REAL_WORDS = {event.value for event in scenario.Event}


def write(folder: Path, story: str = HEAD, site: str = ROOM) -> Path:
    (folder / "sites").mkdir(exist_ok=True)
    (folder / "sites" / "here.yaml").write_text(site, "utf-8")
    file = folder / "mine.yaml"
    file.write_text(story, "utf-8")
    return file


def told(file: Path) -> str:
    with pytest.raises(ConfigError) as refused:
        scenario.load(str(file))
    return str(refused.value).replace(f"{file.parent}/", "")


@pytest.mark.parametrize(
    ("story", "message"),
    [
        ("site: here\n", "mine.yaml:1: needs `sentence`"),
        ("", "mine.yaml:1: needs `sentence`\nmine.yaml:1: needs `site`"),
        ("- a\n", "mine.yaml:1: wanted a table of keys, found a list"),
        (HEAD + "speed: fast\n", "mine.yaml:3: speed: wanted a number, found 'fast'"),
        (HEAD + "speed: true\n", "mine.yaml:3: speed: wanted a number, found True"),
        (HEAD + "speed: .nan\n", "mine.yaml:3: speed: wanted a finite number"),
        (HEAD + "speed: 1\nspeed: 2\n", "mine.yaml:4: the key `speed` stands twice"),
        (HEAD + "timeline: 3\n", "mine.yaml:3: timeline: wanted a list, found 3"),
        (HEAD + "timeline:\n  - {event: door_opens}\n", "mine.yaml:4: timeline[0]: needs `at_min`"),
        (
            HEAD + "timeline:\n  - {at_min: 1, event: uplink_lost}\n  - {at_min: soon, event: uplink_back}\n",
            "mine.yaml:5: timeline[1].at_min: wanted a number, found 'soon'",
        ),
        ("sentence: Mine.\nsite: away\n", "sites/away.yaml: cannot be read: No such file or directory"),
    ],
)
def test_a_wrong_scenario_is_told_with_line_and_key(tmp_path: Path, story: str, message: str) -> None:
    assert told(write(tmp_path, story)) == message


@pytest.mark.parametrize(
    ("site", "message"),
    [
        ("buses: []\n", "sites/here.yaml:1: needs `chambers`"),
        ("chambers:\n  - {}\n", "sites/here.yaml:2: chambers[0]: needs `name`"),
        (
            ROOM + "    made_of:\n      door: {draught_lag_s: long}\n",
            "sites/here.yaml:4: chambers[0].made_of.door.draught_lag_s: wanted a number, found 'long'",
        ),
        (
            ROOM + "bridge:\n  - {sensor: a, chamber: room, colour: red}\n",
            "sites/here.yaml:4: bridge[0].colour: unknown key",
        ),
        (
            ROOM + "buses:\n  - name: b\n    units:\n      - {address: 1.5, sensor: u, chamber: room}\n",
            "sites/here.yaml:6: buses[0].units[0].address: wanted a whole number, found 1.5",
        ),
    ],
)
def test_a_wrong_site_is_told_with_its_own_file(tmp_path: Path, site: str, message: str) -> None:
    assert told(write(tmp_path, site=site)) == message


@given(
    blank=st.integers(0, 30),
    word=st.from_regex(r"x[a-z_]{0,12}", fullmatch=True),
)
def test_the_line_of_an_unknown_event_is_its_own(
    tmp_path_factory: pytest.TempPathFactory, blank: int, word: str
) -> None:
    story = HEAD + "\n" * blank + f"timeline:\n  - at_min: 1\n    event: {word}\n"
    message = told(write(tmp_path_factory.mktemp("mine"), story))
    assert message.startswith(f"mine.yaml:{blank + 5}: timeline[0].event: '{word}' is not one of: ")
    assert all(real in message for real in REAL_WORDS)


@given(speed=st.floats(max_value=0.0, allow_infinity=False, allow_nan=False))
def test_time_never_stands_or_runs_back(tmp_path_factory: pytest.TempPathFactory, speed: float) -> None:
    file = write(tmp_path_factory.mktemp("mine"), HEAD + f"speed: {speed:.9f}\n")
    with pytest.raises(ScenarioError, match=r"mine\.yaml: speed must be above 0"):
        scenario.load(str(file))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: command"),
        (["run"], "required: scenario"),
        (["run", "normal-day", "--out", "o", "--speed", "0"], "--speed: 0 must be above 0"),
        (["run", "normal-day", "--out", "o", "--speed", "-1"], "--speed: -1 must be above 0"),
        (["run", "normal-day", "--out", "o", "--for", "nan"], "--for: nan must be above 0"),
        (["run", "normal-day", "--out", "o", "--for", "inf"], "--for: inf must be above 0"),
        (["run", "normal-day", "--out", "o", "--for", "long"], "--for: 'long' is not a number"),
        (["run", "normal-day", "--out", "o", "--mqtt", "here"], "'here' is not HOST:PORT"),
        (["run", "normal-day", "--out", "o", "--mqtt", ":1883"], "':1883' is not HOST:PORT"),
        (["run", "normal-day", "--out", "o", "--mqtt", "h:0"], "'h:0' is not HOST:PORT"),
        (["run", "normal-day", "--out", "o", "--mqtt", "h:65536"], "'h:65536' is not HOST:PORT"),
    ],
)
def test_a_wrong_command_line_is_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("story", [HEAD + "spede: 3\n", HEAD + "speed: 0\n"])
def test_a_wrong_scenario_ends_with_two_and_leaves_no_folder(
    tmp_path: Path, story: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, story)
    assert cli.main(["run", str(file), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"coldchain-sim: {file}:")
    assert not (tmp_path / "out").exists()


def test_the_list_has_every_shipped_scenario_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == scenario.shipped_names()
