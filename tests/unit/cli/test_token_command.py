"""`token …`: what is asked of the server, and what a person sees, once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from coldchain.errors import InvalidInput
from coldchain_backend import cli
from support.cli_home import cli_home

ASKED: list[tuple[str, str, object]] = []
LINK = "http://127.0.0.1:8080/login#new-token"
ITEMS = [
    {
        "id": "3f9a0c12be77", "person": "wang.li", "gateway": None, "role": "operator", "bound": True,
        "label": "wall screen", "made": "2026-11-24T02:40:00.000Z", "expires": "2027-11-24T02:40:00.000Z",
        "used": "2026-11-25T08:15:00.000Z",
    },
    {
        "id": "77be120c9a3f", "person": None, "gateway": "truck-1", "role": None, "bound": False,
        "label": "", "made": "2026-11-24T02:40:00.000Z", "expires": None, "used": None,
    },
]  # fmt: skip


@pytest.fixture(autouse=True)
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def answer(method: str, url: str, *, json: object, **how: object) -> httpx.Response:
        path = httpx.URL(url).path
        ASKED.append((method, path, json))
        if method == "DELETE":
            return httpx.Response(204)
        if path.endswith("/revoke"):
            return httpx.Response(200, json={"tokens": 3})
        if method == "GET":
            return httpx.Response(200, json={"items": ITEMS})
        machine = isinstance(json, dict) and json.get("gateway")
        made = {"token": "new-token", "link": None if machine else LINK}
        return httpx.Response(200, json={**made, "old_until": "2026-11-26T02:40:00.000Z"})

    cli_home(tmp_path, monkeypatch, answer)
    yield
    ASKED.clear()


def token(*words: str) -> Result:
    return CliRunner().invoke(cli.app, ["token", *words])


def test_a_users_token_leaves_the_role_to_the_user() -> None:
    told = token("create", "--person", "wang.li", "--label", "wall screen")
    wish = {"person": "wang.li", "role": None, "gateway": None, "days": None, "label": "wall screen"}
    assert [("POST", "/api/v1/tokens", wish)] == ASKED
    assert told.output.strip() == f"login link of wang.li, shown once: {LINK}"


def test_a_machines_token_is_shown_itself() -> None:
    assert token("create", "--gateway", "truck-1").output.strip() == "token of truck-1, shown once: new-token"


def test_the_list_says_of_each_what_it_is_for_and_when_it_was_used() -> None:
    lines = token("list").output.splitlines()
    assert len(lines) == 3
    for part in (
        "3f9a0c12be77",
        "wang.li",
        "operator",
        "wall screen",
        "2027-11-24 02:40",
        "2026-11-25 08:15",
    ):
        assert part in lines[1], part
    for part in ("77be120c9a3f", "truck-1", "writes", "revoked", "never"):
        assert part in lines[2], part


def test_renewing_says_until_when_the_old_one_is_good() -> None:
    told = token("renew", "3f9a0c12be77", "--overlap-hours", "48")
    assert ASKED == [("POST", "/api/v1/tokens/3f9a0c12be77/renew", {"overlap_hours": 48.0})]
    assert told.output.splitlines() == [
        f"new login link, shown once: {LINK}",
        "the old one is good until 2026-11-26T02:40:00.000Z",
    ]


@pytest.mark.parametrize("hours", ["-1", "721", "soon"])
def test_an_overlap_that_cannot_be_is_refused_before_anything_is_asked(hours: str) -> None:
    assert token("renew", "3f9a0c12be77", "--overlap-hours", hours).exit_code == 2
    assert ASKED == []


def test_one_is_voided_or_all_of_somebody() -> None:
    assert token("revoke", "3f9a0c12be77").output == "token 3f9a0c12be77 is void\n"
    assert token("revoke", "--person", "wang.li").output == "3 tokens of wang.li are void\n"
    assert token("revoke", "--gateway", "truck-1").output == "3 tokens of truck-1 are void\n"
    assert [(method, path) for method, path, _ in ASKED] == [
        ("DELETE", "/api/v1/tokens/3f9a0c12be77"),
        ("POST", "/api/v1/tokens/revoke"),
        ("POST", "/api/v1/tokens/revoke"),
    ]


@pytest.mark.parametrize(
    "words", [(), ("3f9a0c12be77", "--person", "wang.li"), ("--person", "a", "--gateway", "b")]
)
def test_what_is_meant_is_named_once(words: tuple[str, ...]) -> None:
    result = token("revoke", *words)
    assert isinstance(result.exception, InvalidInput)
    assert ASKED == []


def test_the_help_has_examples() -> None:
    assert "Examples" in token("--help").output
