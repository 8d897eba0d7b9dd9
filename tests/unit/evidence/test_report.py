"""The report says where readings came from, which of two equal hours is meant, and all of it in Chinese."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from coldchain_backend.evidence import Question, export
from coldchain_backend.ledger import Grade
from support.evidence import EvidenceLog
from support.judged_log import HOUR, MINUTE, Voice, plan

STEP = 10 * MINUTE
TWICE = round(datetime(2027, 10, 31, 0, 0, tzinfo=UTC).timestamp() * 1000)
"""02:00 in Berlin, an hour before the clocks go back to it."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The report of the night in which an hour comes twice: a sensor of a gateway, one of a foreign store."""
    log = EvidenceLog(tmp_path_factory.mktemp("log"))
    what = plan({"a": STEP, "f": STEP})
    log.at(TWICE - HOUR)
    log.fleet(replace(what, assets=tuple(replace(one, time_zone="Europe/Berlin") for one in what.assets)))
    store = Voice(name="follow:site", run="receipt-1")
    for number in range(24):
        at_ms = TWICE - HOUR + number * STEP
        log.at(at_ms)
        batch = log.voice.batch([("a", at_ms, 9.5 if 6 <= number < 12 else 4.0)])
        if number != 15:
            log.put(log.voice.record(batch))
        log.put(store.record(store.batch([("f", at_ms, 5.0)]), Grade.FOLLOWED))
    log.at(TWICE + 4 * HOUR)
    log.mark()
    path = tmp_path_factory.mktemp("archive") / "evidence.zip"
    question = Question(zone="z", asset=None, from_ms=TWICE, to_ms=TWICE + 2 * HOUR, by="王伟")
    export(log.source(), question, path, log.clock.wall_ms, lambda _: None)
    log.close()
    with zipfile.ZipFile(path) as archive:
        yield archive.read("report.html").decode()


def shown(page: str, language: str) -> str:
    """The words that a reader of one language sees."""
    other = "zh" if language == "en" else "en"
    body = page.partition("<main>")[2]
    body = re.sub(
        rf'<span lang="{other}">.*?</span>|<svg.*?</svg>|<code>.*?</code>', "", body, flags=re.DOTALL
    )
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def test_a_followed_store_is_named_with_the_share_that_rests_on_it(page: str) -> None:
    english, chinese = shown(page, "en"), shown(page, "zh")
    assert "site read from the foreign store site" in english
    assert "followed from a foreign store 100.00%" in english
    assert "site 读自外部数据库 site" in chinese
    assert "取自外部数据库 100.00%" in chinese
    assert "gw sealed by the gateway" in english


def test_an_hour_that_comes_twice_is_told_with_its_offset_and_others_are_not(page: str) -> None:
    english = shown(page, "en")
    assert "2027-10-31 02:00:00+02:00 – 2027-10-31 03:00:00 Europe/Berlin" in english
    opened, closed = "2027-10-31 02:00:00+02:00", "2027-10-31 02:00:00+01:00"
    assert f"{opened} {closed}" in english
    assert "03:00:00+" not in english


def test_the_chinese_report_says_nothing_in_english(page: str) -> None:
    names = {"demo", "gw", "site", "chilled", "none", "dispatch", "run", "zip", "GSP", "Europe", "Berlin"}
    names |= {"admin", "python", "verify", "fingerprint", "coldchain", "gateway", "status"}
    words = set(re.findall(r"[A-Za-z_]{3,}", shown(page, "zh")))
    assert words <= names, words - names
    assert "未声明" in shown(page, "zh")
    assert "使用中" in shown(page, "zh")


def test_each_language_has_its_own_foot_of_printed_pages(page: str) -> None:
    foot = dict(re.findall(r'@page (en|zh)\{@bottom-left\{content:"([^"]*)"', page))
    assert "non-conform @" in foot["en"]
    assert "不符合 @" in foot["zh"]
    assert "non_conform" not in "".join(foot.values())
