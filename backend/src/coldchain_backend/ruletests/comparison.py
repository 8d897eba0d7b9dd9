"""What was expected beside what happened, line by line, and the line in which they differ."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from coldchain.errors import InvalidInput
from coldchain_backend.judging import Answer, Answers, Asked
from coldchain_backend.ruletests.calendar import Calendar
from coldchain_backend.ruletests.document import CaseEntry, ExpectEntry, ToldEntry, VerdictEntry
from coldchain_backend.ruletests.rehearsal import Happened, Outcome, Telling
from coldchain_runtime.documents import duration_text

ANY = "alert"
MAX_LINES = 600
W = TypeVar("W")
F = TypeVar("F")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One line: ` ` as expected, `-` expected and not there, `+` there and not expected."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All lines of one case; it passes where every line is as expected."""

    lines: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing differs."""
        return all(line.sign == " " for line in self.lines)


def compare(case: CaseEntry, outcome: Outcome, calendar: Calendar, tolerance_ms: int) -> Comparison:
    """Lay a case's expectations beside what happened. Raises InvalidInput for instants that are wrong."""
    reader = _Reader(calendar, tolerance_ms)
    lines: list[Difference] = []
    if case.expect is not None:
        aligned = _aligned(case.expect, outcome.happened, reader.meets)
        for wanted, found in aligned:
            lines += _line(wanted, found, reader, complete=case.complete)
    lines += _absent(case, outcome, reader)
    for told in case.told:
        lines += _told_lines(told, outcome, reader)
    if case.told_nobody_else:
        named = {told.receiver for told in case.told}
        lines += [
            Difference(sign="+", text=f"told {one.receiver}: {one.type} at {calendar.clock(one.at_ms)}")
            for one in outcome.told
            if one.receiver not in named
        ]
    return Comparison(lines=tuple(lines))


class _Reader:
    """Says lines, and whether a step is the one that was expected."""

    def __init__(self, calendar: Calendar, tolerance_ms: int) -> None:
        self._calendar, self._tolerance_ms = calendar, tolerance_ms

    def meets(self, wanted: ExpectEntry, found: Happened) -> bool:
        return all(self._differences(wanted, found))

    def _differences(self, wanted: ExpectEntry, found: Happened) -> Iterator[bool]:
        alert, step = found.alert, found.step
        kind, _, what = wanted.event.rpartition(".")
        yield kind in (ANY, alert.cause.kind.value) and what == step.kind.value
        yield self._near(wanted.at, step.at_ms)
        yield self._near(wanted.event_time, step.event_ms)
        yield wanted.level in (None, step.level.value)
        yield wanted.sensor in (None, alert.cause.subject.sensor)
        yield wanted.gateway in (None, alert.cause.subject.gateway)
        yield wanted.rule in (None, alert.cause.rule)
        yield wanted.by in (None, step.by)
        yield wanted.value is None or (step.value is not None and abs(step.value - wanted.value) < 0.0005)
        end = alert.cause.end
        yield wanted.incomplete in (None, end is not None and end.incomplete)

    def _near(self, text: str | None, found_ms: int) -> bool:
        return text is None or abs(self._calendar.instant(text) - found_ms) <= self._tolerance_ms

    def hears(self, wanted: tuple[str, str | None], said: Telling) -> bool:
        return wanted[0] == said.type and self._near(wanted[1], said.at_ms)

    def told(self, said: Telling) -> str:
        """What was told, and when it was heard."""
        return f"{said.type} at {self._calendar.clock(said.at_ms)}"

    def happened(self, found: Happened) -> str:
        """A step as a line that could stand in `expect`."""
        alert, step = found.alert, found.step
        cause, subject = alert.cause, alert.cause.subject
        parts = [
            f"{self._calendar.clock(step.at_ms):<10}",
            f"{cause.kind.value}.{step.kind.value}",
            step.level.value,
            f"sensor {subject.sensor}" if subject.sensor else "",
            f"gateway {subject.gateway}" if subject.gateway else "",
            f"rule {cause.rule}" if cause.rule else "",
            f"event {self._calendar.clock(step.event_ms)}",
            "" if step.value is None else f"value {step.value:g}",
            f"by {step.by}" if step.by else "",
        ]
        return " ".join(part for part in parts if part)

    def expected(self, wanted: ExpectEntry) -> str:
        """An expectation in the same words."""
        parts = [
            f"{'' if wanted.at is None else self._calendar.clock(self._calendar.instant(wanted.at)):<10}",
            wanted.event,
            wanted.level,
            wanted.sensor and f"sensor {wanted.sensor}",
            wanted.gateway and f"gateway {wanted.gateway}",
            wanted.rule and f"rule {wanted.rule}",
            wanted.event_time and f"event {self._calendar.clock(self._calendar.instant(wanted.event_time))}",
            None if wanted.value is None else f"value {wanted.value:g}",
            wanted.by and f"by {wanted.by}",
            None if wanted.incomplete is None else f"incomplete {str(wanted.incomplete).lower()}",
        ]
        return " ".join(part for part in parts if part)


def _line(
    wanted: ExpectEntry | None, found: Happened | None, reader: _Reader, *, complete: bool
) -> Iterator[Difference]:
    if found is not None and wanted is not None:
        yield Difference(sign=" ", text=reader.happened(found))
    elif wanted is not None:
        yield Difference(sign="-", text=reader.expected(wanted))
    elif found is not None and complete:
        yield Difference(sign="+", text=reader.happened(found))


