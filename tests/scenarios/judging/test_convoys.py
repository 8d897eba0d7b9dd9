"""Batches that came together are judged as one, and nobody can tell: the same as one batch after another."""

import tempfile
from collections.abc import Container
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain_backend.judging.batches import Content
from coldchain_backend.judging.convoys import Convoy, together
from coldchain_backend.judging.present import Present, Settings
from coldchain_backend.ledger import MarkName, NewRecord, mark_record
from coldchain_backend.sql import digest
from support.judged_log import HOUR, MINUTE, SECOND, T0, Log, Voice, plan, profile
from support.soak import rounds

SENSORS = {"a": 10 * SECOND, "b": MINUTE}
READING = st.tuples(
    st.sampled_from("aab?"),
    st.sampled_from([0, 0, 0, 0, -10 * SECOND, -HOUR, 20 * MINUTE]),
    st.sampled_from([4.0, 4.0, 4.0, 4.0, 4.0, 7.9, 8.5, -1.0]),
)
BATCH = st.tuples(
    st.lists(READING, min_size=1, max_size=3),
    st.sampled_from(["", "", "", "", "", "hole", "late", "gateway", "mark"]),
)
REQUEST = st.tuples(
    st.sampled_from([SECOND, 30 * SECOND, 4 * MINUTE, 40 * MINUTE]), st.lists(BATCH, min_size=1, max_size=6)
)
Story = list[tuple[int, list[tuple[list[tuple[str, int, float]], str]]]]


def told(log: Log, story: Story) -> None:
    """Write requests into the log; all batches of one bear the same stamp."""
    voice, now_ms, held_back = Voice(), T0, list[NewRecord]()
    for pause_ms, batches in story:
        now_ms += pause_ms
        log.at(now_ms)
        records: list[NewRecord] = []
        for number, (readings, oddity) in enumerate(batches):
            at_ms = now_ms - (len(batches) - number) * 10 * SECOND
            said = [
                (sensor, at_ms + offset_ms + place, value)
                for place, (sensor, offset_ms, value) in enumerate(readings)
            ]
            lines = [b"gateway outbox_batches=1i %d" % at_ms] if oddity == "gateway" else []
            record = voice.record(voice.batch(said, lines))
            if oddity == "late":
                held_back.append(record)
            elif oddity != "hole":
                records.append(record)
            if oddity == "mark":
                records.append(mark_record(MarkName.ALIVE))
        log.ledger.put(records)
        if held_back and pause_ms == SECOND:
            log.ledger.put(held_back)
            held_back = []
    log.at(now_ms + HOUR)
    log.ledger.put([mark_record(MarkName.ALIVE)])


def judged(story: Story, chunk: int = 1000) -> str:
    """What the log came to, read so many records at a time."""
    with tempfile.TemporaryDirectory() as folder:
        log = Log(Path(folder))
        log.fleet(plan(SENSORS, limits=profile(alarm_after_ms=15 * SECOND)))
        log.mark(MarkName.START)
        told(log, story)
        log.judge(chunk)
        found = digest(log.database)
        log.close()
    return found


@pytest.mark.soak
@settings(max_examples=rounds(25, 2_000), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(REQUEST, min_size=1, max_size=8), st.integers(1, 5))
def test_however_the_log_is_cut_it_comes_to_the_same(story: Story, chunk: int) -> None:
    assert judged(story, chunk) == judged(story)


@pytest.mark.soak
@settings(max_examples=rounds(25, 2_000), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(REQUEST, min_size=1, max_size=8))
def test_together_is_one_after_another(story: Story) -> None:
    as_one = judged(story)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("coldchain_backend.judging.reader.together", lambda *_: None)
        assert judged(story) == as_one


@pytest.mark.parametrize(("value", "quiet"), [(4.0, 1), (9.0, 0)])
def test_a_quiet_convoy_is_taken_at_once_and_one_that_opens_anything_is_not(
    monkeypatch: pytest.MonkeyPatch, value: float, quiet: int
) -> None:
    taken: list[bool] = []

    def noted(convoy: Convoy, present: Present, settings: Settings, loud: Container[str]) -> Content | None:
        content = together(convoy, present, settings, loud)
        taken.append(content is not None)
        return content

    monkeypatch.setattr("coldchain_backend.judging.reader.together", noted)
    readings = [([("a", 0, 4.0)], ""), ([("a", 0, value)], ""), ([("b", 0, 4.0)], "")]
    judged([(30 * SECOND, readings)])
    assert taken == [bool(quiet)]
