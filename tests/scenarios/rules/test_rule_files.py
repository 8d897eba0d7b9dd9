"""The project's own rule tests, each file played on the real judging."""

from pathlib import Path

import pytest

from coldchain_backend.ruletests import Case, chosen, described, play_all, read_tests

RULES = Path(__file__).parents[2] / "data" / "rules"
FILES = sorted(RULES.glob("*.yaml"))
CASES = chosen([(path, read_tests(path)) for path in FILES], None)


@pytest.mark.parametrize("case", CASES, ids=[f"{path.stem}: {file.tests[n].name}" for path, n, file in CASES])
def test_what_comes_of_a_story_is_what_its_file_expects(case: Case) -> None:
    [result] = play_all([case], lambda _: None)
    assert result.comparison.passed, "\n".join(described(result))