def _absent(case: CaseEntry, outcome: Outcome, reader: _Reader) -> Iterator[Difference]:
    for event in case.expect_no:
        unwanted = ExpectEntry(event=event)
        for found in outcome.happened:
            if reader.meets(unwanted, found):
                yield Difference(sign="+", text=f"{reader.happened(found)}   (expect_no {event})")


def asked_lines(case: CaseEntry, answers: Answers, calendar: Calendar) -> list[Difference]:
    """The verdicts that a case expects beside those that are given; one line each where they agree."""
    lines: list[Difference] = []
    for wanted in case.verdicts:
        found = _answer(wanted, answers, calendar)
        said = [*_said_of(wanted, found)]
        told = f"verdict {wanted.zone or wanted.sensor} {wanted.time}: "
        if all(expected == given for _, expected, given in said):
            lines.append(Difference(sign=" ", text=told + _shown((name, given) for name, _, given in said)))
        else:
            lines.append(Difference(sign="-", text=told + _shown((name, one) for name, one, _ in said)))
            lines.append(Difference(sign="+", text=told + _shown((name, one) for name, _, one in said)))
    return lines


def _answer(wanted: VerdictEntry, answers: Answers, calendar: Calendar) -> Answer:
    from_ms, to_ms = calendar.span(wanted.time)
    point = None
    if wanted.sensor is not None:
        place = answers.fleet().plan.place_of_sensor(wanted.sensor)
        if place is None:
            raise InvalidInput(f"verdicts: sensor {wanted.sensor} stands nowhere")
        point = place.point.id
    number = None if wanted.as_of is None else answers.number_at(calendar.instant(wanted.as_of))
    leg = Asked(zone=wanted.zone, point=point, from_ms=from_ms, to_ms=to_ms)
    return answers.verdicts([leg], wanted.profile, as_of=number)[0]


def _said_of(wanted: VerdictEntry, found: Answer) -> Iterator[tuple[str, object, object]]:
    """Name, expected and given of each figure that is expected; figures of the worst point."""
    verdicts = [one.verdict for one in found.points if one.verdict is not None]
    verdict = next((one for one in verdicts if one.outcome is found.outcome), None)
    if wanted.outcome is not None:
        yield "outcome", wanted.outcome.value, found.outcome.value
    if wanted.coverage is not None:
        yield "coverage", round(wanted.coverage, 3), round(found.coverage, 3)
    if verdict is None:
        return
    if wanted.reasons is not None:
        told = [reason.kind.value for reason in verdict.reasons]
        yield "reasons", [kind.value for kind in wanted.reasons], told
    for name, expected, given in (
        ("mkt", wanted.mkt, verdict.account.mkt), ("mean", wanted.mean, verdict.account.mean),
    ):  # fmt: skip
        if expected is not None:
            yield name, round(expected, 3), given
    if wanted.rule is not None and wanted.out is not None:
        given_ms = verdict.account.rule(wanted.rule).out_ms
        yield f"out of {wanted.rule}", duration_text(wanted.out), duration_text(given_ms)


def _shown(figures: Iterable[tuple[str, object]]) -> str:
    return ", ".join(
        f"{name} {' '.join(map(str, value)) or 'none' if isinstance(value, list) else value}"
        for name, value in figures
    )


def _told_lines(entry: ToldEntry, outcome: Outcome, reader: _Reader) -> Iterator[Difference]:
    found = [one for one in outcome.told if one.receiver == entry.receiver]
    instants: Sequence[str | None] = entry.at or (None,) * len(entry.types)
    wanted = list(zip(entry.types, instants, strict=True))
    for one, said in _aligned(wanted, found, reader.hears):
        if said is not None:
            sign, text = " " if one is not None else "+", reader.told(said)
        else:
            sign, text = "-", " at ".join(part for part in one or () if part)
        yield Difference(sign=sign, text=f"told {entry.receiver}: {text}")


def _aligned(
    wanted: Sequence[W], found: Sequence[F], meets: Callable[[W, F], bool]
) -> Iterator[tuple[W | None, F | None]]:
    """The longest common run of both in order, with what stands on one side only between."""
    if len(wanted) > MAX_LINES or len(found) > MAX_LINES:
        raise InvalidInput(f"more than {MAX_LINES} lines to compare; make the case smaller")
    rows, columns = len(wanted), len(found)
    best = [[0] * (columns + 1) for _ in range(rows + 1)]
    fits = [[meets(one, other) for other in found] for one in wanted]
    for row in range(rows - 1, -1, -1):
        for column in range(columns - 1, -1, -1):
            best[row][column] = (
                best[row + 1][column + 1] + 1
                if fits[row][column]
                else max(best[row + 1][column], best[row][column + 1])
            )
    row = column = 0
    while row < rows and column < columns:
        if fits[row][column]:
            yield wanted[row], found[column]
            row, column = row + 1, column + 1
        elif best[row + 1][column] >= best[row][column + 1]:
            yield wanted[row], None
            row += 1
        else:
            yield None, found[column]
            column += 1
    yield from ((one, None) for one in wanted[row:])
    yield from ((None, other) for other in found[column:])
