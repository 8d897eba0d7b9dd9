"""A watched sensor that says nothing is unknown; that is told once, and ended only by a reading."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from coldchain.words import Text
from coldchain_gateway.local_alarm.sentences import notice_of_silence
from coldchain_gateway.local_alarm.silence import Hearings, heard, hearings_of, missed
from support.watching import FRONT, LIMIT_MS, bundle


def listening() -> Hearings:
    return hearings_of(bundle(FRONT), {}, 0)[0]


def test_silence_is_told_once_and_ended_by_a_reading() -> None:
    hearings = listening()
    assert missed(hearings, LIMIT_MS) == []
    (fallen,) = missed(hearings, LIMIT_MS + 1)
    assert fallen.silent
    assert missed(hearings, 10 * LIMIT_MS) == []
    (over,) = heard(hearings, ["front", "front", "nobody"], 5 * LIMIT_MS)
    assert (over.silent, over.for_ms) == (False, 5 * LIMIT_MS)
    assert heard(hearings, ["front"], 5 * LIMIT_MS + 1) == []


@given(st.lists(st.integers(1, 200_000), max_size=30))
def test_there_are_as_many_silences_as_long_gaps(gaps: list[int]) -> None:
    hearings, now_ms, told, ended = listening(), 0, 0, 0
    for gap in gaps:
        now_ms += gap
        told += len(missed(hearings, now_ms))
        ended += len(heard(hearings, ["front"], now_ms))
    assert told == ended == sum(gap > LIMIT_MS for gap in gaps)


def test_a_new_bundle_changes_nothing_for_who_stays() -> None:
    silent = listening()
    missed(silent, LIMIT_MS + 1)
    renamed = replace(FRONT, point_name=Text(en="Door", zh="门"))
    after, ended = hearings_of(bundle(renamed), silent, 2 * LIMIT_MS)
    assert ended == []
    assert missed(after, 9 * LIMIT_MS) == []
    (over,) = heard(after, ["front"], 9 * LIMIT_MS)
    assert "Door" in notice_of_silence(over).text_en


def test_who_is_watched_no_more_or_elsewhere_is_silent_no_more() -> None:
    for new in (bundle(), bundle(replace(FRONT, in_use=False)), bundle(replace(FRONT, point="store.rear"))):
        silent = listening()
        missed(silent, LIMIT_MS + 1)
        after, (ended,) = hearings_of(new, silent, 2 * LIMIT_MS)
        assert notice_of_silence(ended).text_en.endswith("no longer watched by this limit")
        assert missed(after, 2 * LIMIT_MS) == []


def test_what_is_said_is_never_that_all_is_well() -> None:
    (fallen,) = missed(listening(), 16 * 60_000)
    notice = notice_of_silence(fallen)
    assert notice.state == "unknown"
    assert notice.text_en == "Cold store, Chiller, Front: no reading for 16 min, state unknown"
    assert notice.text_zh == "冷库 冷藏间 门口：已 16 分钟无读数，状态未知"
