"""When the uplink may be used."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.errors import InvalidInput
from coldchain_gateway.uplink import Window, WindowConfig, default_interface
from coldchain_gateway.uplink.window import minutes_of, within

ROUTES = (
    "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
    "wwan0\t00000000\t0102A8C0\t0003\t0\t0\t700\t00000000\t0\t0\t0\n"
    "wlan0\t00000000\t0103A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
    "eth0\t00000000\t0104A8C0\t0002\t0\t0\t100\t00000000\t0\t0\t0\n"
    "wlan0\t0003A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0\n"
)


def at(hour: int, minute: int = 0) -> int:
    """That time of a day, UTC ms."""
    return int(datetime(2026, 11, 25, hour, minute, tzinfo=UTC).timestamp() * 1000)


def window(config: WindowConfig, interface: str | None = None) -> Window:
    return Window(config, lambda: interface)


def test_at_night_over_midnight_by_the_clock_on_the_wall() -> None:
    night = window(WindowConfig(times=("22:00-06:00",), time_zone="Asia/Shanghai"))
    assert night.open(at(14))  # 22:00 in Shanghai
    assert night.open(at(21, 59))
    assert not night.open(at(22))
    assert not night.open(at(13, 59))


def test_a_listed_interface_opens_it_at_any_time() -> None:
    config = WindowConfig(times=("01:00-02:00",), interfaces=("wlan0", "eth0"))
    assert window(config, "wlan0").open(at(12))
    assert not window(config, "wwan0").open(at(12))
    assert not window(config, None).open(at(12))
    assert window(config, None).open(at(1, 30))


def test_who_does_not_know_the_time_may_ask_for_it() -> None:
    assert window(WindowConfig(interfaces=("eth0",)), "wwan0").open(None)


@given(minute=st.integers(0, 1439), first=st.integers(0, 1439), last=st.integers(1, 1440))
def test_a_span_and_its_opposite_share_no_minute(minute: int, first: int, last: int) -> None:
    if first != last and last < 1440:
        assert within(minute, (first, last)) is not within(minute, (last, first))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"times": ("25:00-06:00",)}, "not a time of the day"),
        ({"times": ("06:00-06:00",)}, "is empty"),
        ({"times": ("06:00-24:30",)}, "is empty"),
        ({"times": ("22:00-06:00",), "time_zone": "Mars/Base"}, "not a time zone"),
        ({}, "needs times or interfaces"),
    ],
)
def test_a_window_that_means_nothing_is_refused(values: dict[str, tuple[str, ...]], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        WindowConfig(**values)  # type: ignore[arg-type]  # wrong on purpose


def test_the_day_ends_at_24() -> None:
    assert minutes_of("18:00-24:00") == (1080, 1440)


def test_the_default_route_with_the_lowest_metric_counts(tmp_path: Path) -> None:
    routes = tmp_path / "route"
    routes.write_text(ROUTES)
    assert default_interface(routes) == "wlan0"
    routes.write_text(ROUTES.splitlines()[0])
    assert default_interface(routes) is None
    assert default_interface(tmp_path / "none") is None
