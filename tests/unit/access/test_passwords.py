"""Passwords: which are good enough, how they are hashed, and that nobody's takes as long as somebody's."""

from __future__ import annotations

import time

import pytest
from argon2 import Type, extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from coldchain.errors import InvalidInput
from coldchain_backend.access import Cost, Passwords, check_password

CHEAP = Passwords(Cost(passes=1, memory_kib=8, lanes=1))
GOOD = "truck rolls at dawn"


def test_the_product_hashes_as_rfc_9106_says() -> None:
    hashed = Passwords(Cost()).hashed(GOOD)
    said = extract_parameters(hashed)
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert (said.type, said.memory_cost, said.time_cost, said.parallelism) == (Type.ID, 65_536, 3, 4)
    assert (said.hash_len, said.salt_len) == (32, 16)


def test_a_password_opens_its_own_hash_only() -> None:
    hashed = CHEAP.hashed(GOOD)
    assert GOOD not in hashed
    assert CHEAP.good(hashed, GOOD)
    assert not CHEAP.good(hashed, GOOD + " ")
    assert hashed != CHEAP.hashed(GOOD), "each has its own salt"


def test_the_same_letters_typed_in_another_way_are_the_same_password() -> None:
    assert CHEAP.good(CHEAP.hashed("caf\u00e9 au lait noir"), "cafe\u0301 au lait noir")


@pytest.mark.parametrize("hashed", [None, "", "plain", "$argon2id$v=19$m=8,t=1,p=1$x$y"])
def test_what_is_no_hash_is_opened_by_nothing(hashed: str | None) -> None:
    assert not CHEAP.good(hashed, "nobody has this password")
    assert not CHEAP.good(hashed, "")


def test_a_hash_of_older_parameters_is_noticed() -> None:
    hashed = CHEAP.hashed(GOOD)
    assert not CHEAP.outdated(hashed)
    assert Passwords(Cost(passes=2, memory_kib=8, lanes=1)).outdated(hashed)


@pytest.mark.parametrize("cost", [Cost(), Cost(passes=1, memory_kib=8, lanes=1)])
def test_making_passwords_hashes_none_before_it_is_asked(cost: Cost, monkeypatch: pytest.MonkeyPatch) -> None:
    hashes: list[object] = []
    monkeypatch.setattr("argon2.PasswordHasher.hash", lambda self, password: hashes.append(password))
    Passwords(cost)
    assert not hashes, "a start of the server would wait a quarter of a second for it"


def test_what_stands_for_nobody_costs_what_a_hash_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    cheap = Cost(passes=1, memory_kib=8, lanes=1)
    hashed = CHEAP.hashed(GOOD)
    monkeypatch.setattr(
        "argon2.PasswordHasher.verify", lambda self, hashed, password: asked.append(str(hashed))
    )
    Passwords(cheap).good(None, GOOD)
    assert extract_parameters(asked[0]) == extract_parameters(hashed)
    assert not CHEAP.outdated(asked[0])


def test_nobodys_password_takes_as_long_as_somebodys() -> None:
    passwords = Passwords(Cost(passes=2, memory_kib=4096, lanes=1))
    hashed = passwords.hashed(GOOD)

    def seconds(of: str | None) -> float:
        times = []
        for _ in range(7):
            start = time.process_time()
            passwords.good(of, "some other password")
            times.append(time.process_time() - start)
        return min(times)

    assert 0.5 < seconds(None) / seconds(hashed) < 2


@pytest.mark.parametrize(
    "password", [GOOD, "一二三四五六七八九十冬天", "1790 3311 8264", "x7" * 3 + " or so much"]
)
def test_good_passwords(password: str) -> None:
    check_password(password, "wang.li")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "12 to 128"),
        ("x" * 5 + "y" * 124, "12 to 128"),
        ("aaaabbbbcccc", "different"),
        ("Wang.Li-wang.li", "own id"),
        ("Password12345!", "first that anybody"),
        ("123456789012", "first that anybody"),
        ("098765432109", "first that anybody"),
        ("qwertyuiopas", "first that anybody"),
        ("ABCDEFGHIJKLM", "first that anybody"),
    ],
)
def test_bad_passwords_are_told_why(password: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why) as caught:
        check_password(password, "wang.li")
    assert password not in str(caught.value)


@given(st.text(max_size=200))
def test_any_text_is_taken_or_refused_by_its_length_at_least(password: str) -> None:
    try:
        check_password(password, "wang.li")
    except InvalidInput:
        return
    assert len(password) >= 12
