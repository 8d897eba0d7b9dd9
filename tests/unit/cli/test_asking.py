"""What commands make of the server's answers, by what the person can do about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from coldchain.errors import ConfigError, InvalidInput, Refused, Unavailable
from coldchain_backend import cli
from coldchain_backend.cli.context import Context
from coldchain_backend.identity import ADMIN_TOKEN_FILE
from support.cli_home import cli_home

ANSWERS: dict[str, httpx.Response] = {}
"""Path → what the server says."""
ASKED: list[tuple[str, str, str]] = []


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A configuration with an admin token, and a server that answers from a table."""

    def answer(method: str, url: str, *, headers: dict[str, str], **how: object) -> httpx.Response:
        path = httpx.URL(url).path
        ASKED.append((method, path, headers["Authorization"]))
        return ANSWERS.get(path, httpx.Response(404, json={"code": "not found", "message": "nothing here"}))

    cli_home(tmp_path, monkeypatch, answer)
    yield tmp_path
    ANSWERS.clear()
    ASKED.clear()


def ask(folder: Path) -> dict[str, object]:
    return Context(config=folder / "backend.toml").ask("GET", "/x")


def test_the_admin_token_goes_with_every_question(folder: Path) -> None:
    ANSWERS["/x"] = httpx.Response(200, json={"fine": True})
    assert ask(folder) == {"fine": True}
    assert ASKED == [("GET", "/x", "Bearer secret-token")]


def test_an_empty_answer_is_an_empty_object(folder: Path) -> None:
    ANSWERS["/x"] = httpx.Response(204)
    assert ask(folder) == {}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidInput),
        (409, InvalidInput),
        (401, Refused),
        (403, Refused),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
def test_failures_are_told_by_their_remedy(folder: Path, status: int, kind: type[Exception]) -> None:
    ANSWERS["/x"] = httpx.Response(status, json={"code": "x", "message": "because of the rain"})
    with pytest.raises(kind, match="because of the rain"):
        ask(folder)


@pytest.mark.parametrize("content", [b"<html>", b"[1]", b"\xff"])
def test_what_is_no_answer_is_told(folder: Path, content: bytes) -> None:
    ANSWERS["/x"] = httpx.Response(200, content=content)
    with pytest.raises((Unavailable, InvalidInput)):
        ask(folder)


def test_mistakes_of_a_file_come_back_as_they_are(folder: Path) -> None:
    mistakes = [{"file": "f.yaml", "line": line, "key": "k", "message": f"m{line}"} for line in (3, 9)]
    ANSWERS["/x"] = httpx.Response(400, json={"code": "x", "message": "m", "mistakes": mistakes})
    with pytest.raises(ConfigError) as caught:
        ask(folder)
    assert str(caught.value) == "f.yaml:3: k: m3\nf.yaml:9: k: m9"


def test_without_an_admin_token_it_is_said_where_it_should_be(folder: Path) -> None:
    (folder / "data" / ADMIN_TOKEN_FILE).unlink()
    with pytest.raises(Refused, match="no admin token"):
        ask(folder)


def run(folder: Path, *words: str) -> str:
    result = CliRunner().invoke(cli.app, ["--config", str(folder / "backend.toml"), *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_a_persons_token_is_shown_as_a_link(folder: Path) -> None:
    link = "http://127.0.0.1:8080/login#abc"
    ANSWERS["/api/v1/tokens"] = httpx.Response(200, json={"token": "abc", "link": link})
    assert run(folder, "token", "create", "--person", "陈静", "--role", "operator").strip().endswith(link)


def test_a_gateways_token_is_shown_once(folder: Path) -> None:
    ANSWERS["/api/v1/tokens"] = httpx.Response(200, json={"token": "abc", "link": None})
    assert "abc" in run(folder, "token", "create", "--gateway", "gw")


def test_gateways_are_listed_admitted_and_revoked(folder: Path) -> None:
    item = {"name": "gw", "key": None, "revoked": False, "heard": None}
    ANSWERS["/api/v1/gateways"] = httpx.Response(200, json={"items": [item]})
    ANSWERS["/api/v1/gateways/codes"] = httpx.Response(200, json={"code": "K7QD-92MF"})
    ANSWERS["/api/v1/gateways/gw/revoke"] = httpx.Response(200, json={"gateway": "gw", "keys": ["0a29"]})
    assert "gw  not enrolled  heard never" in run(folder, "gateways", "list")
    assert "K7QD-92MF" in run(folder, "gateways", "code", "gw")
    assert "gw is revoked: 0a29" in run(folder, "gateways", "revoke", "gw", "--reason", "stolen")
    since = ("--from", "2026-11-03T22:00+08:00")
    assert "gw is revoked" in run(folder, "gateways", "revoke", "gw", "--reason", "stolen", *since)
