"""Every verdict that was ever the answer: at the end of the time, after what came late, after each act."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from coldchain.errors import InvalidInput, Unavailable
from coldchain.verdicts import Outcome, worst
from coldchain_backend.evidence.parts import Part, parts_of
from coldchain_backend.judging import Answers

DAY_MS: Final = 86_400_000
MOST: Final = 40
Row = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What was the answer when the ledger had `as_of` records, and which acts and versions made it so.

    `why`: not empty where it can no longer be told; there are no parts then.
    """

    as_of: int
    because: Sequence[Row]
    parts: Sequence[Part]
    why: str = ""

    @property
    def outcome(self) -> Outcome:
        """The outcome of all parts together."""
        return worst([part.verdict.outcome for part in self.parts])


def revisions(
    answers: Answers, zones: Sequence[str], span: tuple[int, int], late_ms: Iterable[int], as_of: int
) -> list[Revision]:
    """Verdicts as of records of the ledger, oldest first, the newest as of the record `as_of`; one that says
    the same as the one before is left out.

    `late_ms`: stamps of batches that came behind the time. Looked at are its end, the end of each UTC day in
    which something came late, every later fleet version and act about the zones, and the record `as_of`:
    MOST at most.
    """
    causes = sorted(_causes(answers, zones, as_of), key=lambda one: one[0])
    found: list[Revision] = []
    for number in [*_numbers(answers, span[1], late_ms, as_of, [one for one, _ in causes]), as_of]:
        before = found[-1].as_of if found else 0
        because = [cause for at, cause in causes if found and before < at <= number]
        try:
            parts, why = parts_of(answers, zones, *span, as_of=number), ""
        except (InvalidInput, Unavailable) as error:
            parts, why = [], str(error)
        same = found and not why and found[-1].parts == parts
        if same and number == as_of:
            found.pop()
        if not same or number == as_of:
            found.append(Revision(as_of=number, because=because, parts=parts, why=why))
    return found


def _causes(answers: Answers, zones: Sequence[str], as_of: int) -> Iterator[tuple[int, Row]]:
    """Versions and acts by the number of their record, as far as they may have changed a verdict."""
    fleet = answers.fleet().as_of(as_of)
    for version in fleet.versions:
        what = {"what": "fleet", "record": version.number, "by": version.by, "reason": version.reason}
        yield version.number, what
    for zone in zones:
        for said in fleet.said.get(zone, ()):
            what = {"what": "zone_state", "record": said.number, "by": said.by, "reason": said.reason}
            yield said.number, {**what, "zone": zone, "state": said.state.value}
    for act in answers.revocations():
        if act.number <= as_of:
            what = {"what": "revoke", "record": act.number, "by": act.by, "reason": act.reason}
            yield act.number, {**what, "key": act.key, "from_ms": act.from_ms}


def _numbers(
    answers: Answers, to_ms: int, late_ms: Iterable[int], as_of: int, causes: Sequence[int]
) -> list[int]:
    try:
        ended = min(answers.number_at(to_ms), as_of)
        days = sorted({stamp // DAY_MS for stamp in late_ms})
        numbers = {ended, *(answers.number_at((day + 1) * DAY_MS) for day in days)}
    except Unavailable:
        return []
    return sorted(one for one in numbers | {one for one in causes if one > ended} if one < as_of)[:MOST]
