"""`muted …`: what is asked of the server, by which clock, and what a person sees of its answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from coldchain.errors import InvalidInput
from coldchain_backend import cli
from coldchain_backend.alerts import Mute, MuteKind, Scope, schedule_of
from coldchain_backend.cli.muted import _time
from coldchain_backend.fleet import ScheduledTime
from coldchain_backend.fleetfile.zone_entries import scheduled_time, written_time
from support.cli_home import cli_home

ZONES = (
    "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca",
    "America/St_Johns", "UTC",
)  # fmt: skip
"""With whole and half hours of change, in both halves of the year, and none."""

WINDOW = {
    "id": "mu_1", "kind": "window", "asset": "cq-store", "zone": None, "sensor": None, "alert": None,
    "source": None, "level": None, "from": "2026-11-26T00:00:00.000Z", "to": None,
    "times": ["mon,tue 22:00-05:30"], "time_zone": "Asia/Shanghai", "by": "admin", "reason": "defrost",
    "holds": True,
}  # fmt: skip
SERVICE = {
    **WINDOW, "id": "mu_2", "kind": "out_of_service", "asset": None, "sensor": "s", "times": [],
    "time_zone": None, "to": "2026-11-30T00:00:00.000Z", "holds": False,
}  # fmt: skip
SHELVED = {**SERVICE, "id": "mu_3", "kind": "shelved", "source": "excursion\nhigh\np.a", "sensor": None}
YEARS = (datetime.fromisoformat("2025-01-01"), datetime.fromisoformat("2027-12-31"))
ASKED: list[tuple[str, str, object]] = []


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def answer(method: str, url: str, *, json: object, **how: object) -> httpx.Response:
        ASKED.append((method, httpx.URL(url).path, json))
        listed = {"items": [WINDOW, SERVICE, SHELVED]}
        return httpx.Response(200, json=listed if method == "GET" else {"id": "mu_9", "by": "admin"})

    cli_home(tmp_path, monkeypatch, answer)
    yield
    ASKED.clear()


def muted(*words: str) -> Result:
    return CliRunner().invoke(cli.app, ["muted", *words])


@pytest.mark.usefixtures("server")
def test_a_window_that_comes_again_over_midnight_in_a_zone_of_its_own() -> None:
    told = muted(
        "window", "--asset", "cq-store", "--times", "mon-fri 22:00-05:30", "--times", "sun 00:00-24:00",
        "--time-zone", "Asia/Shanghai", "--reason", "defrost",
    )  # fmt: skip
    wish = {
        "asset": "cq-store", "time_zone": "Asia/Shanghai", "reason": "defrost",
        "times": [
            {"days": [0, 1, 2, 3, 4], "from": "22:00", "to": "05:30"},
            {"days": [6], "from": "00:00", "to": "24:00"},
        ],
    }  # fmt: skip
    assert [("POST", "/api/v1/windows", wish)] == ASKED
    assert "muted end mu_9" in told.output


@pytest.mark.usefixtures("server")
def test_times_without_an_offset_are_by_the_clock_of_the_zone() -> None:
    muted(
        "out-of-service", "--sensor", "s", "--work", "calibration", "--to", "2026-07-30T12:00",
        "--from", "2026-01-28T08:00", "--time-zone", "Europe/Berlin", "--reason", "at the laboratory",
    )  # fmt: skip
    [(_, path, wish)] = ASKED
    assert path == "/api/v1/out-of-service"
    assert wish == {
        "sensor": "s", "work": "calibration", "reason": "at the laboratory",
        "from": "2026-01-28T08:00:00+01:00", "to": "2026-07-30T12:00:00+02:00",
    }  # fmt: skip


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("2026-03-29T02:30", False),
        ("2026-10-25T02:30", False),
        ("2026-10-25T02:30+02:00", True),
        ("2026-10-25T03:30", True),
    ],
)
def test_an_hour_that_comes_twice_or_not_at_all_needs_its_offset(text: str, *, good: bool) -> None:
    told = muted("window", "--zone", "z", "--to", text, "--time-zone", "Europe/Berlin", "--reason", "r")
    assert (told.exit_code == 0) is good
    assert bool(ASKED) is good
    if not good:
        assert "with an offset" in told.output


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("window", "--to", "2026-11-28T18:00", "--reason", "r"), "--asset, --zone or --sensor"),
        (("end", "mu_3", "--reason", "r"), "shelving"),
        (("end", "mu_4", "--reason", "r"), "nothing is set"),
        (("window", "--zone", "z", "--to", "soon", "--reason", "r"), "not a time"),
        (("out-of-service", "--zone", "z", "--work", "painting", "--reason", "r"), "painting"),
    ],
)
def test_what_makes_no_sense_is_refused_before_the_server_is_asked(words: tuple[str, ...], why: str) -> None:
    told = muted(*words)
    assert told.exit_code == 2
    assert why in " ".join(told.output.split())
    assert not [one for one in ASKED if one[0] == "POST"]


@pytest.mark.usefixtures("server")
def test_a_zone_or_times_that_there_are_not_are_told() -> None:
    for words, why in (
        (("--to", "2026-11-28T18:00", "--time-zone", "Mars/Olympus"), "Mars/Olympus"),
        (("--times", "mon-fun 22:00-05:00"), "days are mon"),
        (("--times", "mon 22:00"), "mon-fri 06:00-22:00"),
    ):
        told = muted("window", "--zone", "z", *words, "--reason", "r")
        assert isinstance(told.exception, InvalidInput)
        assert why in str(told.exception)
    assert ASKED == []


@pytest.mark.usefixtures("server")
def test_the_list_says_what_holds_whose_when_and_why() -> None:
    lines = muted("list").output.splitlines()
    assert lines[0] == (
        "* mu_1  window          asset cq-store  2026-11-26T00:00:00.000Z – until ended"
        " mon,tue 22:00-05:30 (Asia/Shanghai)  by admin: defrost"
    )
    assert lines[1].startswith("  mu_2  out_of_service  sensor s  ")
    assert "excursion high p.a" in lines[2]
    assert '"mu_1"' in muted("list", "--json").output


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("id", "path"), [("mu_1", "/api/v1/windows/mu_1/end"), ("mu_2", "/api/v1/out-of-service/mu_2/return")]
)
def test_each_kind_is_ended_at_its_own_door(id: str, path: str) -> None:
    assert muted("end", id, "--reason", "done").exit_code == 0
    assert ASKED[-1] == ("POST", path, {"reason": "done"})


TIMES = st.builds(
    ScheduledTime,
    days=st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    from_minute=st.integers(0, 1439),
    to_minute=st.integers(1, 1440),
).filter(lambda one: one.from_minute != one.to_minute)


@given(TIMES)
def test_a_time_of_day_is_written_as_it_is_read(one: ScheduledTime) -> None:
    assert scheduled_time(written_time(one)) == one


def window_of(one: ScheduledTime, zone: str) -> Mute:
    """The window that the command sets, as the ledger keeps it."""
    said = _time(written_time(one))
    minutes = {name: int(str(said[name])[:2]) * 60 + int(str(said[name])[3:]) for name in ("from", "to")}
    schedule = schedule_of([{"days": list(one.days), **minutes}])
    assert schedule is not None
    return Mute(
        id="mu", kind=MuteKind.WINDOW, scope=Scope(zone="z"), by="Li", reason="r", from_ms=0,
        schedule=schedule, time_zone=zone,
    )  # fmt: skip


@pytest.mark.acceptance("T6")
@given(TIMES, st.sampled_from(ZONES), st.datetimes(*YEARS))
def test_a_window_holds_when_the_clock_on_the_wall_says_so(
    one: ScheduledTime, zone: str, at: datetime
) -> None:
    """Also on the days on which clocks change: each instant is judged by what the wall shows then."""
    mute, instant = window_of(one, zone), at.replace(tzinfo=ZoneInfo("UTC"))
    wall = instant.astimezone(ZoneInfo(zone))
    minute, begins = wall.hour * 60 + wall.minute, one.from_minute
    ends = one.to_minute if one.to_minute > begins else 24 * 60
    today = wall.weekday() in one.days and begins <= minute < ends
    yesterday = (wall - timedelta(days=1)).weekday() if wall.weekday() else 6
    over = one.to_minute <= begins and minute < one.to_minute and (wall.weekday() - 1) % 7 in one.days
    assert mute.holds(int(instant.timestamp() * 1000)) is (today or over), (wall, yesterday)


@pytest.mark.acceptance("T6")
@given(TIMES, st.sampled_from(ZONES), st.datetimes(*YEARS))
def test_between_two_boundaries_of_a_window_nothing_changes(
    one: ScheduledTime, zone: str, at: datetime
) -> None:
    mute = window_of(one, zone)
    at_ms = int(at.replace(tzinfo=ZoneInfo("UTC")).timestamp()) * 1000
    next_ms = mute.next_ms(at_ms)
    if next_ms is None:
        assert len(one.days) == 7
        return
    assert mute.holds(next_ms) is not mute.holds(next_ms - 1)
    for share in (0.25, 0.5, 0.75):
        assert mute.holds(at_ms + int((next_ms - 1 - at_ms) * share)) is mute.holds(at_ms)
