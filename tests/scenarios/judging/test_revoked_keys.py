"""A key that was stolen: what it said from an instant on counts no more, and everybody can see why."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from coldchain.errors import IntegrityError
from coldchain.seal import Key
from coldchain.verdicts import Outcome, Verdict
from coldchain_backend.judging import Asked, Condition, Judging
from coldchain_backend.judging.revocations import revocation_of
from coldchain_backend.judging.voided import voided
from coldchain_backend.ledger import Json, NewRecord, act_record
from support.judged_log import HOUR, MINUTE, SECOND, T0, Log, Point3, Voice, plan, profile
from support.soak import rounds

LIMITS = profile(alarm_after_ms=20 * MINUTE)
STEP = 10 * MINUTE
THIEF = Key.from_seed(b"t" * 32)
STOLEN = T0 + 2 * HOUR
FOUND_OUT = T0 + 6 * HOUR


def revoke(key: Key, from_ms: int | None = None, by: str = "陈静") -> NewRecord:
    fields: dict[str, Json] = {"gateway": "gw", "key": key.fingerprint, "reason": "stolen with the vehicle"}
    return act_record("revoke", by, fields if from_ms is None else {**fields, "from_ms": from_ms})


def verdict(log: Log, from_ms: int, to_ms: int, as_of: int | None = None, point: str = "p.s") -> Verdict:
    [answer] = log.answers.verdicts([Asked(point=point, from_ms=from_ms, to_ms=to_ms)], as_of=as_of)
    found = answer.points[0].verdict
    assert found is not None
    return found


def live(log: Log, until_ms: int, *, warm_from_ms: int, warm_to_ms: int) -> None:
    """Readings every ten minutes from T0 on."""
    for at_ms in range(T0 + STEP, until_ms, STEP):
        log.at(at_ms + SECOND)
        log.say(("s", at_ms, 12.0 if warm_from_ms <= at_ms < warm_to_ms else 4.0))


@pytest.fixture
def stolen(log: Log) -> Log:
    """Warm in the fourth hour, by a gateway that was stolen in the third, as is found out in the seventh."""
    log.only = "excursion"
    log.fleet(plan({"s": STEP}, limits=LIMITS))
    live(log, FOUND_OUT, warm_from_ms=T0 + 3 * HOUR, warm_to_ms=T0 + 4 * HOUR)
    return log


def test_what_it_said_since_is_unknown_time_and_what_it_said_before_stands(stolen: Log) -> None:
    before = verdict(stolen, T0, FOUND_OUT)
    assert (before.outcome, before.account.highest and before.account.highest.value) == (
        Outcome.NON_CONFORM, 12.0,
    )  # fmt: skip
    stolen.put(revoke(stolen.voice.key, STOLEN))
    after = verdict(stolen, T0, FOUND_OUT)
    assert after.outcome is Outcome.NOT_DEMONSTRABLE
    assert after.account.highest is not None
    assert after.account.highest.value == 4.0
    assert after.account.unknown_ms == pytest.approx(FOUND_OUT - STOLEN, abs=2 * STEP)
    assert verdict(stolen, T0 + STEP, STOLEN - STEP).outcome is Outcome.CONFORM


def test_its_excursion_is_withdrawn_by_a_revision_that_names_the_act(stolen: Log) -> None:
    [was] = stolen.stored()
    stolen.put(revoke(stolen.voice.key, STOLEN))
    assert stolen.stored() == []
    newest = stolen.answers.history(was.id)[-1]
    assert newest.revision == was.revision + 1
    assert newest.because == stolen.ledger.end
    assert [alert.state.value for alert in stolen.alerts()] == ["resolved_unacked"]


def test_what_is_out_of_limits_by_its_word_alone_is_closed_by_who_revoked_it(log: Log) -> None:
    log.only = "excursion"
    log.fleet(plan({"s": STEP}, limits=LIMITS))
    live(log, FOUND_OUT, warm_from_ms=T0 + 3 * HOUR, warm_to_ms=FOUND_OUT)
    log.put(revoke(log.voice.key, STOLEN))
    [alert] = log.alerts()
    assert not alert.state.open
    assert log.told() == ["dispatch alert.fired", "dispatch alert.closed"]


def test_the_earlier_answer_stays_readable(stolen: Log) -> None:
    number, before = stolen.ledger.end, verdict(stolen, T0, FOUND_OUT)
    stolen.put(revoke(stolen.voice.key, STOLEN))
    after = verdict(stolen, T0, FOUND_OUT)
    assert verdict(stolen, T0, FOUND_OUT, as_of=number) == before
    assert verdict(stolen, T0, FOUND_OUT, as_of=stolen.ledger.end) == after
    half = stolen.answers.number_at(T0 + 4 * HOUR + 30 * MINUTE)
    assert verdict(stolen, T0, T0 + 4 * HOUR, as_of=half).outcome is Outcome.NON_CONFORM


def test_another_gateway_that_heard_the_same_takes_its_place(log: Log) -> None:
    log.fleet(plan({"s": STEP}, limits=LIMITS, gateways=("gw", "gw2")))
    other = Voice(name="gw2", run="run-9", key=THIEF)
    for at_ms in range(T0 + STEP, FOUND_OUT, STEP):
        log.at(at_ms + SECOND)
        log.say(("s", at_ms, 3.0))
        log.put(other.record(other.batch([("s", at_ms, 5.0)])))
    log.put(revoke(THIEF, STOLEN))
    assert verdict(log, STOLEN, FOUND_OUT).account.highest == verdict(log, STOLEN, FOUND_OUT).account.lowest
    found = verdict(log, STOLEN, FOUND_OUT).account
    assert found.lowest is not None
    assert (found.lowest.value, found.unknown_ms) == (3.0, 0)


def test_an_earlier_instant_may_be_said_later_and_a_later_one_changes_nothing(stolen: Log) -> None:
    for from_ms in (T0 + 5 * HOUR, STOLEN, T0 + 4 * HOUR, None):
        stolen.put(revoke(stolen.voice.key, from_ms))
    assert verdict(stolen, T0, FOUND_OUT).account.unknown_ms == pytest.approx(
        FOUND_OUT - STOLEN, abs=2 * STEP
    )
    assert [act.from_ms for act in stolen.answers.revocations()][:2] == [T0 + 5 * HOUR, STOLEN]


def test_the_sensor_is_unknown_since_the_last_reading_that_counts(stolen: Log) -> None:
    stolen.only = None
    stolen.put(revoke(stolen.voice.key, STOLEN))
    [state] = [one for one in stolen.answers.sensors() if one.sensor == "s"]
    assert state.last_ms == STOLEN - STEP
    [point] = stolen.answers.board(FOUND_OUT).points
    assert (point.condition, point.values) == (Condition.UNKNOWN, {"temperature": 4.0})


def test_a_crash_between_taking_out_and_judging_loses_nothing(stolen: Log) -> None:
    """The readings go first, in a transaction of their own; the act is then judged again from the log."""
    stolen.ledger.put([revoke(stolen.voice.key, STOLEN)])
    act = revocation_of(stolen.ledger.read(stolen.judging.offset, 1)[0])
    assert act is not None
    out = voided(act, {act.key: act.from_ms}, stolen.ledger, {"s"})
    stolen.books.replace_readings(out.times, out.others)
    stolen.restart()
    stolen.judge()
    found = verdict(stolen, T0, FOUND_OUT)
    assert found.account.unknown_ms == pytest.approx(FOUND_OUT - STOLEN, abs=2 * STEP)
    assert stolen.stored() == []


def test_without_the_ledger_at_hand_nothing_is_pretended(stolen: Log) -> None:
    stolen.ledger.put([revoke(stolen.voice.key, STOLEN)])
    blind = Judging(stolen.books, stolen.settings)
    with pytest.raises(IntegrityError, match="reaches back"):
        blind.consume(stolen.ledger.read(blind.offset, 10))
    stolen.restart()
    stolen.judge()
    assert stolen.stored() == []


Spoken = tuple[int, bool, list[Point3]]
"""When a batch comes, whether by the thief, and what it says."""


def _spoken(dice: random.Random) -> Iterator[Spoken]:
    """Batches, late and repeated instants among them."""
    for number in range(60):
        at_ms = T0 + (number + 1) * STEP
        readings = [("s", at_ms - dice.choice([0, 0, 0, 1, 7]) * STEP, dice.choice([4.0, 4.5, 9.0, 12.0]))]
        yield at_ms + SECOND, dice.random() < 0.5, readings


def _judged(folder: Path, spoken: Sequence[Spoken], from_ms: int, *, real: bool) -> Log:
    log = Log(folder)
    log.fleet(plan({"s": STEP}, limits=LIMITS, gateways=("gw", "gw2")))
    thief = Voice(name="gw2", run="run-9", key=THIEF)
    for at_ms, bad, readings in spoken:
        log.at(at_ms)
        if not bad:
            log.say(*readings)
        elif real or at_ms < from_ms:
            log.put(thief.record(thief.batch(readings)))
    log.at(T0 + 62 * STEP)
    if real:
        log.put(revoke(THIEF, from_ms))
    log.at(log.clock.wall_ms + 2 * SECOND)
    log.mark()
    return log


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(rounds(4, 100)))
def test_it_is_as_if_those_batches_had_never_come(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    spoken = list(_spoken(dice))
    from_ms = T0 + dice.randrange(20, 50) * STEP
    found = []
    for real in (True, False):
        log = _judged(tmp_path, spoken, from_ms, real=real)
        end_ms = T0 + 61 * STEP
        found.append((log.all_excursions("s"), verdict(log, T0 + STEP, end_ms)))
        log.close()
    assert found[0] == found[1]
