"""Tokens, sessions and one-time codes: durable, hashed, ended with what they came from."""

from __future__ import annotations

import string
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.errors import IntegrityError
from coldchain_backend.access import Grant, Purpose, Right, Role, Tokens, open_tokens
from coldchain_backend.access.grants import FILE
from coldchain_backend.access.tokens import CODE_LETTERS, CODE_MS

NOW = 1_795_376_523_000


def person(role: Role = Role.OPERATOR, expires_ms: int | None = None) -> Grant:
    return Grant(name="陈静", purpose=Purpose.PERSON, role=role, made_ms=NOW, expires_ms=expires_ms)


def test_a_token_is_known_after_a_restart_and_only_its_hash_is_kept(tmp_path: Path) -> None:
    token = open_tokens(tmp_path).issue(person())
    assert open_tokens(tmp_path).find(token, NOW) == person()
    path = tmp_path / FILE
    assert token not in path.read_text("utf-8")
    assert path.stat().st_mode & 0o777 == 0o600


def test_tokens_differ_and_a_near_miss_is_none(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    made = {tokens.issue(person()) for _ in range(20)}
    assert len(made) == 20
    some = next(iter(made))
    for wrong in (some[:-1], some + "x", some.swapcase(), "", " " + some):
        assert tokens.find(wrong, NOW) is None


@given(st.integers(min_value=-5, max_value=5))
def test_a_token_ends_at_its_instant(tmp_path_factory: pytest.TempPathFactory, by: int) -> None:
    tokens = open_tokens(tmp_path_factory.mktemp("t"))
    token = tokens.issue(person(expires_ms=NOW + 1000))
    assert (tokens.find(token, NOW + 1000 + by) is not None) == (by < 0)


def test_a_session_ends_with_the_token_it_came_from(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    token = tokens.issue(person(expires_ms=NOW + 1000))
    session = tokens.session_of(token, NOW)
    assert session is not None
    assert session != token
    found = tokens.find(session, NOW)
    assert found is not None
    assert (found.name, found.role, found.purpose) == ("陈静", Role.OPERATOR, Purpose.SESSION)
    assert tokens.find(session, NOW + 1000) is None
    tokens.revoke(Purpose.PERSON, "陈静")
    assert tokens.find(session, NOW) is None


def test_a_session_is_forgotten_alone(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    token = tokens.issue(person())
    first, second = tokens.session_of(token, NOW), tokens.session_of(token, NOW)
    assert first is not None
    assert second is not None
    tokens.forget(first)
    assert tokens.find(first, NOW) is None
    assert tokens.find(second, NOW) is not None
    assert tokens.find(token, NOW) is not None


def test_only_a_persons_token_opens_a_session(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    gateway = tokens.issue(Grant(name="gw", purpose=Purpose.GATEWAY, made_ms=NOW))
    session = tokens.session_of(tokens.issue(person()), NOW)
    assert session is not None
    assert tokens.session_of(gateway, NOW) is None
    assert tokens.session_of(session, NOW) is None
    assert tokens.session_of("wrong", NOW) is None


def test_a_code_is_good_once_for_its_name_and_a_day(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    code = tokens.issue_code("gw", NOW)
    assert len(code) == 9
    assert set(code) <= {*CODE_LETTERS, "-"}
    assert not set("01IOL") & set(CODE_LETTERS)
    assert tokens.find(code, NOW) is not None
    assert not tokens.spend_code(code, "other", NOW)
    assert not tokens.spend_code(code, "gw", NOW + CODE_MS)
    assert tokens.spend_code(f" {code.lower()} ", "gw", NOW + CODE_MS - 1)
    assert not tokens.spend_code(code, "gw", NOW)


def test_a_newer_code_voids_the_older(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    older, newer = tokens.issue_code("gw", NOW), tokens.issue_code("gw", NOW)
    elsewhere = tokens.issue_code("other", NOW)
    assert not tokens.spend_code(older, "gw", NOW)
    assert tokens.spend_code(newer, "gw", NOW)
    assert tokens.spend_code(elsewhere, "other", NOW)


def test_a_code_is_spent_by_one_of_many_who_try_at_once(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    code = tokens.issue_code("gw", NOW)
    with ThreadPoolExecutor(8) as pool:
        spent = list(pool.map(lambda _: tokens.spend_code(code, "gw", NOW), range(8)))
    assert spent.count(True) == 1


def test_a_code_is_no_persons_token(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    found = tokens.find(tokens.issue_code("gw", NOW), NOW)
    assert found is not None
    assert found.role is None


def test_revoking_counts_and_leaves_others(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    made = [tokens.issue(Grant(name="gw", purpose=Purpose.GATEWAY, made_ms=NOW)) for _ in range(3)]
    kept = tokens.issue(Grant(name="gw-2", purpose=Purpose.GATEWAY, made_ms=NOW))
    assert tokens.revoke(Purpose.GATEWAY, "gw") == 3
    assert tokens.revoke(Purpose.GATEWAY, "gw") == 0
    assert [open_tokens(tmp_path).find(token, NOW) for token in made] == [None, None, None]
    assert tokens.find(kept, NOW) is not None


def test_what_cannot_be_written_does_not_hold(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    tokens = Tokens(gone / FILE, {})
    with pytest.raises(OSError, match="gone"):
        tokens.issue(person())
    gone.mkdir()
    token = tokens.issue(person())
    assert open_tokens(gone).find(token, NOW) is not None


KING = b'{"name":"x","purpose":"king","made_ms":1,"role":null,"expires_ms":null,"parent":""}'


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"tokens":{"a":{}}}', b'{"tokens":{"a":' + KING + b"}}"]
)
def test_a_file_that_is_none_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(IntegrityError, match=FILE):
        open_tokens(tmp_path)


@given(st.text(alphabet=string.printable, max_size=60))
def test_no_text_is_a_token_by_luck(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    tokens = open_tokens(tmp_path_factory.mktemp("t"))
    tokens.issue(person())
    assert tokens.find(text, NOW) is None


def test_roles_allow_what_they_say() -> None:
    assert {role for role in Role if role.may(Right.OPERATE)} == {Role.OPERATOR, Role.QUALITY, Role.ADMIN}
    assert {role for role in Role if role.may(Right.ADMINISTER)} == {Role.ADMIN}
