"""What /metrics tells of alerts and deliveries, and that its page names every figure."""

from __future__ import annotations

import re
from pathlib import Path

from coldchain_backend.web.times import iso
from support.judged_log import MINUTE, SECOND, T0, plan
from support.web_app import WebApp

PAGE = Path(__file__).resolve().parents[3] / "docs" / "metrics.md"


async def scraped(web: WebApp) -> str:
    async with web.client(None) as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    return answer.text


def warm(web: WebApp) -> str:
    """An alert that is told to one receiver; the id of its delivery."""
    web.log.fleet(plan({"a": 10 * SECOND}, gateways=()))
    web.log.at(T0 + MINUTE)
    web.log.say(*[("a", T0 + MINUTE - n * 10 * SECOND, 9.0) for n in (2, 1, 0)])
    [delivery] = web.log.deliveries()
    return delivery.split(" ", 1)[0]


async def test_what_waits_is_told_with_its_age(web: WebApp) -> None:
    warm(web)
    web.log.at(T0 + 3 * MINUTE)
    text = await scraped(web)
    assert 'coldchain_alerts{level="alarm",state="firing"} 1.0' in text
    assert 'coldchain_deliveries{state="queued"} 1.0' in text
    assert 'coldchain_deliveries_queued{receiver="dispatch"} 1.0' in text
    assert "coldchain_deliveries_oldest_seconds 120.0" in text


async def test_outcomes_and_dead_letters_are_counted(web: WebApp) -> None:
    delivery = warm(web)
    web.log.queue.postponed(delivery, T0 + 2 * MINUTE, T0 + 3 * MINUTE, "HTTP 503")
    web.log.queue.dead(delivery, T0 + 3 * MINUTE, "HTTP 404")
    text = await scraped(web)
    assert 'coldchain_delivery_attempts{outcome="failed"} 1.0' in text
    assert 'coldchain_dead_letters{receiver="dispatch"} 1.0' in text
    assert 'coldchain_deliveries{state="dead"} 1.0' in text
    assert "coldchain_deliveries_oldest_seconds 0.0" in text


def samples(text: str) -> dict[str, float]:
    """Samples by name with labels."""
    lines = [line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


async def test_the_figures_of_alarms_are_those_of_the_api(filled: WebApp) -> None:
    told = samples(await scraped(filled))
    now_ms = filled.log.clock.now_ms()
    async with filled.client() as client:
        params = {"from": iso(now_ms - 24 * 60 * MINUTE), "to": iso(now_ms)}
        found = (await client.get("/api/v1/alerts/kpis", params=params)).json()
    total, figures = found["total"], found["total"]["figures"]
    assert told["coldchain_kpi_counted"] == 1
    assert told["coldchain_kpi_calls"] == total["alarms"] > 0
    assert round(told["coldchain_kpi_calls_per_hour"], 4) == figures["per_hour"]["value"]
    assert told["coldchain_kpi_most_calls_per_hour"] == figures["most_per_hour"]["value"]
    assert round(told["coldchain_kpi_calls_per_10_minutes"], 4) == figures["per_10_minutes"]["value"]
    assert told["coldchain_kpi_most_calls_per_10_minutes"] == figures["most_per_10_minutes"]["value"]
    assert told["coldchain_kpi_floods"] == len(total["floods"])
    assert round(told["coldchain_kpi_flood_ratio"], 4) == figures["flood_share"]["value"]
    for priority, count in found["split"].items():
        assert told[f'coldchain_kpi_alerts{{priority="{priority}"}}'] == count
    for name, key in (
        ("chattering_sources", "chattering"), ("fleeting_alerts", "fleeting"),
        ("most_standing_alerts", "standing_most"), ("actors_ratio", "actors_share"),
    ):  # fmt: skip
        assert round(told[f"coldchain_kpi_{name}"], 4) == found["figures"][key]["value"], name
    assert told["coldchain_kpi_standing_alerts"] == found["standing"]
    assert told["coldchain_kpi_shelved_alerts"] == found["shelved"]
    assert told["coldchain_kpi_unacknowledged_alerts"] == found["acknowledging"]["never"]
    missing = sum(found["undelivered"]["dispatch"].values())
    assert told['coldchain_kpi_receiver_undelivered{receiver="dispatch"}'] == missing


async def test_every_receiver_of_the_fleet_is_told_and_no_other(filled: WebApp) -> None:
    text = await scraped(filled)
    names = {one.name for one in filled.book.fleet.plan.receivers}
    for figure in ("receiver_calls", "receiver_flood_ratio", "receiver_undelivered"):
        assert set(re.findall(rf'^coldchain_kpi_{figure}{{receiver="([^"]+)"}}', text, re.MULTILINE)) == names
    allowed = {"receiver", "priority", "quantile"}
    assert set(re.findall(r"^coldchain_kpi_\w+{(\w+)=", text, re.MULTILINE)) <= allowed


async def test_how_long_people_took_is_told_only_where_somebody_did(web: WebApp) -> None:
    warm(web)
    assert "coldchain_kpi_acknowledge_seconds{" not in await scraped(web)
    [alert] = web.log.alerts()
    web.log.at(T0 + 4 * MINUTE)
    web.log.acknowledge(alert.id, by="wang.li", reason="seen")
    web.judge()
    web.log.at(T0 + 6 * MINUTE)
    told = samples(await scraped(web))
    assert told['coldchain_kpi_acknowledge_seconds{quantile="1"}'] == 180
    assert told["coldchain_kpi_acknowledged_alerts"] == 1


async def test_figures_of_a_day_are_counted_once_a_minute(web: WebApp) -> None:
    assert samples(await scraped(web))["coldchain_kpi_calls"] == 0
    warm(web)
    web.log.at(T0 + 30 * SECOND)
    assert samples(await scraped(web))["coldchain_kpi_calls"] == 0, "kept for a minute"
    web.log.at(T0 + 2 * MINUTE)
    assert samples(await scraped(web))["coldchain_kpi_calls"] == 1


async def test_a_quiet_server_tells_zeros(web: WebApp) -> None:
    text = await scraped(web)
    assert "coldchain_judging_lag_records 0.0" in text
    assert "coldchain_judging_lag_seconds 0.0" in text
    assert "coldchain_digest_entries 0.0" in text


async def test_the_page_names_every_figure_and_no_other(web: WebApp) -> None:
    warm(web)
    told = set(re.findall(r"^# TYPE (coldchain_\w+)", await scraped(web), flags=re.MULTILINE))
    assert set(re.findall(r"^\| `(coldchain_\w+)`", PAGE.read_text("utf-8"), flags=re.MULTILINE)) == told
