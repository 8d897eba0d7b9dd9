"""`user …`: what is asked of the server, and what a person sees of its answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from coldchain.errors import InvalidInput
from coldchain_backend import cli
from support.cli_home import cli_home

WANG = {
    "id": "wang.li", "name": {"en": "Wang Li", "zh": "王丽"}, "language": "zh", "email": "",
    "mobile": "13800000000", "phone": "", "role": None, "disabled": False, "has_password": False,
}  # fmt: skip
ASKED: list[tuple[str, str, object]] = []
GOOD = "truck rolls at dawn"


@pytest.fixture(autouse=True)
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def answer(method: str, url: str, *, json: object, **how: object) -> httpx.Response:
        path = httpx.URL(url).path
        ASKED.append((method, path, json))
        listed = {"items": [WANG, {**WANG, "id": "gone", "disabled": True}], "next": None}
        return httpx.Response(200, json=listed if path == "/api/v1/users" and method == "GET" else WANG)

    cli_home(tmp_path, monkeypatch, answer)
    yield
    ASKED.clear()


def user(*words: str, given: str | None = None) -> Result:
    return CliRunner().invoke(cli.app, ["user", *words], input=given)


def test_adding_says_only_what_was_said() -> None:
    told = user("add", "wang.li", "--zh", "王丽", "--mobile", "13800000000", "--language", "zh")
    wish = {"id": "wang.li", "name_zh": "王丽", "mobile": "13800000000", "language": "zh"}
    assert [("POST", "/api/v1/users", {**wish, "role": None, "reason": ""})] == ASKED
    assert "cannot log in" in told.output


def test_editing_takes_away_what_is_said_to_be_nothing() -> None:
    user("edit", "wang.li", "--email", "", "--no-role", "--reason", "left")
    assert ASKED == [("PATCH", "/api/v1/users/wang.li", {"email": "", "role": None, "reason": "left"})]


@pytest.mark.parametrize(
    ("words", "why"), [(("--no-role", "--role", "admin"), "not both"), ((), "nothing to change")]
)
def test_a_wish_that_says_nothing_or_too_much_is_refused(words: tuple[str, ...], why: str) -> None:
    result = user("edit", "wang.li", *words)
    assert isinstance(result.exception, InvalidInput)
    assert why in str(result.exception)
    assert ASKED == []


def test_disabling_and_back() -> None:
    assert "wang.li is disabled" in user("disable", "wang.li").output
    assert "wang.li is enabled" in user("disable", "wang.li", "--undo").output
    assert [body for _, _, body in ASKED] == [
        {"disabled": True, "reason": ""}, {"disabled": False, "reason": ""},
    ]  # fmt: skip


def test_a_password_comes_from_standard_input_and_is_not_shown() -> None:
    told = user("password", "wang.li", given=f"{GOOD}\n")
    assert ASKED == [("PUT", "/api/v1/users/wang.li/password", {"password": GOOD, "reason": ""})]
    assert GOOD not in told.output
    user("password", "wang.li", "--remove")
    assert ASKED[-1][2] == {"password": None, "reason": ""}


def test_everybody_is_listed_in_a_table() -> None:
    lines = user("list").output.splitlines()
    assert len(lines) == 3
    assert "Wang Li / 王丽" in lines[1]
    assert ("told only" in lines[1], "disabled" in lines[2]) == (True, True)


def test_one_is_shown() -> None:
    told = user("show", "wang.li").output
    assert "name: Wang Li / 王丽" in told
    assert "email: -" in told


def test_the_help_has_examples() -> None:
    assert "Examples" in user("--help").output
