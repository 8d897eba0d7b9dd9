"""The local alarm: the bundle's limits on monotonic time, told once at the alarm and once at its end."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.excursions import Judged, judge
from coldchain.profiles import Level, Mark, Profile, Rule, Side
from coldchain.readings import Value
from coldchain.watch import WatchBundle, WatchedSensor
from coldchain.words import Language, Text
from coldchain_gateway.contracts import Notice, Sample
from coldchain_gateway.local_alarm.annunciators import CommandTeller, environment
from coldchain_gateway.local_alarm.judge import Courses, Decision, courses_of, observe, passed
from coldchain_gateway.local_alarm.sentences import notice_of, sentence, texts

HIGH = Rule(
    name="high",
    side=Side.HIGH,
    threshold=8.0,
    inclusive=False,
    hysteresis=0.5,
    warning_after_ms=0,
    alarm_after_ms=10_000,
)
PROFILE = Profile(
    name="chilled",
    version=1,
    title=Text(en="Chilled", zh="冷藏"),
    rules=(HIGH,),
    citation="test",
    mark=Mark.PROPOSED,
)
WATCHED = WatchedSensor(
    sensor="front",
    interval_ms=2_000,
    point="store.front",
    point_name=Text(en="Front", zh="门口"),
    zone="store",
    zone_name=Text(en="Chiller", zh="冷藏间"),
    asset="cq",
    asset_name=Text(en="Cold store", zh="冷库"),
    in_use=True,
    profile="chilled",
    contacts=("12345",),
)


def bundle(*sensors: WatchedSensor, profile: Profile = PROFILE) -> WatchBundle:
    return WatchBundle(
        version="1", organisation="demo", gateway="gw", made_ms=0, sensors=sensors, profiles=(profile,)
    )


@dataclass(slots=True)
class Watching:
    """Courses of one bundle, fed by hand."""

    courses: Courses = field(default_factory=lambda: courses_of(bundle(WATCHED), {})[0])

    def say(self, at_ms: int, value: Value, sensor: str = "front") -> list[Decision]:
        return observe(self.courses, [Sample(sensor=sensor, values={"temperature": value})], at_ms)

    def change(self, new: WatchBundle) -> list[Decision]:
        self.courses, ended = courses_of(new, self.courses)
        return ended


def kinds(decisions: list[Decision]) -> list[tuple[bool, float | None]]:
    return [(one.alarm, one.value) for one in decisions]


def test_an_alarm_comes_after_its_delay_and_ends_with_the_excursion() -> None:
    watching = Watching()
    assert watching.say(1_000, 9.0) == []
    assert watching.say(5_000, 9.5) == []
    assert kinds(watching.say(11_000, 9.7)) == [(True, 9.5)]
    assert watching.say(13_000, 7.8) == []
    assert kinds(watching.say(15_000, 7.4)) == [(False, 7.4)]


def test_time_alone_brings_the_alarm_while_the_last_reading_speaks() -> None:
    watching = Watching()
    for at_ms in (1_000, 3_000, 5_000, 7_000, 9_500):
        watching.say(at_ms, 9.0)
    assert passed(watching.courses, 10_900) == []
    assert kinds(passed(watching.courses, 11_000)) == [(True, 9.0)]
    assert passed(watching.courses, 60_000) == []


def test_an_excursion_that_ends_before_the_delay_is_not_told() -> None:
    watching = Watching()
    assert watching.say(1_000, 9.0) + watching.say(4_000, 5.0) + passed(watching.courses, 60_000) == []


def test_what_is_not_watched_or_not_in_use_makes_no_alarm() -> None:
    watching = Watching()
    assert watching.say(1_000, 99.0, sensor="other") == []
    assert watching.say(1_000, True) == []
    resting = Watching()
    resting.change(bundle(replace(WATCHED, in_use=False)))
    assert resting.courses == {}


def alarmed() -> Watching:
    watching = Watching()
    watching.say(0, 9.0)
    assert kinds(watching.say(12_000, 9.0)) == [(True, 9.0)]
    return watching


def test_a_new_bundle_with_the_same_limits_goes_on_without_a_word() -> None:
    watching = alarmed()
    renamed = replace(WATCHED, point_name=Text(en="Door", zh="门"))
    assert watching.change(bundle(renamed)) == []
    decisions = watching.say(14_000, 5.0)
    assert kinds(decisions) == [(False, 5.0)]
    assert "Door" in notice_of(decisions[0]).text_en


@pytest.mark.parametrize(
    "new",
    [
        bundle(),
        bundle(replace(WATCHED, in_use=False)),
        bundle(replace(WATCHED, point="store.rear")),
        bundle(WATCHED, profile=replace(PROFILE, rules=(replace(HIGH, threshold=12.0),))),
    ],
)
def test_an_alarm_that_nobody_watches_any_more_ends(new: WatchBundle) -> None:
    watching = alarmed()
    assert kinds(watching.change(new)) == [(False, None)]
    assert kinds(watching.change(new)) == []


@given(
    st.lists(st.tuples(st.integers(1, 4_000), st.floats(0, 16).map(lambda one: round(one, 2))), max_size=40)
)
def test_alarms_are_those_of_the_one_judge(steps: list[tuple[int, float]]) -> None:
    """The gateway rings by the same arithmetic that the backend judges by."""
    watching, at_ms, series, told = Watching(), 0, [], 0
    for wait, value in steps:
        at_ms += wait
        series.append((at_ms, value))
        told += sum(one.alarm for one in watching.say(at_ms, value))
    judged = judge(series, at_ms, Judged(profile=PROFILE, interval_ms=WATCHED.interval_ms))
    assert told == sum(one.level is Level.ALARM for one in judged.excursions)


def test_readings_within_one_millisecond_keep_their_order() -> None:
    watching = Watching()
    assert watching.say(1_000, 9.0) + watching.say(1_000, 5.0) + watching.say(1_000, 9.0) == []
    assert kinds(watching.say(11_002, 9.0)) == [(True, 9.0)]


def test_a_notice_says_where_what_and_whom_to_call() -> None:
    decision = Decision(watched=WATCHED, rule=HIGH, alarm=True, value=9.5)
    assert sentence(decision, Language.EN) == (
        "Cold store, Chiller, Front: 9.5 °C, limit 8 °C, out of limits; call 12345"
    )
    assert sentence(decision, Language.ZH) == "冷库 冷藏间 门口：9.5 °C，限值 8 °C，已超限；请致电 12345"
    over = notice_of(replace(decision, alarm=False, value=6.0))
    assert over.state == "end"
    assert over.text_en.endswith("goods: decision pending")


def test_both_languages_have_the_same_sentences() -> None:
    assert texts(Language.EN).keys() == texts(Language.ZH).keys()


NOTICE = Notice(point="p", rule="high", state="alarm", text_en="hot", text_zh="热", value=9.5)


def test_a_command_gets_the_notice_in_its_environment(tmp_path: Path) -> None:
    said = tmp_path / "said"
    program = f"import os; open({str(said)!r}, 'w').write(os.environ['COLDCHAIN_TEXT_ZH'])"
    asyncio.run(CommandTeller([sys.executable, "-c", program]).tell(NOTICE))
    assert said.read_text() == "热"


def test_a_command_that_is_not_there_is_logged_and_nothing_more() -> None:
    asyncio.run(CommandTeller(["/nowhere/horn"]).tell(NOTICE))


def test_the_environment_has_every_word_of_the_notice() -> None:
    given_words: Mapping[str, str] = environment(NOTICE)
    assert set(given_words.values()) == {"p", "high", "alarm", "hot", "热", "9.5"}
