"""Rule-test files: mistakes named with their line, differences shown line by line, results as JUnit."""

from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from typer.testing import CliRunner

from coldchain.errors import ConfigError, InvalidInput
from coldchain_backend.cli import app
from coldchain_backend.ruletests import Result, chosen, described, junit, play_all, read_tests

STORY = """\
tests:
  - name: one
    profile: medicine-cold-cn
    series:
      s1: {start: "10:00", every: 1m, values: "5 11 5"}
    expect:
      - {event: excursion.fired, at: "10:01", rule: high}
      - {event: excursion.resolved, at: "10:02"}
"""

VERDICT = """\
    verdicts:
      - {{sensor: s1, time: "10:00-10:03", outcome: {outcome}, rule: high, out: {out}}}
"""


def played(folder: Path, text: str, name: str | None = None) -> list[Result]:
    path = folder / "story.yaml"
    path.write_text(text, encoding="utf-8")
    return play_all(chosen([(path, read_tests(path))], name), lambda _: None)


def signs(result: Result) -> list[str]:
    return [line.sign for line in result.comparison.lines]


def test_a_true_story_passes(tmp_path: Path) -> None:
    [result] = played(tmp_path, STORY)
    assert result.comparison.passed
    assert described(result) == ["ok    one"]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (STORY.replace('at: "10:01"', 'at: "10:07"'), ["-", "+", " "]),
        (STORY.replace("rule: high", "rule: low"), ["-", "+", " "]),
        (STORY.replace("5 11 5", "5 5 5"), ["-", "-"]),
        (STORY.replace("5 11 5", "5 11 11"), [" ", "-"]),
        (STORY.replace("5 11 5", "5 11 5 11"), [" ", " ", "+"]),
        (STORY + "    expect_no: [alert.resolved]\n", [" ", " ", "+"]),
        (STORY + "    told: [{receiver: dispatch, types: [alert.fired]}]\n", [" ", " ", " ", "+"]),
        (STORY + "    told: [{receiver: nobody, types: [alert.fired]}]\n", [" ", " ", "-"]),
        (STORY + VERDICT.format(outcome="non_conform", out="1m"), [" ", " ", " "]),
        (STORY + VERDICT.format(outcome="conform", out="1m"), [" ", " ", "-", "+"]),
        (STORY + VERDICT.format(outcome="non_conform", out="2m"), [" ", " ", "-", "+"]),
    ],
)
def test_the_line_that_differs_is_shown(tmp_path: Path, wrong: str, expected: list[str]) -> None:
    [result] = played(tmp_path, wrong)
    assert signs(result) == expected
    assert described(result)[0].startswith("ok " if set(expected) == {" "} else "FAIL  one")


def test_an_incomplete_expectation_lets_other_things_happen(tmp_path: Path) -> None:
    [result] = played(tmp_path, STORY.replace("5 11 5", "5 11 5 11") + "    complete: false\n")
    assert result.comparison.passed


def test_one_case_is_chosen_by_its_name_and_an_unknown_name_is_refused(tmp_path: Path) -> None:
    two = STORY + STORY.removeprefix("tests:\n").replace("name: one", "name: two")
    assert [result.name for result in played(tmp_path, two, "two")] == ["two"]
    with pytest.raises(InvalidInput, match="no test is called 'three'"):
        played(tmp_path, two, "three")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (STORY.replace("profile: medicine-cold-cn", "profil: medicine-cold-cn"), 3, "unknown key"),
        (STORY.replace("5 11 5", "5 eleven"), 5, "'eleven' is no sample"),
        (STORY.replace("every: 1m", "every: 0s"), 5, "longer than 0"),
        (STORY + STORY.removeprefix("tests:\n"), 9, "two tests are called 'one'"),
        (STORY.replace("    expect:\n", "    events:\n      - {}\n    expect:\n"), 7, "an event is one of"),
        (STORY + "    fleet: {organisation: o}\n", 2, "either `profile` or `fleet`"),
        (STORY + '    verdicts: [{time: "10:00-10:05"}]\n', 9, "for a zone or for a sensor"),
        (STORY + '    verdicts: [{time: "10:00-10:05", zone: z, out: 5m}]\n', 9, "belong together"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        played(tmp_path, text)
    assert any(one.line == line and message in one.message for one in caught.value.mistakes), caught.value


@pytest.mark.parametrize(
    "text",
    [
        STORY.replace("profile: medicine-cold-cn", "profile: unheard-of"),
        STORY.replace('start: "10:00"', 'start: "morning"'),
        STORY.replace('at: "10:01"', 'at: "soon"'),
        STORY + '    late: [{sensor: s1, at: "10:00", value: 900, arrives: "tomorrow"}]\n',
        STORY + '    duplicates: [{sensor: s1, at: "09:00"}]\n',
        STORY.replace("every: 1m", "every: 1m, quantity: weight"),
        STORY + '    verdicts: [{time: "later", sensor: s1}]\n',
        STORY + '    verdicts: [{time: "10:00-10:05", sensor: s9}]\n',
        STORY + '    verdicts: [{time: "10:00-10:05", zone: nowhere}]\n',
    ],
)
def test_what_only_shows_when_played_names_file_and_case(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"story\.yaml: tests\[0\] \(one\)"):
        played(tmp_path, text)


def test_switches_can_be_told_too(tmp_path: Path) -> None:
    door = '      door: {start: "10:00", every: 1m, values: "0 1 0", quantity: door_open}\n'
    [result] = played(tmp_path, STORY.replace("    expect:\n", door + "    expect:\n"))
    assert result.comparison.passed, described(result)


def test_the_command_says_who_failed_and_writes_junit(tmp_path: Path) -> None:
    path = tmp_path / "story.yaml"
    path.write_text(STORY.replace('at: "10:01"', 'at: "10:07"'), encoding="utf-8")
    done = CliRunner().invoke(app, ["rules", "test", str(path), "--junit", str(tmp_path / "out.xml")])
    assert done.exit_code == 1
    assert "0 passed, 1 failed" in done.stdout
    assert "    - 10:07:00   excursion.fired rule high" in done.stdout
    suite = Xml.fromstring((tmp_path / "out.xml").read_bytes())  # noqa: S314 - written above
    assert suite.attrib["failures"] == "1"


def test_junit_counts_what_passed(tmp_path: Path) -> None:
    suite = Xml.fromstring(junit(played(tmp_path, STORY)))  # noqa: S314 - written above
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("1", "0")
