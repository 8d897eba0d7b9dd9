"""Pages of who was told what: equal words in both languages, and pages as they would be written."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

import pytest
from typer.testing import CliRunner

from coldchain.errors import ConfigError
from coldchain.profiles import Level
from coldchain.words import Language
from coldchain_backend.alerts import AlertKind, TransitionKind
from coldchain_backend.alerts.said import PHRASES
from coldchain_backend.cli import app
from coldchain_backend.judging.hearing import HEARS_NOTHING
from coldchain_backend.judging.system import TEXTS
from coldchain_backend.ruletests import chosen, page_name, read_tests, told_pages
from coldchain_backend.ruletests.told import words_of

RULES = Path(__file__).parents[2] / "data" / "rules"
TOLD = RULES / "told"
SCENARIOS = RULES / "scenarios.yaml"
CASES = chosen([(SCENARIOS, read_tests(SCENARIOS))], None)
HEAD = """tests:
  - name: Door, left open!
    profile: frozen-food
    series: {s: {start: "10:00", every: 1m, values: "-20x3 -8x40 -20x3"}}
"""


@pytest.mark.parametrize("case", CASES, ids=lambda case: page_name(case, Language.EN)[:-6])
def test_the_pages_in_the_repository_are_those_that_would_be_written(case: tuple[Path, int, object]) -> None:
    """Renew them: `rules told tests/data/rules/scenarios.yaml --out tests/data/rules/told`."""
    for language, page in told_pages(case).items():  # type: ignore[arg-type]  # a case, as `chosen` gave it
        assert (TOLD / page_name(case, language)).read_text("utf-8") == page  # type: ignore[arg-type]  # likewise


def test_no_page_lies_there_without_its_story() -> None:
    names = {page_name(case, language) for case in CASES for language in Language}
    assert {one.name for one in TOLD.iterdir()} == names


@pytest.mark.parametrize(("part", "kinds"), [("level", Level), ("kind", AlertKind), ("step", TransitionKind)])
def test_both_languages_have_words_for_all_that_happens(part: str, kinds: type[Enum]) -> None:
    for language in Language:
        assert words_of(language)[part].keys() >= {one.value for one in kinds}
    assert words_of(Language.EN)[part].keys() == words_of(Language.ZH)[part].keys()
    assert words_of(Language.EN)["page"].keys() == words_of(Language.ZH)["page"].keys()


def test_what_the_product_says_of_itself_has_words_in_both_languages() -> None:
    said = {**TEXTS, "hears_nothing": HEARS_NOTHING}
    assert PHRASES[Language.EN]["about"] == said
    assert PHRASES[Language.ZH]["about"].keys() == said.keys()


def test_pages_are_written_and_checked(tmp_path: Path) -> None:
    file, out = tmp_path / "rules.yaml", tmp_path / "told"
    file.write_text(HEAD + "    told_nobody_else: true\n", encoding="utf-8")
    run = ["rules", "told", str(file), "--out", str(out)]
    assert CliRunner().invoke(app, [*run, "--check"]).exit_code == 1
    assert not out.exists()
    written = CliRunner().invoke(app, run)
    assert (written.exit_code, sorted(one.name for one in out.iterdir())) == (
        0, ["door-left-open.en.md", "door-left-open.zh.md"],
    )  # fmt: skip
    assert CliRunner().invoke(app, [*run, "--check"]).exit_code == 0
    english = (out / "door-left-open.en.md").read_text("utf-8")
    assert english.startswith("# Door, left open!\n")
    assert "| 10:34:00 | dispatch | begins |" in english
    assert "谁被告知了什么" in (out / "door-left-open.zh.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("    events: [{receiver_down: '10:00-10:10'}]\n", "receiver_down and receiver belong together"),
        ("    events: [{shelve: '10:00-10:10', acknowledge: '10:00'}]\n", "an event is one of"),
        ("    told: [{receiver: d, types: [a, b], at: ['10:00']}]\n", "one instant for each"),
        ("", "a case expects nothing"),
    ],
)
def test_mistakes_in_what_is_told_are_named(tmp_path: Path, lines: str, told: str) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(HEAD + lines, encoding="utf-8")
    with pytest.raises(ConfigError, match=told):
        read_tests(file)


BOTH = "types: [alert.fired, alert.resolved]"


@pytest.mark.parametrize(
    ("expected", "shown"),
    [
        ("told: [{receiver: dispatch, types: [alert.fired]}]", "+ told dispatch: alert.resolved"),
        (f"told: [{{receiver: dispatch, {BOTH}, at: ['10:20', '10:45']}}]", "- told dispatch: alert.fired"),
        ("told_nobody_else: true", "+ told dispatch: alert.fired at 10:34:00"),
        ("told: [{receiver: day, types: [alert.fired]}]", "- told day: alert.fired"),
    ],
)  # fmt: skip
def test_a_telling_that_differs_fails_the_test(tmp_path: Path, expected: str, shown: str) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(f"{HEAD}    {expected}\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["rules", "test", str(file)])
    assert result.exit_code == 1
    assert shown in result.stdout
