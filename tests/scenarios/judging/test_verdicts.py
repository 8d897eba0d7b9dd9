"""Verdicts through the service: as core decides, over changes of use, and as they were known before."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from coldchain.errors import InvalidInput
from coldchain.excursions import Judged
from coldchain.exposure import Account
from coldchain.spans import Cell, cells
from coldchain.verdicts import Figure, Outcome, ReasonKind, Verdict, of_series
from coldchain_backend.fleet import Certificate, Correction
from coldchain_backend.judging import Asked
from coldchain_backend.judging.contracts import AccountDay, CourseKey, Progress
from coldchain_backend.ledger import act_record
from support.judged_log import HOUR, MINUTE, SECOND, T0, Log, plan, profile
from support.soak import rounds

LIMITS = profile(alarm_after_ms=30 * MINUTE)
ZONE = Asked(zone="z", from_ms=T0, to_ms=T0 + 6 * HOUR)


def warm(first: int, last: int, value: float = 9.0) -> list[tuple[str, int, float]]:
    return [("s", T0 + n * MINUTE, value) for n in range(first, last)]


def filled(log: Log, *, out: range = range(60, 80)) -> None:
    """Six hours at one reading a minute, some of them out of limits."""
    log.fleet(plan({"s": MINUTE}, limits=LIMITS))
    log.at(T0 + 6 * HOUR)
    log.say(*[("s", T0 + n * MINUTE, 9.0 if n in out else 4.0) for n in range(361)])


def one(log: Log, asked: Asked = ZONE, **how: object) -> Verdict:
    [answer] = log.answers.verdicts([asked], **how)  # type: ignore[arg-type]  # tests name options
    [point] = answer.points
    assert point.verdict is not None
    return point.verdict


def test_the_service_decides_as_core_does(log: Log) -> None:
    filled(log, out=range(60, 100))
    samples = [(T0 + n * MINUTE, 9.0 if 60 <= n < 100 else 4.0) for n in range(361)]
    wanted = of_series(samples, Judged(profile=LIMITS, interval_ms=MINUTE), (T0, T0 + 6 * HOUR))
    found = one(log)
    assert replace(found, shares={}, account=replace(found.account, grades=())) == replace(
        wanted, sufficient=found.sufficient
    )
    assert found.outcome is Outcome.NON_CONFORM
    assert found.shares == {"sealed": 1.0}


def test_a_question_in_the_middle_knows_what_was_open_before_it(log: Log) -> None:
    filled(log, out=range(60, 180))
    found = one(log, Asked(point="p.s", from_ms=T0 + 100 * MINUTE, to_ms=T0 + 110 * MINUTE))
    assert found.outcome is Outcome.NON_CONFORM
    [reason] = [one for one in found.reasons if one.kind is ReasonKind.LIMIT_BROKEN]
    assert reason.figures[Figure.FROM_MS] == T0 + 60 * MINUTE


def test_another_profile_may_be_asked_and_an_unknown_one_is_named(log: Log) -> None:
    filled(log)
    assert one(log).outcome is Outcome.CONFORM
    assert one(log, profile="medicine-cold-cn").outcome is Outcome.CONFORM
    assert one(log, profile="frozen-food").outcome is Outcome.NON_CONFORM
    for name in ("nonsense", "chilled@7"):
        with pytest.raises(InvalidInput, match=name):
            one(log, profile=name)
    for asked in (replace(ZONE, zone="y"), replace(ZONE, zone=None, point="p.y")):
        with pytest.raises(InvalidInput, match="no "):
            one(log, asked)
    with pytest.raises(InvalidInput, match="compliance"):
        one(log, replace(ZONE, to_ms=T0 + 5000 * 24 * HOUR))


def test_late_readings_change_a_verdict_and_the_earlier_one_stays_readable(log: Log) -> None:
    filled(log, out=range(0))
    log.say(*warm(0, 0))
    before, number = one(log), log.ledger.end
    stamp = log.clock.wall_ms
    log.at(T0 + 7 * HOUR)
    late = [("s", T0 + n * MINUTE + 30 * SECOND, 9.5) for n in range(100, 150)]
    log.say(*late)
    log.say(*late, *[("s", T0 + n * MINUTE, 4.0) for n in range(90, 120)])
    log.at(log.clock.wall_ms + 2 * SECOND)
    log.mark()
    assert one(log).account != before.account
    assert one(log, as_of=number) == before
    assert log.answers.number_at(stamp) == number
    assert one(log, as_of=log.ledger.end) == one(log)


@pytest.mark.parametrize("seed", range(4))
def test_as_of_equals_what_was_answered_then_whatever_came_later(tmp_path: Path, seed: int) -> None:
    """Batches in any order, some twice, some contradicting: each answer is given again, to the letter."""
    chance = random.Random(seed)
    said = [("s", T0 + n * MINUTE, chance.choice([4.0, 9.0])) for n in range(300)]
    batches = [said[start : start + 25] for start in range(0, 300, 25)]
    batches += [chance.choice(batches) for _ in range(3)]
    batches += [[(s, at, v + 1) for s, at, v in chance.choice(batches)[:5]] for _ in range(2)]
    chance.shuffle(batches)
    log = Log(tmp_path)
    log.fleet(plan({"s": MINUTE}, limits=LIMITS))
    log.at(T0 + 6 * HOUR)
    answers = []
    for number, batch in enumerate(batches):
        log.say(*batch)
        log.clock.advance(2 * SECOND)
        log.mark()
        if number == 8:
            act = {"zone": "z", "state": "maintenance", "from": T0 + HOUR, "to": T0 + 2 * HOUR}
            log.put(act_record("zone_state", "Li", act))  # type: ignore[arg-type]  # plain values
        answers.append((log.ledger.end, one(log), log.answers.excursions(None, T0, T0 + 6 * HOUR)))
    for at, verdict, excursions in answers:
        assert one(log, as_of=at) == verdict
        found = log.answers.excursions(None, T0, T0 + 6 * HOUR, as_of=at)
        assert [(e.id, e.revision, e.excursion.opened_ms) for e in found] == [
            (e.id, e.revision, e.excursion.opened_ms) for e in excursions
        ]
    log.close()


def test_time_out_of_use_is_not_required(log: Log) -> None:
    filled(log, out=range(60, 100))
    act = {"zone": "z", "state": "maintenance", "from": T0 + HOUR, "to": T0 + 2 * HOUR, "reason": "defrosted"}
    number = log.ledger.end
    log.put(act_record("zone_state", "Li", act))  # type: ignore[arg-type]  # plain values
    found = one(log)
    assert (found.outcome, found.account.required_ms) == (Outcome.CONFORM, 5 * HOUR)
    assert one(log, as_of=number).outcome is Outcome.NON_CONFORM
    nothing = Asked(zone="z", from_ms=T0 + HOUR, to_ms=T0 + 2 * HOUR)
    [answer] = log.answers.verdicts([nothing])
    assert (answer.points[0].verdict, answer.outcome) == (None, Outcome.NOT_DEMONSTRABLE)


def test_the_worst_point_speaks_for_its_zone(log: Log) -> None:
    log.fleet(plan({"s": MINUTE, "t": MINUTE}, limits=LIMITS))
    log.at(T0 + 6 * HOUR)
    log.say(*warm(0, 361, 4.0), *[("t", T0 + n * MINUTE, 4.0) for n in range(180)])
    [answer] = log.answers.verdicts([ZONE])
    outcomes = {point.point: point.verdict.outcome.value for point in answer.points if point.verdict}
    assert outcomes == {"p.s": "conform", "p.t": "not_demonstrable"}
    assert answer.outcome is Outcome.NOT_DEMONSTRABLE
    assert answer.coverage == pytest.approx(0.5, abs=0.001)


def test_corrected_profiles_judge_corrected_values_in_alerts_and_verdicts(log: Log) -> None:
    certificate = Certificate(
        number="C-1", date="2026-01-01", due="2027-01-01", uncertainty=0.1,
        corrections=(Correction(at=0.0, add=-1.5),),
    )  # fmt: skip
    by_certificate = replace(LIMITS, corrected=True, version=2)
    for limits, outcome in ((LIMITS, Outcome.NON_CONFORM), (by_certificate, Outcome.CONFORM)):
        base = plan({"s": MINUTE}, limits=limits)
        log.fleet(replace(base, sensors=(replace(base.sensors[0], certificate=certificate),)))
        begin = log.clock.wall_ms
        log.at(begin + 2 * HOUR)
        log.say(*[("s", begin + n * MINUTE, 9.0) for n in range(1, 120)])
        found = one(log, Asked(zone="z", from_ms=begin, to_ms=begin + 2 * HOUR), profile=None)
        assert found.outcome is outcome
    assert len(log.stored()) == 1


def test_compliance_from_days_and_edges_equals_the_readings(log: Log) -> None:
    log.fleet(plan({"s": 5 * MINUTE}, limits=LIMITS, gateways=()))
    log.at(T0 + 4 * 24 * HOUR)
    log.say(*[("s", T0 + n * MINUTE, 9.0 if n % 700 < 35 else 4.0) for n in range(0, 4 * 24 * 60, 5)])
    span = (T0 + 90 * MINUTE, T0 + 3 * 24 * HOUR + 50 * MINUTE)
    [unfolded] = log.answers.compliance(["p.s"], *span)
    while log.judging.fold():
        pass
    [folded] = log.answers.compliance(["p.s"], *span)
    assert folded == unfolded
    assert folded.required_ms == span[1] - span[0]
    cuts = [0, 7, 90, 15 * 60, 16 * 60, 16 * 60 + 8, 40 * 60, 64 * 60 + 1]
    instants = {at: T0 + at * MINUTE for at in cuts}
    for first, last in combinations(cuts, 2):
        asked = [(first, last), *pairwise([first, *(at for at in cuts if first < at < last), last])]
        total, *parts = [
            log.answers.compliance(["p.s"], instants[one], instants[end])[0] for one, end in asked
        ]
        assert total[2:] == tuple(map(sum, zip(*(part[2:] for part in parts), strict=True)))
        assert log.answers.compliance(["p.s", "p.s"], instants[first], instants[last]) == [total, total]
    whole = (T0 - 4 * HOUR, T0 + 68 * HOUR)
    assert log.answers.compliance(["p.s"], *whole)[0].required_ms == 68 * HOUR


@pytest.mark.soak
def test_a_year_of_compliance_comes_from_sums_of_days(log: Log) -> None:
    """For 1 000 points in less than a second in the long form; the short form asks for 30."""
    count = rounds(30, 1000)
    sensors = {f"s{number}": 10 * SECOND for number in range(count)}
    log.fleet(plan(sensors, limits=LIMITS, gateways=()))
    days = cells(Cell.DAY, T0, T0 + 365 * 24 * HOUR, ZoneInfo("Asia/Shanghai"))
    log.books.begin()
    for sensor in sensors:
        key = CourseKey(sensor, T0, "temperature")
        for begin, end in days:
            known = Account(activation_kj_mol=83.144, covered_ms=end - max(begin, T0), in_ms=HOUR)
            log.books.put_day(
                AccountDay(
                    key=key, day_ms=begin, end_ms=end, point=f"p.{sensor}", profile="chilled@1", account=known
                )
            )
    log.books.commit(Progress(offset=log.ledger.end, stamp_ms=days[-1][1]))
    points = [f"p.{sensor}" for sensor in sensors]
    before = time.process_time()
    found = log.answers.compliance(points, days[0][0], days[-1][1])
    taken = time.process_time() - before
    assert (len(found), {one.in_ms for one in found}) == (count, {len(days) * HOUR})
    assert taken < 1.0, f"{taken:.2f} s of CPU"
