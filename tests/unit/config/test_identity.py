"""The backend's own key and the administrator's token, made at the first start."""

from __future__ import annotations

from pathlib import Path

import pytest

from coldchain.errors import IntegrityError
from coldchain_backend.access import SERVER_ADMIN, Purpose, Role, open_tokens
from coldchain_backend.identity import ADMIN_TOKEN_FILE, KEY_FILE, admin_token, load_or_create_key

NOW = 1_795_376_523_000


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    key = load_or_create_key(tmp_path)
    assert load_or_create_key(tmp_path).public == key.public
    assert mode(tmp_path / KEY_FILE) == 0o600


@pytest.mark.parametrize("content", ["", "zz", "00" * 31, "不是"])
def test_a_damaged_key_is_told_and_not_replaced(tmp_path: Path, content: str) -> None:
    (tmp_path / KEY_FILE).write_text(content, encoding="utf-8")
    with pytest.raises(IntegrityError, match=KEY_FILE):
        load_or_create_key(tmp_path)
    assert (tmp_path / KEY_FILE).read_text(encoding="utf-8") == content


def test_the_admin_token_is_made_once_and_private(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    token = admin_token(tmp_path, tokens, NOW)
    assert admin_token(tmp_path, open_tokens(tmp_path), NOW) == token
    assert mode(tmp_path / ADMIN_TOKEN_FILE) == 0o600
    found = tokens.find(token, NOW)
    assert found is not None
    assert (found.name, found.role) == (SERVER_ADMIN, Role.ADMIN)


def test_a_lost_admin_token_is_replaced_and_the_old_one_void(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    old = admin_token(tmp_path, tokens, NOW)
    (tmp_path / ADMIN_TOKEN_FILE).unlink()
    new = admin_token(tmp_path, tokens, NOW)
    assert tokens.find(old, NOW) is None
    assert tokens.find(new, NOW) is not None


def test_a_revoked_admin_token_is_replaced(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    old = admin_token(tmp_path, tokens, NOW)
    tokens.revoke(Purpose.PERSON, SERVER_ADMIN)
    assert admin_token(tmp_path, tokens, NOW) != old
