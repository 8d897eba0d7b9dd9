"""Verdicts, exposure and coverage of any list of zones or points and times, under one profile version."""

from asyncio import to_thread
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel

from coldchain.exposure import Account, Extreme
from coldchain.quantities import quantity as known_quantity
from coldchain.verdicts import Reason, Verdict, said, worst
from coldchain.words import Language
from coldchain_backend.judging import Answer, PointAnswer
from coldchain_backend.web.api.asking import (
    CSV_TOO,
    AskedFormat,
    AsOf,
    Format,
    Legs,
    ProfileName,
    csv_of,
    legs_of,
    number_of,
)
from coldchain_backend.web.api.shapes import From, FromTime, Name, Names, Time, To, window
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Wanted
from coldchain_backend.web.times import iso

router = APIRouter(prefix="/api/v1", tags=["verdicts"], responses=FAILURES)
MINUTE_MS = 60_000


class ReasonItem(BaseModel):
    """Why: the first one decided. Figures whose names end in `_ms` are ms, shares are 0 to 1."""

    kind: str
    outcome: str
    rule: str | None
    figures: dict[str, float]
    text: Names


class RuleItem(BaseModel):
    """What lay beyond one rule's limit."""

    rule: str
    out_minutes: float
    degree_minutes: float
    readings: int


class ExtremeItem(BaseModel):
    """The farthest value and when it was first read."""

    value: float
    at: Time


class ExposureItem(BaseModel):
    """What is known of a time; figures in °C (or the quantity's unit) are by time, as `weighting` says."""

    readings: int
    covered_minutes: float
    unknown_minutes: float
    in_limits_minutes: float
    lowest: ExtremeItem | None
    highest: ExtremeItem | None
    mean: float | None
    deviation: float | None
    mkt: float | None
    rules: list[RuleItem]


class WindowItem(BaseModel):
    """The worst window of a rule on a mean kinetic temperature, and how much of it is known."""

    rule: str
    from_: FromTime
    to: Time
    mkt: float
    known_minutes: float


class BoundsItem(BaseModel):
    """The exposure if unknown time had been within limits, or had drifted to the profile's ambient."""

    optimistic: ExposureItem | None
    warm: ExposureItem | None
    cold: ExposureItem | None


class VerdictItem(BaseModel):
    """The verdict on one point and leg; `outcome` is null where none of the time was in use.

    `coverage`: share of the required time with readings; `sufficient`: with readings of a grade that
    suffices; `shares`: share of the required time by grade.
    """

    leg: int
    zone: str | None
    point: str
    sensors: list[str]
    from_: FromTime
    to: Time
    profile: str | None
    outcome: str | None
    reasons: list[ReasonItem]
    required_minutes: float
    coverage: float | None
    sufficient: float | None
    shares: dict[str, float]
    weighting: str | None
    counting: str | None
    indeterminate_minutes: float
    exposure: ExposureItem | None
    windows: list[WindowItem]
    bounds: BoundsItem | None


class VerdictAnswer(BaseModel):
    """The legs of a page and their points. `as_of`: known up to this ledger record.

    `outcome` and `coverage` are the worst of these: those of all legs are the worst of all pages.
    """

    outcome: str
    coverage: float
    as_of: int | None
    items: list[VerdictItem]
    next: str | None = None


