"""What /metrics tells of alerts and deliveries, and that its page names every figure."""

from __future__ import annotations

import re
from pathlib import Path

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


async def test_a_quiet_server_tells_zeros(web: WebApp) -> None:
    text = await scraped(web)
    assert "coldchain_judging_lag_records 0.0" in text
    assert "coldchain_judging_lag_seconds 0.0" in text
    assert "coldchain_digest_entries 0.0" in text


async def test_the_page_names_every_figure_and_no_other(web: WebApp) -> None:
    warm(web)
    told = set(re.findall(r"^# TYPE (coldchain_\w+)", await scraped(web), flags=re.MULTILINE))
    assert set(re.findall(r"^\| `(coldchain_\w+)`", PAGE.read_text("utf-8"), flags=re.MULTILINE)) == told
