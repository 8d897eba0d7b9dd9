"""No route reads more than it takes, whoever asks: what goes on and on is refused while it comes."""

from collections.abc import AsyncIterator

import pytest

from coldchain_backend.access import Role
from coldchain_backend.web.bodies import LARGER, MAX_FLEET, MAX_JSON
from support.web_app import WebApp

PART = b" " * (1 << 18)
OPEN = ["/api/v1/session", "/api/v1/gateways/enroll"]
"""Routes that anybody may ask."""
READING = [
    "/api/v1/fleet/diff",
    "/api/v1/tokens",
    "/api/v1/users",
    "/api/v1/windows",
    "/api/v1/deliveries/replay",
    "/api/v1/alerts/x/comment",
    "/api/v1/gateways/codes",
]


class Endless:
    """A body that never ends, and how much of it was read."""

    def __init__(self) -> None:
        self.read = 0

    async def parts(self) -> AsyncIterator[bytes]:
        while self.read < 1 << 26:
            self.read += len(PART)
            yield PART


@pytest.mark.parametrize("path", READING)
async def test_a_route_that_reads_a_body_stops_at_its_bound(web: WebApp, path: str) -> None:
    async with web.client(Role.ADMIN) as client:
        body = Endless()
        answer = await client.post(path, content=body.parts(), headers={"Content-Type": "application/json"})
    bound = next((most for begin, most in LARGER.items() if path.startswith(begin)), MAX_JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "request too large")
    assert body.read <= bound + 2 * len(PART)


@pytest.mark.parametrize("path", OPEN)
async def test_nobody_needs_to_be_known_to_be_refused(web: WebApp, path: str) -> None:
    async with web.client(None) as client:
        body = Endless()
        answer = await client.post(path, content=body.parts(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert body.read <= MAX_JSON + 2 * len(PART)


async def test_a_fleet_file_of_the_greatest_length_is_read_in_letters_of_six_bytes(web: WebApp) -> None:
    async with web.client(Role.ADMIN) as client:
        answer = await client.post("/api/v1/fleet/diff", json={"text": "库" * MAX_FLEET})
    assert answer.status_code == 400
    assert answer.json()["mistakes"]
