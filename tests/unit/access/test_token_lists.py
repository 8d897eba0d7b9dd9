"""Tokens over time: listed, renewed with an overlap, voided alone, last used, sessions bounded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.errors import Refused
from coldchain_backend.access import SERVER_ADMIN, Grant, Purpose, Role, open_tokens
from coldchain_backend.access.grants import FILE, IDLE_MS
from coldchain_backend.access.tokens import MAX_SESSIONS, SESSION_MS

NOW = 1_795_376_523_000
HOUR, DAY = 3_600_000, 86_400_000
GRANT = Grant(name="tool", purpose=Purpose.GATEWAY, made_ms=NOW)


def of(name: str, person: str = "", role: Role = Role.OPERATOR) -> Grant:
    return Grant(name=name, person=person, purpose=Purpose.PERSON, role=role, made_ms=NOW)


@given(
    overlap=st.integers(0, 30 * DAY),
    after=st.integers(0, 40 * DAY),
    life=st.none() | st.integers(1, 400 * DAY),
)
def test_old_and_new_are_both_good_for_the_overlap_and_not_longer(
    tmp_path_factory: pytest.TempPathFactory, overlap: int, after: int, life: int | None
) -> None:
    tokens = open_tokens(tmp_path_factory.mktemp("t"))
    old = tokens.issue(replace(GRANT, expires_ms=None if life is None else NOW + life))
    id, _ = tokens.listed(Purpose.GATEWAY)[0]
    made = tokens.rotate(id, NOW, overlap)
    assert made is not None
    new, grant = made
    within = life is None or after < life
    assert (tokens.find(new, NOW + after) is not None) == within
    assert (tokens.find(old, NOW + after) is not None) == (within and after < overlap)
    assert grant == replace(GRANT, expires_ms=None if life is None else NOW + life)


def test_a_renewed_token_lives_as_long_again(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    tokens.issue(replace(GRANT, expires_ms=NOW + 10 * DAY))
    id, _ = tokens.listed(Purpose.GATEWAY)[0]
    made = tokens.rotate(id, NOW + 9 * DAY, DAY // 2)
    assert made is not None
    assert made[1].expires_ms == NOW + 19 * DAY
    assert [one.expires_ms for _, one in tokens.listed(Purpose.GATEWAY)] == [
        NOW + 19 * DAY,
        NOW + 9 * DAY + DAY // 2,
    ]


def test_what_is_over_or_a_session_is_not_renewed(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    session = tokens.open_session("wang.li", "password", NOW)
    tokens.issue(replace(GRANT, expires_ms=NOW + 1))
    id, _ = tokens.listed(Purpose.GATEWAY)[0]
    assert tokens.rotate(id, NOW + 1, DAY) is None
    assert tokens.rotate(tokens.id_of(session), NOW, DAY) is None
    assert tokens.rotate("0" * 12, NOW, DAY) is None
    assert tokens.rotate("", NOW, DAY) is None


def test_one_token_is_voided_alone_with_its_sessions(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    one, other = tokens.issue(of("wang.li")), tokens.issue(of("wang.li"))
    session, kept = tokens.session_of(one, NOW), tokens.session_of(other, NOW)
    assert session is not None
    assert kept is not None
    gone = tokens.drop(tokens.id_of(one))
    assert gone is not None
    assert gone.name == "wang.li"
    again = open_tokens(tmp_path)
    assert [again.find(token, NOW) is None for token in (one, session, other, kept)] == [
        True,
        True,
        False,
        False,
    ]
    assert tokens.drop(tokens.id_of(one)) is None
    assert tokens.drop("") is None


def test_it_is_known_when_a_token_was_last_used_also_after_a_restart(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    token = tokens.issue(GRANT)
    assert tokens.listed(Purpose.GATEWAY)[0][1].used_ms is None
    tokens.find(token, NOW + HOUR)
    tokens.find("wrong", NOW + 2 * HOUR)
    assert tokens.listed(Purpose.GATEWAY)[0][1].used_ms == NOW + HOUR
    before = (tmp_path / FILE).read_bytes()
    tokens.settle(NOW + HOUR)
    assert open_tokens(tmp_path).listed(Purpose.GATEWAY)[0][1].used_ms == NOW + HOUR
    assert (tmp_path / FILE).read_bytes() != before
    written = (tmp_path / FILE).read_bytes()
    tokens.find(token, NOW + HOUR + 30_000)
    tokens.settle(NOW + HOUR + 30_000)
    assert (tmp_path / FILE).read_bytes() == written, "to the minute is enough for the disk"


def test_sessions_of_one_person_are_bounded_and_the_oldest_goes(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    made = [tokens.open_session("wang.li", "password", NOW + n) for n in range(MAX_SESSIONS + 3)]
    hers = tokens.open_session("chen.jing", "password", NOW)
    good = [tokens.find(session, NOW + 100) is not None for session in made]
    assert good == [False] * 3 + [True] * MAX_SESSIONS
    assert tokens.find(hers, NOW + 100) is not None


def test_a_session_ends_when_unused_or_old_and_is_let_go_of(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    idle, used = (tokens.open_session("wang.li", "password", NOW) for _ in range(2))
    for day in range(1, SESSION_MS // DAY):
        assert tokens.find(used, NOW + day * DAY) is not None
        tokens.settle(NOW + day * DAY)
    assert tokens.find(idle, NOW + IDLE_MS) is None
    assert len(tokens.listed(Purpose.SESSION)) == 1
    assert tokens.find(used, NOW + SESSION_MS) is None
    tokens.settle(NOW + SESSION_MS)
    assert tokens.listed(Purpose.SESSION) == []


def test_a_users_links_end_with_the_user_the_servers_own_token_never(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    server = tokens.issue(of(SERVER_ADMIN, role=Role.ADMIN))
    users = [tokens.issue(of("wang.li", person="wang.li")), tokens.issue(of("wang.li"))]
    users += [tokens.open_session("wang.li", "password", NOW)]
    machine = tokens.issue(replace(GRANT, name="wang.li"))
    bound = tokens.issue(of("admin", person="admin"))
    assert tokens.revoke_person("wang.li") == 3
    assert tokens.revoke_person("admin") == 1
    assert [tokens.find(one, NOW) is None for one in [*users, bound]] == [True] * 4
    assert tokens.find(server, NOW) is not None
    assert tokens.find(machine, NOW) is not None


def test_other_sessions_end_and_the_own_one_stays(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    own, other = (tokens.open_session("wang.li", "password", NOW) for _ in range(2))
    link = tokens.issue(of("wang.li", person="wang.li"))
    assert tokens.end_sessions("wang.li", but=own) == 1
    assert [tokens.find(one, NOW) is None for one in (own, other, link)] == [False, True, False]


def test_a_file_of_the_first_format_goes_on_working(tmp_path: Path) -> None:
    tokens = open_tokens(tmp_path)
    token = tokens.issue(of("陈静"))
    stored = orjson.loads((tmp_path / FILE).read_bytes())
    stored["format"] = 1
    for fields in stored["tokens"].values():
        for later in ("person", "label", "used_ms"):
            del fields[later]
    (tmp_path / FILE).write_bytes(orjson.dumps(stored))
    assert open_tokens(tmp_path).find(token, NOW) == of("陈静")


def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    content = b'{"format":3,"tokens":{}}'
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(Refused, match="newer version"):
        open_tokens(tmp_path)
    assert (tmp_path / FILE).read_bytes() == content