@router.get("/verdicts", response_model=VerdictAnswer, responses=CSV_TOO)
async def verdicts(  # noqa: PLR0913 - each is a documented query parameter
    services: Wanted,
    person: Asker,
    *,
    leg: Legs = None,
    zone: Name | None = None,
    point: Name | None = None,
    from_: From = None,
    to: To = None,
    profile: ProfileName = None,
    quantity: Annotated[str, Query(max_length=40)] = "temperature",
    as_of: AsOf = None,
    format_: AskedFormat = Format.JSON,
    after: Annotated[int, Query(ge=0, description="`next` of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=100, description="legs on a page")] = 50,
) -> VerdictAnswer | Response:
    """Conform, non-conform or not demonstrable, with reasons, exposure, coverage, grades and bounds.

    Each leg is judged under `profile`, or under the zone's own profile version at its end. `as_of` gives what
    was known then: readings, assignments, profiles and states of zones.
    """
    span = window(from_, to, services.clock.now_ms())
    number = await to_thread(number_of, services.answers, as_of)
    legs = await to_thread(legs_of, services, leg or [], zone, point, span)
    page = legs[after : after + limit]
    found = await to_thread(services.answers.verdicts, page, profile, known_quantity(quantity).field, number)
    items = [_item(index + after, answer, one) for index, answer in enumerate(found) for one in answer.points]
    more = str(after + limit) if after + limit < len(legs) else None
    if format_ is Format.CSV:
        return csv_of("verdicts", _COLUMNS, map(_line, items), more)
    return VerdictAnswer(
        outcome=worst([answer.outcome for answer in found]).value,
        coverage=min((answer.coverage for answer in found), default=0.0),
        as_of=number,
        items=items,
        next=more,
    )


def _item(index: int, answer: Answer, one: PointAnswer) -> VerdictItem:
    verdict = one.verdict
    return VerdictItem(
        leg=index,
        zone=one.zone,
        point=one.point,
        sensors=list(one.sensors),
        from_=iso(answer.asked.from_ms),
        to=iso(answer.asked.to_ms),
        profile=None if verdict is None else f"{verdict.profile.name}@{verdict.profile.version}",
        outcome=None if verdict is None else verdict.outcome.value,
        reasons=[] if verdict is None else [_reason(reason) for reason in verdict.reasons],
        required_minutes=0.0 if verdict is None else _minutes(verdict.account.required_ms),
        coverage=None if verdict is None else verdict.coverage,
        sufficient=None if verdict is None else verdict.sufficient,
        shares={} if verdict is None else {grade.value: share for grade, share in verdict.shares.items()},
        weighting=None if verdict is None else verdict.profile.weighting.value,
        counting=None if verdict is None else verdict.profile.counting.value,
        indeterminate_minutes=0.0 if verdict is None else _minutes(verdict.indeterminate_ms),
        exposure=None if verdict is None else _exposure(verdict.account),
        windows=[] if verdict is None else list(_windows(verdict)),
        bounds=None if verdict is None else _bounds(verdict),
    )


def _reason(reason: Reason) -> ReasonItem:
    return ReasonItem(
        kind=reason.kind.value,
        outcome=reason.kind.outcome.value,
        rule=reason.rule,
        figures={kind.value: value for kind, value in reason.figures.items()},
        text=Names(en=said(reason, Language.EN), zh=said(reason, Language.ZH)),
    )


def _windows(verdict: Verdict) -> Iterator[WindowItem]:
    for rule, one in verdict.windows.items():
        yield WindowItem(
            rule=rule,
            from_=iso(one.from_ms),
            to=iso(one.to_ms),
            mkt=one.mkt,
            known_minutes=_minutes(one.known_ms),
        )


def _bounds(verdict: Verdict) -> BoundsItem:
    best, warm, cold = (
        None if one is None else _exposure(one) for one in (verdict.optimistic, verdict.warm, verdict.cold)
    )
    return BoundsItem(optimistic=best, warm=warm, cold=cold)


def _exposure(account: Account) -> ExposureItem:
    return ExposureItem(
        readings=account.readings,
        covered_minutes=_minutes(account.covered_ms),
        unknown_minutes=_minutes(account.unknown_ms),
        in_limits_minutes=_minutes(account.in_ms),
        lowest=_extreme(account.lowest),
        highest=_extreme(account.highest),
        mean=account.mean,
        deviation=None if account.deviation is None else round(account.deviation, 3),
        mkt=account.mkt,
        rules=[
            RuleItem(
                rule=one.rule,
                out_minutes=_minutes(one.out_ms),
                degree_minutes=round(one.degree_minutes, 3),
                readings=one.readings,
            )
            for one in account.rules
        ],
    )


def _extreme(found: Extreme | None) -> ExtremeItem | None:
    return None if found is None else ExtremeItem(value=found.value, at=iso(found.at_ms))


def _minutes(duration_ms: int) -> float:
    return round(duration_ms / MINUTE_MS, 3)


_COLUMNS = (
    "leg",
    "zone",
    "point",
    "from",
    "to",
    "profile",
    "outcome",
    "reason",
    "rule",
    "reason_en",
    "reason_zh",
    "required_minutes",
    "coverage",
    "sufficient",
    "covered_minutes",
    "unknown_minutes",
    "in_limits_minutes",
    "lowest",
    "highest",
    "mean",
    "mkt",
)


def _line(item: VerdictItem) -> dict[str, object]:
    first, exposure = (item.reasons[0] if item.reasons else None), item.exposure
    line = {**item.model_dump(), "from": item.from_, "to": item.to}
    if first is not None:
        line |= {"reason": first.kind, "rule": first.rule}
        line |= {"reason_en": first.text.en, "reason_zh": first.text.zh}
    if exposure is not None:
        line |= exposure.model_dump(exclude={"lowest", "highest", "rules"})
        line |= {
            "lowest": None if exposure.lowest is None else exposure.lowest.value,
            "highest": None if exposure.highest is None else exposure.highest.value,
        }
    return line
