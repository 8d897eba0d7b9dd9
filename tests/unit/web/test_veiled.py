"""Documents for people's eyes: what opens a door is hidden, everything else stands as it was."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain_backend.web.console.veiled import HIDDEN, MAX_SHOWN, veiled, veiled_text

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text("abc 冷库0", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("xyz", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_…"),
        ("Authorization: Bearer abcdefgh.ijkl", "Authorization: Bearer …"),
        ("see https://page.example/a/eyJh.c2ln now", "see https://page.example/a/… now"),
        ("https://page.example/login#t0ken", "https://page.example/login#…"),
        ("https://robot.example/send?access_token=1&sign=2", "https://robot.example/send?…"),
        ("https://user:pass@host.example/x", "https://…host.example/x"),
        ("https://page.example/alerts/al_1", "https://page.example/alerts/al_1"),
        ("11.4 °C, tokens are fine", "11.4 °C, tokens are fine"),
    ],
)
def test_what_opens_a_door_is_hidden_in_a_text(text: str, shown: str) -> None:
    assert veiled_text(text) == shown


@pytest.mark.parametrize(
    "name",
    [
        "secret",
        "client_secret",
        "accessToken",
        "Authorization",
        "password",
        "api_key",
        "key",
        "sign-signature",
    ],
)
def test_values_of_telling_names_are_hidden(name: str) -> None:
    assert orjson.loads(veiled(orjson.dumps({"a": [{name: "topsecret"}]}).decode())) == {
        "a": [{name: HIDDEN}]
    }


@given(PLAIN)
def test_everything_else_stands_as_it_was(value: object) -> None:
    assert orjson.loads(veiled(orjson.dumps(value).decode())) == value


@given(st.text(max_size=200))
def test_any_text_is_shown_in_bounds(text: str) -> None:
    assert len(veiled(text)) <= MAX_SHOWN
