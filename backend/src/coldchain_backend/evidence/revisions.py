"""Every verdict that was ever the answer: at the end of the time, after what came late, and now."""

from collections.abc import Iterator, Sequence
from typing import Final

from coldchain.errors import InvalidInput, Unavailable
from coldchain_backend.evidence.claims import claim
from coldchain_backend.judging import Answer, Answers, Asked

DAY_MS: Final = 86_400_000
MOST: Final = 40
Row = dict[str, object]


def revisions(answers: Answers, asked: Sequence[Asked], late_ms: Sequence[int]) -> list[Row]:
    """Verdicts as of records of the ledger, oldest first; one that says the same as before is left out.

    `late_ms`: stamps of batches that came behind the time. Looked at are its end, the end of each UTC day in
    which something came late, every later fleet version, and the present: MOST at most.
    """
    found: list[Row] = []
    for number in [*_numbers(answers, asked, late_ms), None]:
        try:
            verdicts = [_verdict(one) for one in answers.verdicts(asked, as_of=number)]
        except (InvalidInput, Unavailable) as error:
            found.append({"as_of": number, "verdicts": None, "why": str(error)})
            continue
        if not found or found[-1]["verdicts"] != verdicts:
            found.append({"as_of": number, "verdicts": verdicts, "why": None})
    return found


def _numbers(answers: Answers, asked: Sequence[Asked], late_ms: Sequence[int]) -> list[int]:
    to_ms = max(one.to_ms for one in asked)
    try:
        ended = answers.number_at(to_ms)
        days = sorted({stamp // DAY_MS for stamp in late_ms})
        numbers = {ended, *(answers.number_at((day + 1) * DAY_MS) for day in days)}
    except Unavailable:
        return []
    numbers |= {one.number for one in answers.fleet().versions if one.number > ended}
    return sorted(numbers)[:MOST]


def _verdict(answer: Answer) -> Row:
    return {
        "zone": answer.asked.zone,
        "outcome": answer.outcome.value,
        "points": list(_points(answer)),
    }


def _points(answer: Answer) -> Iterator[Row]:
    for one in answer.points:
        said = None if one.verdict is None else claim(one.verdict)
        yield {"point": one.point, "sensors": list(one.sensors), "verdict": said}
