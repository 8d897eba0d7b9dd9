"""Tokens and codes: known by their hash, durable, good for what they were made for and for no longer."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from coldchain.errors import IntegrityError
from coldchain_backend.access import Grant, Purpose, Role, Tokens, open_tokens
from coldchain_backend.identity import admin_token, load_or_create_key

NOW = 1_795_000_000_000
DAY = 86_400_000


def person(role: Role = Role.OPERATOR, expires_ms: int | None = None) -> Grant:
    return Grant(name="王伟", purpose=Purpose.PERSON, role=role, made_ms=NOW, expires_ms=expires_ms)


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return open_tokens(tmp_path)


def test_a_token_allows_what_it_was_made_for_also_after_a_restart(tmp_path: Path, tokens: Tokens) -> None:
    token = tokens.issue(person())
    assert tokens.find(token, NOW) == person()
    assert open_tokens(tmp_path).find(token, NOW) == person()


def test_only_the_hash_is_kept_and_only_the_owner_reads_the_file(tmp_path: Path, tokens: Tokens) -> None:
    token = tokens.issue(person())
    file = tmp_path / "access.json"
    assert token not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("wrong", ["", "x", "a" * 1000, "\0", "王伟"])
def test_a_wrong_token_allows_nothing(tokens: Tokens, wrong: str) -> None:
    tokens.issue(person())
    assert tokens.find(wrong, NOW) is None


def test_a_token_ends_at_its_time(tokens: Tokens) -> None:
    token = tokens.issue(person(expires_ms=NOW + DAY))
    assert tokens.find(token, NOW + DAY - 1) is not None
    assert tokens.find(token, NOW + DAY) is None


def test_a_session_ends_with_the_token_it_came_from(tokens: Tokens) -> None:
    token = tokens.issue(person())
    session = tokens.session_of(token, NOW)
    assert session is not None
    found = tokens.find(session, NOW)
    assert found is not None
    assert (found.name, found.role, found.purpose) == ("王伟", Role.OPERATOR, Purpose.SESSION)
    assert tokens.revoke(Purpose.PERSON, "王伟") == 1
    assert tokens.find(session, NOW) is None


def test_a_session_makes_no_further_session_and_a_machine_none_at_all(tokens: Tokens) -> None:
    session = tokens.session_of(tokens.issue(person()), NOW)
    assert session is not None
    assert tokens.session_of(session, NOW) is None
    machine = tokens.issue(Grant(name="gw", purpose=Purpose.GATEWAY, made_ms=NOW))
    assert tokens.session_of(machine, NOW) is None
    assert tokens.session_of("wrong", NOW) is None


def test_logging_out_voids_one_session_only(tokens: Tokens) -> None:
    token = tokens.issue(person())
    first, second = tokens.session_of(token, NOW), tokens.session_of(token, NOW)
    assert first is not None
    assert second is not None
    tokens.forget(first)
    assert tokens.find(first, NOW) is None
    assert tokens.find(second, NOW) is not None


def test_a_code_is_good_once_for_its_name_within_a_day(tokens: Tokens) -> None:
    code = tokens.issue_code("gw", NOW)
    assert (len(code), code[4]) == (9, "-")
    assert not tokens.spend_code(code, "other", NOW)
    assert tokens.spend_code(f" {code.lower()} ", "gw", NOW + DAY - 1)
    assert not tokens.spend_code(code, "gw", NOW)


def test_a_code_is_void_after_a_day_and_when_a_newer_one_is_made(tokens: Tokens) -> None:
    old = tokens.issue_code("gw", NOW)
    assert not tokens.spend_code(old, "gw", NOW + DAY)
    new = tokens.issue_code("gw", NOW)
    assert not tokens.spend_code(old, "gw", NOW)
    assert tokens.spend_code(new, "gw", NOW)


def test_a_spent_code_stays_spent_after_a_restart(tmp_path: Path, tokens: Tokens) -> None:
    code = tokens.issue_code("gw", NOW)
    assert tokens.spend_code(code, "gw", NOW)
    assert not open_tokens(tmp_path).spend_code(code, "gw", NOW)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"tokens": {"a": {}}}', b'{"tokens": 7}'])
def test_a_damaged_file_is_told_and_never_taken_for_an_empty_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "access.json").write_bytes(content)
    with pytest.raises(IntegrityError, match=r"access\.json"):
        open_tokens(tmp_path)


def test_a_role_that_is_not_known_is_damage(tmp_path: Path, tokens: Tokens) -> None:
    tokens.issue(person())
    file = tmp_path / "access.json"
    file.write_text(file.read_text().replace('"operator"', '"king"'))
    with pytest.raises(IntegrityError):
        open_tokens(tmp_path)


@pytest.mark.parametrize(
    ("role", "operate", "administer"),
    [
        (Role.VIEWER, False, False),
        (Role.REGULATOR, False, False),
        (Role.OPERATOR, True, False),
        (Role.QUALITY, True, False),
        (Role.ADMIN, True, True),
    ],
)
def test_roles_allow_what_they_say(role: Role, operate: bool, administer: bool) -> None:  # noqa: FBT001 - a table
    assert (role.may_operate, role.may_administer) == (operate, administer)


def test_the_administrators_token_is_made_once_and_again_when_its_file_is_lost(
    tmp_path: Path, tokens: Tokens
) -> None:
    first = admin_token(tmp_path, tokens, NOW)
    assert admin_token(tmp_path, tokens, NOW) == first
    assert stat.S_IMODE((tmp_path / "admin-token").stat().st_mode) == 0o600
    (tmp_path / "admin-token").unlink()
    second = admin_token(tmp_path, tokens, NOW)
    assert tokens.find(first, NOW) is None
    found = tokens.find(second, NOW)
    assert found is not None
    assert found.role is Role.ADMIN


def test_the_backends_key_stays_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    key = load_or_create_key(tmp_path)
    assert load_or_create_key(tmp_path).public == key.public
    file = tmp_path / "backend.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text("nothing")
    with pytest.raises(IntegrityError, match="restore it"):
        load_or_create_key(tmp_path)


def test_the_file_says_its_format(tmp_path: Path, tokens: Tokens) -> None:
    tokens.issue(person())
    assert json.loads((tmp_path / "access.json").read_text())["format"] == 1
