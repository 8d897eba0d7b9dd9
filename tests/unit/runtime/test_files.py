"""Durable files, secrets and logs."""

from __future__ import annotations

import io
import logging
import os
import pickle
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.errors import InvalidInput
from coldchain_runtime.durable import make_folder, sync_folder, write_all, write_file_atomic
from coldchain_runtime.logs import EventFormatter, Log, set_up
from coldchain_runtime.secrets import MAX_SECRET, Secret, resolve


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_whole_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "head.json"
    for content in (b"first", b"", b"x" * 1_000_000):
        write_file_atomic(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_private_file_is_the_owners_alone_whatever_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    path.chmod(0o666)
    write_file_atomic(path, b"new", private=True)
    assert mode_of(path) == 0o600
    write_file_atomic(tmp_path / "shared", b"new")
    assert mode_of(tmp_path / "shared") == 0o644


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "head.json"
    path.mkdir()
    (path / "in the way").touch()
    with pytest.raises(OSError, match=r"head\.json"):
        write_file_atomic(path, b"new")
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(FileNotFoundError):
        write_file_atomic(tmp_path / "missing" / "file", b"new")


def test_every_byte_goes_through_a_narrow_pipe() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source:
        write_all(writing, b"x" * 60_000)
        os.close(writing)
        assert source.read() == b"x" * 60_000


def test_folders_are_made_with_their_parents(tmp_path: Path) -> None:
    made = tmp_path / "a" / "b" / "data"
    make_folder(made)
    make_folder(made)
    assert (mode_of(made), mode_of(made.parent) & 0o700) == (0o700, 0o700)
    sync_folder(made)


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret("hunter2")
    shown = [str(secret), repr(secret), f"{secret}", f"{secret:>20}", repr({"token": secret}), f"{secret!r}"]
    assert not [text for text in shown if "hunter2" in text]
    assert secret.reveal() == "hunter2"
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(secret)


def test_secrets_are_equal_by_what_they_hide() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


def test_a_secret_comes_from_a_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("from a file\n")
    monkeypatch.setenv("COLDCHAIN_TEST_TOKEN", "from the environment")
    assert resolve("file:token", tmp_path).reveal() == "from a file"
    assert resolve("env:COLDCHAIN_TEST_TOKEN", tmp_path).reveal() == "from the environment"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("plain text", "by reference"),
        ("file:", "by reference"),
        ("env:", "by reference"),
        ("env:COLDCHAIN_TEST_MISSING", "no COLDCHAIN_TEST_MISSING"),
        ("file:missing", "cannot be read"),
        ("file:empty", "empty"),
        ("file:placeholder", "placeholder"),
        ("file:huge", "longer"),
        ("file:latin", "cannot be read"),
        ("file:.", "cannot be read"),
    ],
)
def test_what_gives_no_secret_is_named_but_not_shown(tmp_path: Path, reference: str, message: str) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "placeholder").write_text("changeme")
    (tmp_path / "huge").write_text("x" * (MAX_SECRET + 1))
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    with pytest.raises(InvalidInput, match=message) as caught:
        resolve(reference, tmp_path)
    assert "changeme" not in str(caught.value)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    set_up("INFO", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def test_an_event_is_one_line_with_its_values(written: io.StringIO) -> None:
    log = Log("test")
    log.debug("not.shown")
    log.event("uplink.batch_kept", size=12, retry_in=1.5, reason="no route", run="r1", again=True, code=None)
    (line,) = written.getvalue().splitlines()
    stamp, rest = line.split(" ", 1)
    assert stamp.endswith("Z")
    assert len(stamp) == len("2026-11-24T08:00:00.123Z")
    assert rest == 'INFO uplink.batch_kept size=12 retry_in=1.5 reason="no route" run=r1 again=true code=null'


@given(st.text(st.characters(), max_size=30))
def test_no_text_breaks_the_line(text: str) -> None:
    record = logging.LogRecord("test", logging.INFO, "", 0, text, None, None)
    record.values = {"text": text}
    line = EventFormatter().format(record)
    assert len(line.splitlines()) == 1
    assert line.encode()


def test_levels_and_faults_are_in_the_line(written: io.StringIO) -> None:
    Log("test").warning("loop.restarts", loop="a")
    try:
        raise ValueError("of another library\nin two lines")
    except ValueError:
        logging.getLogger("other").exception("failed\nbadly")
    first, second = written.getvalue().splitlines()
    assert " WARNING loop.restarts loop=a" in first
    assert " ERROR failed\\nbadly trace=" in second
    assert "ValueError" in second
