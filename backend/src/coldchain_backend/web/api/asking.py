"""How a period is asked for: legs, a moment in the past, a page of the answer, JSON or CSV."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from fastapi import Query
from fastapi.responses import Response
from pydantic import TypeAdapter, ValidationError

from coldchain.errors import InvalidInput
from coldchain_backend.judging import Answers, Asked
from coldchain_backend.web.api.shapes import DAY_MS, MAX_DAYS, ms_of
from coldchain_backend.web.services import Services
from coldchain_backend.web.times import Instant

MAX_LEGS = 200
_TIME: TypeAdapter[datetime] = TypeAdapter(Instant)


class Format(StrEnum):
    """In which shape an answer comes."""

    JSON = "json"
    CSV = "csv"


LEG_HINT = "zone:ID/FROM/TO or point:ID/FROM/TO with ISO 8601 times; repeat it for each leg"
Legs = Annotated[list[str] | None, Query(alias="leg", max_length=MAX_LEGS, description=LEG_HINT)]
AsOf = Annotated[
    str | None,
    Query(
        max_length=40,
        description="as it was known: a time (ISO 8601), or the number of a ledger record",
        examples=["2026-11-24T02:40:00Z", "1204"],
    ),
]
CSV_TOO: Final[dict[int | str, dict[str, object]]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
}
"""What stands in the description of the API where a table can be asked for."""
AskedFormat = Annotated[Format, Query(alias="format", description="json, or csv with one line per item")]
ProfileName = Annotated[
    str | None,
    Query(max_length=100, description="`name` or `name@version`; default: the zone's own at the leg's end"),
]


def number_of(answers: Answers, as_of: str | None) -> int | None:
    """The ledger record up to which something is known; InvalidInput for neither a time nor a number, and for
    a record that is not judged yet, as of which nobody can answer.
    """
    if as_of is None:
        return None
    if as_of.isdecimal():
        number, judged = int(as_of), answers.progress().offset
        if number > judged:
            raise InvalidInput(f"`as_of`: record {number} is not judged yet, the last that is: {judged}")
        return number
    return answers.number_at(ms_of(_time(as_of, "as_of")))


def legs_of(
    services: Services, legs: Sequence[str], zone: str | None, point: str | None, span: tuple[int, int]
) -> list[Asked]:
    """The legs that are asked for, none of them ending behind what is judged. Raises InvalidInput."""
    found = [_leg(text) for text in legs]
    if zone is not None or point is not None:
        found.append(Asked(zone=zone, point=point, from_ms=span[0], to_ms=span[1]))
    if not found:
        raise InvalidInput("name a `zone`, a `point` or a `leg`")
    judged_ms = services.answers.progress().stamp_ms
    return [_up_to(leg, judged_ms) for leg in found]


def _leg(text: str) -> Asked:
    parts = text.split("/")
    kind, _, name = parts[0].partition(":")
    if len(parts) != 3 or kind not in {"zone", "point"} or not name:
        raise InvalidInput(f"leg {text[:200]!r} is not {LEG_HINT}")
    from_ms, to_ms = (ms_of(_time(part, "leg")) for part in parts[1:])
    if not 0 <= from_ms < to_ms or to_ms - from_ms > MAX_DAYS * DAY_MS:
        raise InvalidInput(f"leg {text[:200]!r}: its end lies behind its beginning, at most {MAX_DAYS} days")
    if kind == "zone":
        return Asked(zone=name, from_ms=from_ms, to_ms=to_ms)
    return Asked(point=name, from_ms=from_ms, to_ms=to_ms)


def _up_to(leg: Asked, judged_ms: int) -> Asked:
    if leg.from_ms >= judged_ms:
        raise InvalidInput("a leg begins behind what is judged: nothing is known of the future")
    return Asked(zone=leg.zone, point=leg.point, from_ms=leg.from_ms, to_ms=min(leg.to_ms, judged_ms))


def time_ms(text: str, name: str) -> int:
    """A time with its zone, ms UTC. Raises InvalidInput, which names it."""
    return round(_time(text, name).timestamp() * 1000)


def _time(text: str, name: str) -> datetime:
    try:
        return _TIME.validate_python(text)
    except ValidationError as error:
        wanted = "a time with its zone such as 2026-11-24T02:40:00Z"
        raise InvalidInput(f"`{name}`: {text[:100]!r} is not {wanted}") from error


def csv_of(
    name: str, columns: Sequence[str], lines: Iterable[Mapping[str, object]], after: str | None
) -> Response:
    """A table as CSV (UTF-8, comma, header); the header `Coldchain-Next` carries what to give as `after`."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in line.items()} for line in lines)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    if after is not None:
        headers["Coldchain-Next"] = after
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _cell(value: object) -> object:
    """A text that a spreadsheet would take for a formula is quoted."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t"} else value
