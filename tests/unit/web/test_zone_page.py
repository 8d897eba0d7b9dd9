"""The page of one zone: tables that stay short, excursions in words, marks on the curve."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coldchain.excursions import Excursion
from coldchain.words import Language
from coldchain_backend.fleetfile import parse_file
from coldchain_backend.judging import Board as JudgedBoard
from coldchain_backend.judging import Bucket, StoredExcursion, Trace
from coldchain_backend.judging.contracts import CourseKey
from coldchain_backend.web.board import BoardZone, board_of
from coldchain_backend.web.console.wording import Wording
from coldchain_backend.web.console.zone_page import Window, drawing, marks_of, show_excursion
from support.fleets import FLEET_FILE

NOW = 1_795_376_523_000
EN = Wording(language=Language.EN, now_ms=NOW)
ZH = Wording(language=Language.ZH, now_ms=NOW)
WINDOW = Window(from_ms=NOW - 3_600_000, to_ms=NOW, time_zone="Asia/Shanghai", limits=(0.0, 8.0))


def zone(name: str) -> BoardZone:
    found = board_of(
        parse_file(FLEET_FILE), JudgedBoard(made_ms=NOW, offset=1, judged_to_ms=NOW, points=())
    ).zone(name)
    assert found is not None
    return found


def stored(*, closed_ms: int | None, rule: str = "high", alarm_ms: int | None = NOW) -> StoredExcursion:
    excursion = Excursion(
        rule=rule, opened_ms=NOW - 600_000, closed_ms=closed_ms, alarm_ms=alarm_ms, peak=11.34, peak_ms=NOW,
        out_ms=300_000,
    )  # fmt: skip
    return StoredExcursion(
        id="ex", key=CourseKey("chiller-front", 0, "temperature"), point="cq-store.chiller.front", created=1,
        excursion=excursion,
    )  # fmt: skip


@given(st.integers(min_value=0, max_value=300))
def test_the_table_of_a_curve_stays_short_and_keeps_the_extremes(count: int) -> None:
    buckets = tuple(
        Bucket(
            start_ms=WINDOW.from_ms + index * 1000, end_ms=WINDOW.from_ms + index * 1000 + 1000,
            low=float(-index), high=float(index), mean=0.0, last=0.0,
        )
        for index in range(count)
    )  # fmt: skip
    made = drawing(Trace(buckets=buckets, gaps=()), WINDOW, "Front", EN)
    assert made.empty == (count == 0)
    assert len(made.rows) <= 40
    if count:
        assert made.rows[-1].high == f"{count - 1}.0"
        assert made.rows[0].when == EN.exact(WINDOW.from_ms, "Asia/Shanghai")


def test_both_drawings_show_the_same_time_with_fewer_labels_on_a_phone() -> None:
    made = drawing(Trace(buckets=(), gaps=((NOW - 1000, NOW),)), WINDOW, "Front", EN)
    assert len(made.narrow_times) <= len(made.wide_times)
    assert len(made.wide.gaps) == len(made.narrow.gaps) == 1
    assert [tick.label for tick in made.wide.limits] == ["0", "8"]


def test_an_excursion_is_said_in_the_persons_words_and_the_assets_time() -> None:
    english = show_excursion(stored(closed_ms=NOW), zone("cq-store.chiller"), EN)
    assert (english.opened, english.closed) == ("2026-11-23 03:32:03", "2026-11-23 03:42:03")
    assert (english.point, english.rule, english.level) == ("Front", "too warm", "alarm")
    assert (english.out, english.peak) == ("5 min", "11.3")
    chinese = show_excursion(stored(closed_ms=None), zone("cq-store.chiller"), ZH)
    assert (chinese.closed, chinese.point, chinese.rule) == (None, "前部", "温度过高")


def test_an_excursion_below_every_level_or_of_another_rule_is_said_too() -> None:
    low = show_excursion(stored(closed_ms=None, rule="low", alarm_ms=None), zone("cq-store.chiller"), EN)
    assert (low.rule, low.level) == ("too cold", None)
    gone = show_excursion(stored(closed_ms=None, rule="old"), zone("cq-store.freezer"), EN)
    assert (gone.rule, gone.point) == ("limit old broken", "cq-store.chiller.front")


def test_marks_are_those_of_the_point_and_open_ones_last_until_now() -> None:
    found = [stored(closed_ms=NOW - 5), stored(closed_ms=None)]
    assert marks_of(found, "cq-store.chiller.front", NOW) == ((NOW - 600_000, NOW - 5), (NOW - 600_000, NOW))
    assert marks_of(found, "cq-store.chiller.rear", NOW) == ()
