"""How alarms did in a time: the figures of ISA-18.2 per receiver, as JSON or CSV."""

from asyncio import to_thread
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel

from coldchain.errors import InvalidInput
from coldchain_backend.alerts import TARGETS, UNVERIFIED, Load, Standing, of_all, of_load
from coldchain_backend.judging import Figures
from coldchain_backend.web.api.asking import CSV_TOO, AskedFormat, Format, csv_of
from coldchain_backend.web.api.shapes import DAY_MS, Time, ms_of
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Wanted
from coldchain_backend.web.times import Instant, iso

router = APIRouter(prefix="/api/v1", tags=["alerts"], responses=FAILURES)
DEFAULT_DAYS, MOST_DAYS = 7, 400
From = Annotated[Instant | None, Query(alias="from", description="default: 7 days before `to`")]
To = Annotated[Instant | None, Query(alias="to", description="default: now")]
COLUMNS = ("position", "figure", "value", "standing", "acceptable", "manageable", "unverified")


class Figure(BaseModel):
    """A figure; `standing` to its target, of which none was checked against the standard's text."""

    value: float
    standing: Standing | None = None
    acceptable: float | None = None
    manageable: float | None = None
    unverified: bool = UNVERIFIED


class Flood(BaseModel):
    """From the call that made it a flood until it had calmed down."""

    since: Time
    until: Time


class Position(BaseModel):
    """The load of one receiver; `position` null: all calls, each once."""

    position: str | None
    alarms: int
    figures: dict[str, Figure]
    floods: list[Flood]


class ActorItem(BaseModel):
    """A source that people were called for, as kind, rule and place, and its share of all calls."""

    source: list[str]
    alarms: int
    share: float


class Acknowledging(BaseModel):
    """Minutes from the first call to the acknowledgement; null without any."""

    acknowledged: int
    never: int
    p50_minutes: float | None
    p90_minutes: float | None
    p99_minutes: float | None
    longest_minutes: float | None


class KpiAnswer(BaseModel):
    """All figures of a time. Targets are second-hand: unverified."""

    since: Time
    until: Time
    total: Position
    positions: list[Position]
    figures: dict[str, Figure]
    split: dict[str, int]
    chattering: list[list[str]]
    actors: list[ActorItem]
    acknowledging: Acknowledging
    shelved: int
    shelved_minutes: float
    standing: int
    undelivered: dict[str, dict[str, int]]


@router.get("/alerts/kpis", response_model=KpiAnswer, responses=CSV_TOO)
async def kpis(
    services: Wanted,
    person: Asker,
    *,
    since: From = None,
    until: To = None,
    form: AskedFormat = Format.JSON,
) -> KpiAnswer | Response:
    """Rates per hour and 10 minutes, floods, chattering, standing alarms, bad actors, time to acknowledge."""
    to_ms = services.clock.now_ms() if until is None else ms_of(until)
    from_ms = to_ms - DEFAULT_DAYS * DAY_MS if since is None else ms_of(since)
    if not 0 <= from_ms < to_ms or to_ms - from_ms > MOST_DAYS * DAY_MS:
        raise InvalidInput(f"`to` lies behind `from`, at most {MOST_DAYS} days")
    answer = _answer(await to_thread(services.answers.kpis, from_ms, to_ms))
    if form is Format.CSV:
        return csv_of("kpis", COLUMNS, _lines(answer), None)
    return answer


def _answer(found: Figures) -> KpiAnswer:
    k = found.kpis
    values: dict[str, float] = {
        "standing_most": k.standing_most,
        "chattering": len(k.chattering),
        "fleeting": k.fleeting,
        "actors_share": k.actors_share,
    }
    waited = k.waited
    return KpiAnswer(
        since=iso(k.from_ms),
        until=iso(k.to_ms),
        total=_position(k.total),
        positions=[_position(one) for one in k.positions],
        figures={name: _figure(name, value, of_all(k)[name]) for name, value in values.items()},
        split={priority.value: count for priority, count in k.split.items()},
        chattering=[one.split("\n") for one in k.chattering],
        actors=[
            ActorItem(source=one.source.split("\n"), alarms=one.alarms, share=one.share) for one in k.actors
        ],
        acknowledging=Acknowledging(
            acknowledged=waited.acknowledged,
            never=waited.never,
            p50_minutes=_minutes(waited.p50_ms),
            p90_minutes=_minutes(waited.p90_ms),
            p99_minutes=_minutes(waited.p99_ms),
            longest_minutes=_minutes(waited.longest_ms),
        ),
        shelved=k.shelved,
        shelved_minutes=round(k.shelved_ms / 60_000, 2),
        standing=k.standing,
        undelivered={name: dict(states) for name, states in found.undelivered.items()},
    )


def _position(load: Load) -> Position:
    return Position(
        position=load.position,
        alarms=load.alarms,
        figures={name: _figure(name, getattr(load, name), how) for name, how in of_load(load).items()},
        floods=[Flood(since=iso(began), until=iso(ended)) for began, ended in load.floods],
    )


def _figure(name: str, value: float, standing: Standing) -> Figure:
    target = TARGETS[name]
    return Figure(
        value=round(value, 4), standing=standing, acceptable=target.acceptable, manageable=target.manageable
    )


def _minutes(duration_ms: int | None) -> float | None:
    return None if duration_ms is None else round(duration_ms / 60_000, 2)


def _lines(answer: KpiAnswer) -> Iterator[dict[str, object]]:
    for position in (answer.total, *answer.positions):
        yield {"position": position.position or "", "figure": "alarms", "value": position.alarms}
        yield from _rows(position.position or "", position.figures)
    yield from _rows("", answer.figures)
    waited = answer.acknowledging.model_dump()
    plain = {**{f"split_{name}": n for name, n in answer.split.items()}, **waited, "shelved": answer.shelved}
    yield from ({"position": "", "figure": name, "value": value} for name, value in plain.items())
    for receiver, states in answer.undelivered.items():
        for state, count in states.items():
            yield {"position": receiver, "figure": f"undelivered_{state}", "value": count}


def _rows(position: str, figures: dict[str, Figure]) -> Iterator[dict[str, object]]:
    for name, one in figures.items():
        yield {"position": position, "figure": name, **one.model_dump()}
