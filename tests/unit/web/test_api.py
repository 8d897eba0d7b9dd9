"""The API over a filled organisation."""

from __future__ import annotations

from datetime import datetime

import pytest

from coldchain_backend.access import Role
from support.web_app import WebApp

API = "/api/v1"
READ = ["board", "excursions", "alerts", "fleet", "gateways", "readings?sensor=chiller-front"]


async def get(web: WebApp, path: str, role: Role = Role.VIEWER) -> dict[str, object]:
    async with web.client(role) as client:
        answer = await client.get(f"{API}/{path}")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert isinstance(found, dict)
    return found


def items(answer: dict[str, object]) -> list[dict[str, object]]:
    found = answer["items"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("path", [*READ, "alerts/x", "live"])
async def test_nobody_reads_without_a_token(filled: WebApp, path: str) -> None:
    async with filled.client(None) as client:
        answer = await client.get(f"{API}/{path}")
    assert answer.status_code == 401
    assert answer.json() == {"code": "unauthorized", "message": "Unauthorized"}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", READ)
async def test_every_person_reads(filled: WebApp, path: str, role: Role) -> None:
    await get(filled, path, role)


async def test_the_board_tells_every_point_with_its_limits_and_times(filled: WebApp) -> None:
    answer = await get(filled, "board")
    zones = {zone["zone"]: zone for zone in items(answer)}
    store = [f"cq-store.{room}" for room in ("chiller", "freezer", "vaccine", "dock", "spare")]
    assert list(zones) == [*store, "truck-1.box"]
    conditions = {name: zone["condition"] for name, zone in zones.items()}
    assert conditions["cq-store.freezer"] == "in_limits"
    assert conditions["cq-store.dock"] == conditions["truck-1.box"] == "unknown"
    assert conditions["cq-store.spare"] == "not_judged"
    assert conditions["cq-store.chiller"] in {"warning", "alarm"}
    chiller = zones["cq-store.chiller"]
    assert (chiller["low"], chiller["high"], chiller["time_zone"]) == (0.0, 8.0, "Asia/Shanghai")


async def test_readings_come_in_pages_that_miss_and_repeat_nothing(filled: WebApp) -> None:
    whole = items(await get(filled, "readings?sensor=chiller-front&limit=10000"))
    paged: list[dict[str, object]] = []
    answer: dict[str, object] = {"next": None}
    after = ""
    while True:
        answer = await get(filled, f"readings?sensor=chiller-front&limit=77{after}")
        paged += items(answer)
        if answer["next"] is None:
            break
        after = f"&after={answer['next']}"
    assert paged == whole
    assert len(whole) == 360
    times = [datetime.fromisoformat(str(one["time"])) for one in whole]
    assert times == sorted(times)
    assert whole[0].keys() == {"time", "temperature", "quality", "sealed"}


async def test_a_window_is_from_inclusive_to_exclusive(filled: WebApp) -> None:
    window = "from=2026-11-22T20:10:00Z&to=2026-11-22T20:12:00Z"
    found = items(await get(filled, f"readings?sensor=chiller-front&{window}"))
    assert [one["time"] for one in found] == ["2026-11-22T20:10:00.000Z", "2026-11-22T20:11:00.000Z"]


async def test_alerts_are_filtered_and_paged(filled: WebApp) -> None:
    everything = items(await get(filled, "alerts"))
    resolved = items(await get(filled, "alerts?state=resolved_unacked&level=alarm&asset=cq-store"))
    assert [one["id"] for one in resolved] == [
        one["id"] for one in everything if one["state"] == "resolved_unacked" and one["level"] == "alarm"
    ]
    first = await get(filled, "alerts?limit=1")
    second = items(await get(filled, f"alerts?limit=1&after={first['next']}"))
    assert [*items(first), *second] == everything[:2]
    assert items(await get(filled, "alerts?asset=nowhere")) == []


async def test_an_alert_has_its_timeline_in_both_languages(filled: WebApp) -> None:
    found = items(await get(filled, "alerts?state=resolved_unacked&level=alarm"))
    resolved = next(one for one in found if one["kind"] == "excursion")
    answer = await get(filled, f"alerts/{resolved['id']}")
    timeline = answer["timeline"]
    assert isinstance(timeline, list)
    assert [step["kind"] for step in timeline] == ["fired", "level_changed", "resolved"]
    assert all(step["text"]["en"] and step["text"]["zh"] for step in timeline)
    assert "decision pending" in timeline[-1]["text"]["en"]


async def test_excursions_of_a_zone_and_of_a_point(filled: WebApp) -> None:
    zone = items(await get(filled, "excursions?zone=cq-store.freezer"))
    point = items(await get(filled, "excursions?point=cq-store.freezer.door"))
    assert zone == point
    assert [(one["rule"], one["level"]) for one in zone] == [("high", "alarm")]
    assert items(await get(filled, "excursions?point=cq-store.freezer.rear")) == []


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("readings", 400, "sensor"),
        ("readings?sensor=x&limit=0", 400, "limit"),
        ("readings?sensor=x&limit=10001", 400, "limit"),
        ("readings?sensor=x&from=yesterday", 400, "from"),
        ("readings?sensor=x&from=2026-11-22T20:10:00", 400, "timezone"),
        ("readings?sensor=x&from=2026", 400, "with its zone"),
        ("readings?sensor=x&to=-0.5", 400, "with its zone"),
        ("verdicts?leg=zone:cq-store.chiller/2026/2027", 400, "2026"),
        ("alerts/kpis?from=1795376523000", 400, "with its zone"),
        ("readings?sensor=x&from=2026-11-22T20:10:00Z&to=2026-11-22T20:10:00Z", 400, "before"),
        ("readings?sensor=x&from=2020-01-01T00:00:00Z", 400, "400 days"),
        ("alerts?state=loud", 400, "state"),
        ("alerts/al_unknown", 404, "al_unknown"),
        ("excursions?zone=nowhere", 404, "nowhere"),
        ("nothing", 404, "Not Found"),
    ],
)
async def test_mistakes_are_named(filled: WebApp, path: str, status: int, message: str) -> None:
    async with filled.client() as client:
        answer = await client.get(f"{API}/{path}")
    assert answer.status_code == status
    assert answer.json().keys() == {"code", "message"}
    assert message in answer.json()["message"]


async def test_the_documentation_names_every_route_and_the_shape_of_errors(filled: WebApp) -> None:
    schema = filled.app.openapi()
    wanted = {
        "board",
        "readings",
        "excursions",
        "alerts/{alert}/acknowledge",
        "fleet/apply",
        "live",
        "gateways",
    }
    assert {f"{API}/{path}" for path in wanted} <= set(schema["paths"])
    assert not any(path.startswith("/fragments") for path in schema["paths"])
    assert set(schema["components"]["schemas"]["Failure"]["properties"]) == {"code", "message", "mistakes"}


@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("/api/v1/excursions", {"application/json", "text/csv"}),
        ("/api/v1/verdicts", {"application/json", "text/csv"}),
        ("/api/v1/compliance", {"application/json", "text/csv"}),
        ("/api/v1/alerts/kpis", {"application/json", "text/csv"}),
        ("/api/v1/audit/export", {"application/jsonl", "text/csv"}),
        ("/metrics", {"text/plain"}),
    ],
)
def test_the_documentation_names_every_form_of_an_answer(filled: WebApp, path: str, kinds: set[str]) -> None:
    answer = filled.app.openapi()["paths"][path]["get"]["responses"]["200"]
    assert set(answer["content"]) == kinds
