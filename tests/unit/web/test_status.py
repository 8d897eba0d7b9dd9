"""/api/v1/status: lag, counts, sizes and the forecast, for whoever may look."""

from coldchain_backend.access import Role
from support.web_app import ROOM, WebApp


async def test_it_tells_lag_counts_and_sizes(filled: WebApp) -> None:
    async with filled.client(Role.REGULATOR) as client:
        answer = await client.get("/api/v1/status")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["lag_records"], found["records"]) == (0, filled.log.ledger.end)
    assert found["points"] == sum(1 for _ in filled.book.fleet.plan.places())
    assert (found["series_bytes"], found["grows"]) == (ROOM.series, ROOM.grows)
    assert found["not_well"] == {
        part.name: part.why for part in filled.app.state.services.vitals() if not part.ok
    }
    assert (found["disk_free"], found["days_until_full"]) == (ROOM.disk_free, ROOM.days_until_full)


async def test_a_stranger_is_told_nothing(filled: WebApp) -> None:
    async with filled.client(None) as client:
        assert (await client.get("/api/v1/status")).status_code == 401
