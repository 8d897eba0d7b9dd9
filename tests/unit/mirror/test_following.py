"""The mirror follows the ledger and judging into a bucket in memory; `compare` finds both equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from coldchain.spans import Span
from coldchain_backend.influx import InfluxTrouble, Trouble
from coldchain_backend.judging.contracts import CourseKey
from coldchain_backend.judging.views import FoldedCells
from coldchain_backend.ledger import MarkName, act_record, mark_record
from coldchain_backend.mirror.accounted import DAY_MS
from coldchain_backend.mirror.consumer import KEEP_MS, RECORDS
from coldchain_backend.mirror.memory import load
from coldchain_backend.mirror.pen import WINDOW_MS
from support.judged_log import MINUTE, T0, plan
from support.memory_bucket import MemoryBucket
from support.mirrored_log import MirroredLog


def equal(log: MirroredLog) -> None:
    found = log.compared()
    assert found.equal, "\n".join(one.told() for one in found.findings[:20])


def test_readings_limits_and_an_excursion_stand_there(log: MirroredLog, bucket: MemoryBucket) -> None:
    log.fleet(plan({"a": MINUTE, "b": MINUTE}))
    for minute in range(1, 90):
        log.at(T0 + minute * MINUTE)
        log.say(
            ("a", T0 + minute * MINUTE, 4.0 if minute < 30 or minute > 60 else 12.5),
            ("b", T0 + minute * MINUTE, 3.0),
        )
    log.reflect()
    names = {name for name, _, _ in bucket.content()}
    assert names >= {"reading", "limit", "excursion", "alert", "mirror"}
    assert len([1 for name, _, _ in bucket.content() if name == "reading"]) == 178
    equal(log)


def late_turns(log: MirroredLog) -> int:
    """Readings behind more records than a turn takes; a turn is taken. Gives what is kept of it."""
    log.fleet(plan({"a": MINUTE}))
    for batch in range(1, 4):
        log.at(T0 + batch * MINUTE)
        log.say(("a", T0 + batch * MINUTE, 4.0))
        log.put(*[mark_record(MarkName.ALIVE)] * RECORDS)
    assert log.mirror.turn(), "the first turn is kept at once"
    kept = load(log.file)
    assert kept is not None
    return kept.ledger


def test_while_it_catches_up_its_position_is_kept_now_and_then(
    log: MirroredLog, bucket: MemoryBucket
) -> None:
    first = late_turns(log)
    assert log.mirror.turn()
    assert first < log.position().ledger, "it has gone on"
    kept = load(log.file)
    assert (kept is not None and kept.ledger, log.mirror.state.ledger) == (first, first)
    log.clock.advance(KEEP_MS)
    assert log.mirror.turn()
    kept = load(log.file)
    assert kept is not None
    assert first < kept.ledger == log.position().ledger == log.mirror.state.ledger


@pytest.mark.parametrize("how", ["fault", "kill", "end"])
def test_what_was_not_kept_is_written_again(log: MirroredLog, bucket: MemoryBucket, how: str) -> None:
    first = late_turns(log)
    if how == "fault":
        bucket.trouble = Trouble.DOWN
        with pytest.raises(InfluxTrouble):
            log.reflect(tries=1)
        bucket.trouble = None
        log.mirror.begin_again()
        assert log.position().ledger == first
    else:
        assert log.mirror.turn()
        if how == "end":
            log.mirror.close()
            kept = load(log.file)
            assert kept is not None
            assert kept.ledger > first, "an end that is orderly keeps all that was answered"
        log.restart_mirror()
    log.reflect()
    assert len([1 for name, _, _ in bucket.content() if name == "reading"]) == 3
    equal(log)


def test_an_end_without_an_answer_keeps_what_was_answered(log: MirroredLog, bucket: MemoryBucket) -> None:
    first = late_turns(log)
    assert log.mirror.turn()
    bucket.trouble = Trouble.DOWN
    log.mirror.close()
    kept = load(log.file)
    assert kept is not None
    assert kept.ledger >= first
    bucket.trouble = None
    log.restart_mirror()
    log.reflect()
    equal(log)


def hot(log: MirroredLog, minute: int) -> None:
    """The sensor says that it is too warm."""
    log.at(T0 + minute * MINUTE)
    log.say(("a", T0 + minute * MINUTE, 12.5))


def alert_states(bucket: MemoryBucket) -> list[object]:
    """The states of the alerts that stand there."""
    return [
        point["state"]
        for (name, _), points in bucket.series.items()
        if name == "alert"
        for point in points.values()
    ]


@pytest.mark.parametrize("taken", [False, True])
def test_while_an_alert_is_shelved_it_stands_there_as_that(
    log: MirroredLog, bucket: MemoryBucket, *, taken: bool
) -> None:
    log.fleet(plan({"a": MINUTE}))
    for minute in range(1, 60):
        hot(log, minute)
    [alert] = log.alerts()
    if taken:
        log.acknowledge(alert.id)
    below = "acknowledged" if taken else "firing"
    log.reflect()
    assert alert_states(bucket) == [below]
    log.put(act_record("shelve", "Li", {"alert": alert.id, "reason": "loading", "one_shot": True}))
    hot(log, 62)
    log.reflect()
    assert alert_states(bucket) == ["shelved"]
    equal(log)
    log.put(act_record("unshelve", "Li", {"alert": alert.id, "reason": "done"}))
    hot(log, 64)
    log.reflect()
    assert alert_states(bucket) == [below]
    equal(log)


def test_a_bucket_is_filled_month_by_month(
    log: MirroredLog, bucket: MemoryBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.fleet(plan({"a": MINUTE}))
    for day in range(1, 100, 3):
        log.at(T0 + day * DAY_MS)
        log.say(*(("a", T0 + day * DAY_MS + minute * MINUTE, 4.0) for minute in range(-30, 1)))
    log.reflect()
    before = bucket.content()
    log.mirror.refill("to see")
    asked: list[int] = []
    plainly = log.records.folded_cells

    def noted(keys: Sequence[CourseKey], hours: Span, days: Span) -> Mapping[CourseKey, FoldedCells]:
        asked.append(days[1] - days[0])
        return plainly(keys, hours, days)

    monkeypatch.setattr(log.records, "folded_cells", noted)
    log.reflect()
    assert len(asked) >= 3
    assert max(asked) <= WINDOW_MS
    cells = {"compliance", "zone_compliance"}
    assert {one for one in bucket.content() if one[0] in cells} == {one for one in before if one[0] in cells}
    equal(log)
