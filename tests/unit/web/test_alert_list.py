"""The list of alerts: what an address asks for, what can be chosen; nonsense asks for nothing."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.profiles import Level
from coldchain.words import Language
from coldchain_backend.access import Role
from coldchain_backend.alerts import AlertKind, AlertState
from coldchain_backend.fleetfile import parse_file
from coldchain_backend.judging import AlertOrder
from coldchain_backend.web.console.alert_list import Asked, choices, zone_of_days
from coldchain_backend.web.console.wording import Wording
from support.fleets import FLEET_FILE
from support.web_app import WebApp

PLAN = parse_file(FLEET_FILE)
ZONE = "Asia/Shanghai"
HTML = {"Accept": "text/html", "Accept-Language": "en"}
DAY_MS = 86_400_000


def test_what_is_asked_becomes_a_filter() -> None:
    asked = Asked.of({
        "show": "all", "state": "shelved", "level": "alarm", "kind": "silence", "asset": "truck-1",
        "zone": "truck-1.box", "since": "2026-11-23", "until": "2026-11-23", "q": " 车厢 ", "sort": "level",
    })  # fmt: skip
    wanted = asked.wanted(PLAN, ZONE)
    assert (wanted.state, wanted.level, wanted.kind) == (AlertState.SHELVED, Level.ALARM, AlertKind.SILENCE)
    assert (wanted.asset, wanted.zone, wanted.q) == ("truck-1", "truck-1.box", "车厢")
    assert wanted.places == {"truck-1.box"}
    assert wanted.order is AlertOrder.LEVEL
    assert wanted.from_ms == 1_795_363_200_000  # midnight in Shanghai is 16:00 UTC of the day before
    assert wanted.to_ms == wanted.from_ms + DAY_MS
    assert not wanted.listed


def test_without_a_question_it_is_what_a_person_has_to_do_with() -> None:
    wanted = Asked.of({}).wanted(PLAN, ZONE)
    assert wanted.listed
    assert wanted.order is AlertOrder.LEVEL
    assert Asked.of({"show": "all"}).wanted(PLAN, ZONE).order is AlertOrder.NEWEST
    assert Asked.of({"sort": "newest"}).wanted(PLAN, ZONE).order is AlertOrder.NEWEST
    assert not Asked.of({"show": "all", "sort": "oldest"}).narrowed


@pytest.mark.parametrize("name", ["show", "state", "level", "kind", "since", "until", "sort"])
@pytest.mark.parametrize("nonsense", ["", "x", "2026-13-40", "\0", "🧊" * 200])
def test_nonsense_asks_for_nothing(name: str, nonsense: str) -> None:
    assert Asked.of({name: nonsense}).wanted(PLAN, ZONE) == Asked().wanted(PLAN, ZONE)


def test_a_day_on_which_the_clock_changes_has_its_own_length() -> None:
    wanted = Asked(since="2026-03-29", until="2026-03-29").wanted(PLAN, "Europe/Berlin")
    assert wanted.from_ms is not None
    assert wanted.to_ms == wanted.from_ms + DAY_MS - 3_600_000


@given(
    st.fixed_dictionaries(
        {}, optional={name: st.text(max_size=20) for name in ("show", "state", "q", "zone", "since", "sort")}
    )
)
def test_an_address_is_read_back_as_it_was_written(query: dict[str, str]) -> None:
    asked = Asked.of(query)
    again = Asked.of({name: values[0] for name, values in parse_qs(asked.query()).items()})
    assert again == asked


def test_a_part_is_changed_and_the_rest_stays() -> None:
    asked = Asked(q="a&b", level="alarm")
    assert parse_qs(asked.query(state="firing")) == {"q": ["a&b"], "level": ["alarm"], "state": ["firing"]}


@pytest.mark.parametrize("language", list(Language))
def test_everything_that_can_be_chosen_has_words(language: Language) -> None:
    found = choices(PLAN, Wording(language=language, now_ms=0))
    assert set(found) == {"state", "level", "kind", "asset", "zone", "sort"}
    for entries in found.values():
        assert len({one.value for one in entries}) == len(entries)
        assert all(one.text for one in entries)


def test_days_are_those_of_the_asset_or_of_the_first_one() -> None:
    assert zone_of_days(PLAN, "truck-1") == "Asia/Shanghai"
    assert zone_of_days(PLAN, "no such") == "Asia/Shanghai"


async def listed(web: WebApp, **query: str) -> str:
    async with web.client(Role.VIEWER) as client:
        answer = await client.get(f"/alerts?{urlencode(query)}", headers=HTML)
    assert answer.status_code == 200
    return answer.text


def titles(page: str) -> list[str]:
    return re.findall(r'<h2><a href="/alerts/al_[0-9a-f]+">([^<]+)</a>', page)


async def test_the_list_is_filtered_counted_and_sorted(filled: WebApp) -> None:
    everything = await listed(filled, show="all")
    assert len(titles(everything)) == len(filled.log.alerts())
    assert f"Alerts: {len(filled.log.alerts())}" in everything
    silent = titles(await listed(filled, show="all", kind="silence"))
    assert silent
    assert all("no data" in title for title in silent)
    assert titles(await listed(filled, q="疫苗")) == ["Vaccine cabinet · Middle shelf: too warm"]
    oldest = titles(await listed(filled, show="all", sort="oldest"))
    assert oldest == titles(everything)[::-1] or sorted(oldest) == sorted(titles(everything))
    assert titles(await listed(filled, until="2020-01-01", show="all")) == []
    assert "No alert fits this filter" in await listed(filled, until="2020-01-01", show="all")


async def test_a_filter_stays_in_the_form_and_in_what_is_kept_live(filled: WebApp) -> None:
    page = await listed(filled, level="alarm", q='"><script>')
    assert '<option value="alarm" selected>' in page
    assert "<script>" not in page.replace("<script src", "")
    assert re.search(r'data-fragment="/fragments/alerts\?[^"]*level=alarm', page)
