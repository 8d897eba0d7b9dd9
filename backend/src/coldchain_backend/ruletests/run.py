"""Rule-test files read, played and compared; the result as text or JUnit XML."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml

from coldchain.errors import ConfigError, InvalidInput
from coldchain.words import Language
from coldchain_backend.fleetfile import parse_file, problems
from coldchain_backend.ruletests.comparison import Comparison, asked_lines, compare
from coldchain_backend.ruletests.document import CaseEntry, RuleTestFile, mistakes
from coldchain_backend.ruletests.recording import recorded
from coldchain_backend.ruletests.rehearsal import Outcome, rehearsing
from coldchain_backend.ruletests.script import calendar_of, fleet_of, script_of
from coldchain_backend.ruletests.told import told_page
from coldchain_runtime.documents import load_yaml

Case = tuple[Path, int, RuleTestFile]
"""A file, which of its tests, and what the file says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One case of one file."""

    file: str
    name: str
    comparison: Comparison


def read_tests(path: Path) -> RuleTestFile:
    """Read a file; raises ConfigError with every mistake, each with file, line and key."""
    return load_yaml(path, RuleTestFile, check=mistakes)


def chosen(files: Iterable[tuple[Path, RuleTestFile]], name: str | None) -> list[Case]:
    """The cases to play; `name` chooses one. Raises InvalidInput where there is none."""
    found = [
        (path, index, file)
        for path, file in files
        for index, case in enumerate(file.tests)
        if name is None or case.name == name
    ]
    if not found:
        raise InvalidInput(f"no test is called {name!r}" if name else "no tests")
    return found


def play(path: Path, index: int, file: RuleTestFile) -> Result:
    """Play one case and compare. Raises ConfigError where it cannot be played."""
    case = file.tests[index]
    try:
        return Result(file=str(path), name=case.name, comparison=_played(case, file))
    except InvalidInput as error:
        raise ConfigError(str(error), file=str(path), key=f"tests[{index}] ({case.name})") from error


def _played(case: CaseEntry, file: RuleTestFile) -> Comparison:
    for place, message in problems(fleet_of(case, file)):
        raise InvalidInput(f"{'.'.join(map(str, place))}: {message}")
    script = script_of(case, file)
    with rehearsing(script.organisation) as rehearsal:
        compared = compare(case, rehearsal.play(script), calendar_of(file), file.tolerance)
        asked = asked_lines(case, rehearsal.answers, calendar_of(file))
    return Comparison(lines=(*compared.lines, *asked))


def told_pages(case: Case) -> dict[Language, str]:
    """Who was told what in a case, as a page in each language; raises ConfigError as `play` does."""
    path, index, file = case
    story = file.tests[index]
    try:
        script = script_of(story, file)
        with rehearsing(script.organisation) as rehearsal:
            outcome = rehearsal.play(script)
    except InvalidInput as error:
        raise ConfigError(str(error), file=str(path), key=f"tests[{index}] ({story.name})") from error
    return {one: told_page(story, outcome, calendar_of(file), one) for one in Language}


def page_name(case: Case, language: Language) -> str:
    """The file name of a page: the test's name in small letters and dashes, and the language."""
    path, index, file = case
    name = re.sub(r"[^a-z0-9]+", "-", file.tests[index].name.lower()).strip("-")
    return f"{name or f'{path.stem}-{index}'}.{language.value}.md"


def play_recording(fleet: Path, recording: Path) -> Outcome:
    """Play what was recorded against a fleet file. Raises ConfigError for what cannot be read."""
    script = recorded(recording, parse_file(fleet))
    with rehearsing(script.organisation) as rehearsal:
        return rehearsal.play(script)


def described(result: Result) -> list[str]:
    """A result in lines: one where it passed, all of its lines where it did not."""
    if result.comparison.passed:
        return [f"ok    {result.name}"]
    lines = [f"FAIL  {result.name}  ({result.file})"]
    return lines + [f"    {line.sign} {line.text}" for line in result.comparison.lines]


def junit(results: Sequence[Result]) -> bytes:
    """JUnit XML, as CI servers read it."""
    failed = sum(not result.comparison.passed for result in results)
    suite = Xml.Element("testsuite", name="rules", tests=str(len(results)), failures=str(failed))
    for result in results:
        case = Xml.SubElement(suite, "testcase", classname=result.file, name=result.name)
        if not result.comparison.passed:
            fault = Xml.SubElement(case, "failure", message="what happened is not what was expected")
            fault.text = "\n".join(described(result)[1:])
    written: bytes = Xml.tostring(suite, encoding="utf-8", xml_declaration=True)
    return written


Told = Callable[[Result], None]


def play_all(cases: Iterable[Case], told: Told) -> list[Result]:
    """Play cases one after another; `told` hears of each."""
    results = []
    for path, index, file in cases:
        result = play(path, index, file)
        told(result)
        results.append(result)
    return results
