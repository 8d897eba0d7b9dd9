"""Enrolment, token and pinned key."""

import json
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from coldchain.errors import Refused, Unavailable
from coldchain.seal import Key, encode_public
from coldchain_gateway.uplink import Connection, Endpoint, PinnedKey, TokenFile, enrol, save
from coldchain_gateway.uplink.connection import Answer
from coldchain_runtime.clock import SystemClock

KEY = Key.from_seed(bytes(32))
BACKEND = Key.from_seed(b"b" * 32)
GOOD = {
    "organisation": "demo",
    "gateway": "gw-1",
    "token": "sesame-open",
    "backend_public_key": encode_public(BACKEND.public),
}


class Desk(Connection):
    """Gives one answer and keeps what it was asked."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(Endpoint.parse("http://127.0.0.1:9"), SystemClock(), lambda: None)
        self._answer = Answer(status=status, headers={}, body=body, sent_boot_ms=0, received_boot_ms=1)
        self.asked: dict[str, str] = {}

    def request(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        assert (method, path) == ("POST", "/api/v1/gateways/enroll")
        self.asked = json.loads(body or b"{}")
        return self._answer


def test_a_good_code_gives_a_token_that_nobody_else_can_read(tmp_path: Path) -> None:
    desk = Desk(200, json.dumps(GOOD).encode())
    enrolled = enrol(desk, KEY, "gw-1", "K7QD-92MF")
    assert desk.asked == {"code": "K7QD-92MF", "name": "gw-1", "public_key": encode_public(KEY.public)}
    assert "sesame" not in repr(enrolled)
    token = tmp_path / "token"
    save(enrolled, tmp_path, token)
    assert TokenFile(token)() == "sesame-open"
    assert PinnedKey(tmp_path).fingerprint() == BACKEND.fingerprint
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (403, b"{}", Refused),
        (404, b"", Refused),
        (429, b"", Unavailable),
        (502, b"<html>", Unavailable),
        (200, b"<html>", Unavailable),
        (200, b"[]", Unavailable),
        (200, json.dumps(GOOD | {"backend_public_key": "short"}).encode(), Unavailable),
    ],
)
def test_anything_else_is_an_error_that_says_what_to_do(
    status: int, body: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        enrol(Desk(status, body), KEY, "gw-1", "code")


def test_a_refused_code_is_told_in_words_not_as_the_backends_answer() -> None:
    with pytest.raises(
        Refused, match=r"^the code is wrong, used up, older than a day, or not for .* 'gw-1'$"
    ):
        enrol(Desk(403, b'{"code":"forbidden","message":"Forbidden"}'), KEY, "gw-1", "K7QD-92MF")


def test_no_token_is_none_until_there_is_one(tmp_path: Path) -> None:
    token = TokenFile(tmp_path / "token")
    assert token() is None
    (tmp_path / "token").write_text("\n")
    assert token() is None
    (tmp_path / "token").write_text("abc\n")
    assert token() == "abc"


@pytest.mark.parametrize("damage", ["", "not base64!", "AAAA"])
def test_a_damaged_pin_is_no_pin(tmp_path: Path, damage: str) -> None:
    (tmp_path / "backend.key").write_text(damage)
    assert PinnedKey(tmp_path).fingerprint() is None
