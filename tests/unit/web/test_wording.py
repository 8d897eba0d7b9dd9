"""How the page says values, ages and times."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.words import Language
from coldchain_backend.access import Role
from coldchain_backend.alerts import AlertKind, AlertState, TransitionKind
from coldchain_backend.fleet import AssetKind, ZoneState
from coldchain_backend.judging.views import Condition
from coldchain_backend.web.console.render import local_path
from coldchain_backend.web.console.wording import Wording, degrees, limit, preferred, texts
from coldchain_backend.web.times import iso

NOW = 1_795_376_523_000
EN = Wording(language=Language.EN, now_ms=NOW)
ZH = Wording(language=Language.ZH, now_ms=NOW)


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_sentences_with_the_same_places() -> None:
    english, chinese = texts(Language.EN), texts(Language.ZH)
    assert english.keys() == chinese.keys()
    assert {key: places(text) for key, text in english.items()} == {
        key: places(text) for key, text in chinese.items()
    }


@pytest.mark.parametrize(
    ("prefix", "members"),
    [
        ("state_", [*Condition, *ZoneState, *AlertState]),
        ("kind_", list(AssetKind)),
        ("role_", list(Role)),
        ("about_", list(AlertKind)),
        ("step_", list(TransitionKind)),
    ],
)
def test_every_word_that_people_see_is_there(prefix: str, members: list[str]) -> None:
    assert {prefix + member for member in members} <= texts(Language.EN).keys()


@given(st.floats(min_value=-200, max_value=850), st.sampled_from([-18.0, 0.0, 2.0, 8.0, 8.25]))
def test_a_shown_temperature_is_on_its_side_of_the_limit(value: float, edge: float) -> None:
    value = round(value, 3)
    shown = float(degrees(value, (None, edge)).replace("\N{MINUS SIGN}", "-"))
    assert (shown > edge) == (value > edge)
    assert abs(shown - value) <= 0.0501


def test_temperatures_have_a_real_minus_and_no_negative_zero() -> None:
    assert degrees(-18.44) == "−18.4"
    assert degrees(-0.04) == "0.0"
    assert degrees(8.04, (2.0, 8.0)) == "8.04"
    assert degrees(8.001, (2.0, 8.0)) == "8.001"
    assert (limit(-18.0), limit(8.0), limit(2.5)) == ("−18", "8", "2.5")


@pytest.mark.parametrize(
    ("duration", "said", "gesagt"),
    [(0, "0 s", "0 秒"), (59_999, "59 s", "59 秒"), (60_000, "1 min", "1 分钟"), (7_200_000, "2 h", "2 小时"),
     (12_600_000, "3.5 h", "3.5 小时"), (2 * 86_400_000, "2 d", "2 天"), (-5, "0 s", "0 秒")],
)  # fmt: skip
def test_ages(duration: int, said: str, gesagt: str) -> None:
    assert (EN.age(duration), ZH.age(duration)) == (said, gesagt)


def test_times_are_those_of_the_asset_with_the_date_unless_it_is_today() -> None:
    assert iso(NOW) == "2026-11-22T19:42:03.000Z"
    assert EN.moment(NOW, "Asia/Shanghai") == "03:42"
    assert EN.moment(NOW - 86_400_000, "Asia/Shanghai") == "2026-11-22 03:42"
    assert EN.exact(NOW, "America/New_York") == "2026-11-22 14:42:03"


@pytest.mark.parametrize(
    ("cookie", "header", "wanted"),
    [
        (None, "", "en"),
        (None, "de-DE,de;q=0.9", "en"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "fr,zh-TW;q=0.8", "zh"),
        ("zh", "en", "zh"),
        ("xx", "zh", "zh"),
    ],
)
def test_the_language_is_the_chosen_or_the_browsers(cookie: str | None, header: str, wanted: str) -> None:
    assert preferred(cookie, header) == wanted


@pytest.mark.parametrize("path", ["//evil", "https://evil", "/\\evil", "evil", "", "/a\nb", "\\/evil"])
def test_nobody_is_led_away(path: str) -> None:
    assert local_path(path) == "/"
