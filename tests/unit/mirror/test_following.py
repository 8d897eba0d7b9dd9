"""The mirror follows the ledger and judging into a bucket in memory; `compare` finds both equal."""

from __future__ import annotations

import pytest

from coldchain_backend.influx import InfluxTrouble, Trouble
from coldchain_backend.ledger import MarkName, mark_record
from coldchain_backend.mirror.consumer import KEEP_MS, RECORDS
from coldchain_backend.mirror.memory import load
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
