"""Straight to an InfluxDB: what it will not take is found by halving, and the rest is written first."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coldchain.errors import InvalidInput
from coldchain_gateway.uplink.direct import DEAD_LETTERS, DeadLetters, Follower, InfluxConfig
from coldchain_gateway.uplink.direct.answers import MAX_MESSAGE, Fate, fate_of, message_of
from coldchain_gateway.uplink.direct.dead_letters import MOST_BYTES
from coldchain_gateway.uplink.direct.follower import UPLINK, Stopped
from support.gateway_life import Life
from support.still_clock import StillClock
from support.wired_backend import WiredBackend, answer, body_of, headers_of


@pytest.fixture
def server() -> Iterator[WiredBackend]:
    made = WiredBackend()
    yield made
    made.close()


class Following:
    """A follower of an outbox with three batches of four readings; it never waits."""

    def __init__(self, folder: Path, server: WiredBackend) -> None:
        self.life = Life.open(folder)
        for first in (1_000, 2_000, 3_000):
            self.life.keep(*range(first, first + 4))
            self.life.seal(first + 500)
        clock = StillClock()
        config = InfluxConfig(url="http://backend", org="o", bucket="b & c", token_file=folder / "token")
        self.folder = folder
        self.waited: list[float] = []
        self.follower = Follower(
            outbox=self.life.outbox,
            clock=clock,
            connection=server.connection(clock),
            config=config,
            letters=DeadLetters(folder),
        )
        self.follower.wait = self._wait

    def _wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        return len(self.waited) >= 3

    def letters(self) -> list[str]:
        file = self.folder / DEAD_LETTERS
        return file.read_text().splitlines() if file.exists() else []


def taking(server: WiredBackend, refuses: Callable[[list[bytes]], int]) -> list[bytes]:
    """The lines that the server has taken; `refuses` gives the status for some, 0 to take them."""
    taken: list[bytes] = []

    def script(heard: bytes) -> bytes:
        lines = body_of(heard).splitlines()
        status = refuses(lines)
        if status:
            return answer(status, b'{"message":"because"}')
        taken.extend(lines)
        return answer()

    server.script = script
    return taken


def test_everything_goes_in_one_request_and_counts_where_there_is_no_backend(
    tmp_path: Path, server: WiredBackend
) -> None:
    following = Following(tmp_path, server)
    taken = taking(server, lambda _: 0)
    following.follower.alone = True
    assert following.follower.write_some()
    assert not following.follower.write_some()
    (heard,) = server.heard
    assert heard.startswith(b"POST /under/api/v2/write?org=o&bucket=b+%26+c&precision=ms ")
    assert headers_of(heard)["content-encoding"] == "gzip"
    assert sum(line.startswith(b"reading,") for line in taken) == 12
    assert following.life.outbox.counts().acknowledged_batches == 3
    assert following.follower.state().written_lines == len(taken)


def test_the_one_line_that_is_refused_is_found_by_halving_and_all_others_are_written(
    tmp_path: Path, server: WiredBackend
) -> None:
    following = Following(tmp_path, server)
    taken = taking(server, lambda lines: 400 if any(b"t=2002i" in line for line in lines) else 0)
    assert following.follower.write_some()
    assert sum(line.startswith(b"reading,") for line in taken) == 11
    assert len(taken) == len(set(taken)), "nothing twice"
    assert len(server.heard) <= 9, "two requests a halving"
    reason, line = following.letters()
    assert reason == "# HTTP 400: because"
    assert "t=2002i" in line
    assert following.follower.state().dead_lines == 1
    assert following.life.outbox.counts().acknowledged_batches == 0, "the backend has its own word"


def test_what_is_too_large_is_split_until_it_fits(tmp_path: Path, server: WiredBackend) -> None:
    following = Following(tmp_path, server)
    taken = taking(server, lambda lines: 413 if len(lines) > 3 else 0)
    assert following.follower.write_some()
    assert sum(line.startswith(b"reading,") for line in taken) == 12
    assert following.letters() == []


@pytest.mark.parametrize(
    ("said", "state"),
    [(401, "denied"), (404, "denied"), (503, "throttled"), (500, "failed"), (None, "unreachable")],
)
def test_while_it_will_not_have_them_nothing_goes_on_and_nothing_is_a_dead_letter(
    tmp_path: Path, server: WiredBackend, said: int | None, state: str
) -> None:
    following = Following(tmp_path, server)
    server.answers = [None if said is None else answer(said)] * 3
    with pytest.raises(Stopped):
        following.follower.write_some()
    assert following.follower.state().state == state
    assert following.life.outbox.progress(UPLINK) == 0
    assert following.letters() == []
    assert following.waited[0] < following.waited[2], "it is asked less and less"


def test_it_is_left_in_peace_for_as_long_as_it_asks(tmp_path: Path, server: WiredBackend) -> None:
    following = Following(tmp_path, server)
    server.answers = [answer(429, Retry_After="77"), answer()]
    assert following.follower.write_some()
    assert following.waited == [77.0]


def test_dead_letters_fill_two_files_at_most(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path / "data")
    letters.add([])
    assert not (tmp_path / "data").exists()
    for number in range(3):
        letters.add([(b"%d" % number * (MOST_BYTES // 2 + 1), "two\nlines")])
    newest, before = (tmp_path / "data" / name for name in (DEAD_LETTERS, f"{DEAD_LETTERS}.1"))
    assert newest.read_bytes().startswith(b"# two lines\n2")
    assert before.read_bytes().startswith(b"# two lines\n1")
    assert sorted(path.name for path in newest.parent.iterdir()) == [newest.name, before.name]
    assert newest.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("body", [b"\xff" * 999, b"[]", b'{"message": 5}', b"[" * 9999, b""])
def test_any_words_of_the_server_are_told_in_a_line(body: bytes) -> None:
    assert message_of(400, body).startswith("HTTP 400: ")
    assert len(message_of(400, body)) <= MAX_MESSAGE


def test_a_status_that_nobody_knows_is_tried_again() -> None:
    assert {fate_of(status) for status in (100, 301, 409, 418, 500, 502, 599)} == {Fate.FAILED}


@pytest.mark.parametrize(("org", "bucket"), [("", "b"), ("o", "")])
def test_organisation_and_bucket_must_be_named(org: str, bucket: str) -> None:
    with pytest.raises(InvalidInput, match="must be named"):
        InfluxConfig(url="http://h", org=org, bucket=bucket, token_file=Path("t"))
