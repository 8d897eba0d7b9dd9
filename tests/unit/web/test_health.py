"""What watches the server: health, readiness, metrics, and beats that other jobs send."""

from __future__ import annotations

from coldchain_backend.access import Grant, Purpose, Role
from coldchain_backend.ledger import MarkName, mark_record
from support.judged_log import MINUTE, T0
from support.web_app import WebApp


async def test_a_well_server_is_ready_and_says_how_each_part_is(web: WebApp) -> None:
    web.log.mark(MarkName.START)
    async with web.client(None) as client:
        health, ready = await client.get("/healthz"), await client.get("/readyz")
    assert (health.status_code, ready.status_code) == (200, 200)
    assert (health.json()["status"], ready.json()["status"]) == ("ok", "ready")
    assert set(ready.json()["parts"]) == {"evidence", "judging", "courier"}
    assert ready.json()["parts"]["judging"] == {"ok": True, "behind_records": 0, "lag_ms": 0}


async def test_a_lagging_one_is_alive_and_not_ready(web: WebApp) -> None:
    web.log.mark(MarkName.START)
    web.log.ledger.put([mark_record(MarkName.ALIVE)])
    web.log.at(T0 + 2 * MINUTE)
    async with web.client(None) as client:
        health, ready = await client.get("/healthz"), await client.get("/readyz")
        metrics = (await client.get("/metrics")).text
    assert (health.status_code, ready.status_code) == (200, 503)
    assert (health.json()["status"], ready.json()["status"]) == ("degraded", "not ready")
    assert "120 s behind" in ready.json()["parts"]["judging"]["why"]
    assert 'coldchain_part_ok{part="judging"} 0.0' in metrics
    assert 'coldchain_part_ok{part="evidence"} 1.0' in metrics


async def test_a_machine_beats_and_people_only_look(web: WebApp) -> None:
    machine = web.auth.tokens.issue(Grant(name="erp-server", purpose=Purpose.GATEWAY, made_ms=T0))
    web.log.at(T0 + MINUTE)
    async with web.client(Role.OPERATOR) as client:
        assert (await client.post("/api/v1/beats/erp")).status_code == 403
        before = (await client.get("/api/v1/beats")).json()["items"]
        own = {"Authorization": f"Token {machine}"}
        assert (await client.post("/api/v1/beats/erp", headers=own)).status_code == 204
        assert (await client.post("/api/v1/beats/crm", headers=own)).status_code == 404
        after = (await client.get("/api/v1/beats")).json()["items"]
    assert before[0]["last_at"] < after[0]["last_at"]
    assert [one["missed"] for one in after] == [False]


async def test_a_missed_beat_is_an_alert_until_it_is_back(web: WebApp) -> None:
    web.log.mark(MarkName.START)
    web.log.at(T0 + 2 * MINUTE)
    await web.beats.turn()
    [alert] = [one for one in web.log.alerts() if one.state.open]
    assert "a job or service outside did not call in time (beat erp" in (alert.cause.detail or "")
    await web.beats.note("erp")
    await web.beats.turn()
    assert [one.state.open for one in web.log.alerts()] == [False]
