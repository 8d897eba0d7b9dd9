"""Links and codes: bound to alert, receiver, organisation and time; nothing that was changed is read."""

from __future__ import annotations

import stat
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain.errors import IntegrityError, InvalidInput
from coldchain_backend.access import LinkFault, Links, Ticket
from coldchain_backend.access.links import CODE_STEP_MS, CODE_STEPS, LINK_MS
from coldchain_backend.access.tokens import CODE_LETTERS
from coldchain_backend.identity import LINKS_KEY_FILE, load_or_create_links_key
from support.soak import rounds

NOW = 1_795_376_523_000
HOUR = 3_600_000
KEY = bytes(range(32))
ALERT = "al_0123456789abcdef0123"
LINKS = Links(KEY, "demo", "https://cold.example/")
NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30)


def token_of(url: str) -> str:
    return url.removeprefix("https://cold.example/a/")


def test_a_link_leads_to_its_alert_and_receiver_for_a_day() -> None:
    link = LINKS.acknowledge(ALERT, "调度", NOW)
    wanted = Ticket(alert=ALERT, receiver="调度", expires_ms=NOW + LINK_MS)
    assert LINKS.read(token_of(link.url), NOW) == wanted
    assert LINKS.read(token_of(link.url), NOW + LINK_MS - 1) == wanted
    assert LINKS.read(token_of(link.url), NOW + LINK_MS) is LinkFault.EXPIRED
    assert link.code_url == "https://cold.example/c"


def test_a_link_fits_into_a_message_and_needs_no_escaping() -> None:
    link = LINKS.acknowledge(ALERT, "dispatch-chongqing", NOW)
    assert len(link.url) < 140
    assert set(token_of(link.url)) <= set(string.ascii_letters + string.digits + "-_.")


@settings(max_examples=rounds(25, 2000))
@given(alert=NAMES, receiver=NAMES, expires_ms=st.integers(NOW + 1, NOW + 10**12))
def test_what_was_signed_is_read_back(alert: str, receiver: str, expires_ms: int) -> None:
    ticket = Ticket(alert=alert, receiver=receiver, expires_ms=expires_ms)
    token = LINKS.token(ticket)
    if len(token) <= 400:
        assert LINKS.read(token, NOW) == ticket


@settings(max_examples=rounds(25, 4000))
@given(data=st.data())
def test_a_changed_link_is_forged(data: st.DataObject) -> None:
    token = token_of(LINKS.acknowledge(ALERT, "dispatch", NOW).url)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from(string.ascii_letters + string.digits + "-_.=%"))
    changed = token[:at] + other + token[at + 1 :]
    if changed != token:
        assert LINKS.read(changed, NOW) is LinkFault.FORGED
    assert LINKS.read(token[:at], NOW) is LinkFault.FORGED


@given(st.text(max_size=60))
def test_any_text_is_refused_politely(text: str) -> None:
    assert LINKS.read(text, NOW) is LinkFault.FORGED
    assert LINKS.find(text, [], NOW) is None


@pytest.mark.parametrize("links", [
    Links(bytes(32), "demo", "https://cold.example"), Links(KEY, "other", "https://cold.example"),
])  # fmt: skip
def test_another_key_or_organisation_makes_no_link_of_ours(links: Links) -> None:
    link = links.acknowledge(ALERT, "dispatch", NOW)
    assert LINKS.read(token_of(link.url), NOW) is LinkFault.FORGED
    assert LINKS.find(link.code, [(ALERT, "dispatch")], NOW) is None


def test_names_cannot_run_into_each_other() -> None:
    with pytest.raises(InvalidInput):
        LINKS.token(Ticket(alert="a\0b", receiver="c", expires_ms=NOW))
    with pytest.raises(InvalidInput):
        LINKS.token(Ticket(alert="a", receiver="", expires_ms=NOW))


TOLD = [(f"al_{n:020x}", name) for n in range(40) for name in ("dispatch", "night")]


@pytest.mark.parametrize("typed", ["{code}", " {lower} ", "{head}-{tail}", "{head} {tail}", "{head}–{tail}"])
def test_a_code_is_found_however_it_is_typed(typed: str) -> None:
    code = LINKS.acknowledge(*TOLD[17], NOW).code
    given_text = typed.format(code=code, lower=code.lower(), head=code[:4], tail=code[4:])
    found = LINKS.find(given_text, TOLD, NOW)
    assert found is not None
    assert (found.alert, found.receiver) == TOLD[17]
    assert NOW < found.expires_ms <= NOW + LINK_MS


@pytest.mark.parametrize("into_step", [0, 1, CODE_STEP_MS - 1])
def test_a_code_holds_for_at_least_a_day_and_at_most_thirty_hours(into_step: int) -> None:
    made = NOW - NOW % CODE_STEP_MS + into_step
    code = LINKS.acknowledge(*TOLD[0], made).code
    assert LINKS.find(code, TOLD, made + 24 * HOUR) is not None
    assert LINKS.find(code, TOLD, made + 30 * HOUR) is None


def test_a_link_made_from_a_code_ends_with_the_code() -> None:
    made = NOW - NOW % CODE_STEP_MS
    code = LINKS.acknowledge(*TOLD[0], made).code
    late = LINKS.find(code, TOLD, made + 29 * HOUR)
    assert late is not None
    assert late.expires_ms == made + CODE_STEPS * CODE_STEP_MS


def test_a_code_of_an_alert_that_is_not_asked_about_leads_nowhere() -> None:
    code = LINKS.acknowledge(ALERT, "dispatch", NOW).code
    assert LINKS.find(code, TOLD, NOW) is None


def test_codes_differ_and_use_letters_that_are_not_mistaken() -> None:
    codes = {LINKS.acknowledge(*one, NOW + step * CODE_STEP_MS).code for one in TOLD for step in range(5)}
    assert len(codes) == len(TOLD) * 5
    assert {len(code) for code in codes} == {8}
    assert set("".join(codes)) <= set(CODE_LETTERS)
    assert not set(CODE_LETTERS) & set("01IO")


def test_the_key_is_made_once_and_only_the_owner_may_read_it(tmp_path: Path) -> None:
    key = load_or_create_links_key(tmp_path)
    assert len(key) == 32
    assert load_or_create_links_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / LINKS_KEY_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", ["", "xyz", "00" * 31, "00" * 33])
def test_a_damaged_key_is_told_and_not_replaced(tmp_path: Path, damage: str) -> None:
    (tmp_path / LINKS_KEY_FILE).write_text(damage)
    with pytest.raises(IntegrityError, match=r"links\.key"):
        load_or_create_links_key(tmp_path)
    assert (tmp_path / LINKS_KEY_FILE).read_text() == damage


def test_a_key_of_another_size_signs_nothing() -> None:
    with pytest.raises(InvalidInput):
        Links(b"short", "demo", "")
