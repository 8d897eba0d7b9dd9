"""The uplink over a socket pair: requests, answers, their instants, what goes first and what is kept."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from coldchain.errors import ConfigError
from coldchain.seal import Key
from coldchain.watch import WatchBundle, make_envelope
from coldchain_gateway.clock_trust import ClockTrust
from coldchain_gateway.identity import Identity
from coldchain_gateway.outbox import HoleReason
from coldchain_gateway.uplink import (
    Endpoint,
    PinnedKey,
    Sender,
    Unreachable,
    WatchFetcher,
    Window,
    WindowConfig,
    bundle_on_disk,
)
from coldchain_gateway.uplink import connection as http
from support.gateway_life import Life
from support.still_clock import StillClock
from support.watching import FRONT, bundle
from support.wired_backend import WiredBackend, answer, headers_of


@pytest.fixture
def backend() -> Iterator[WiredBackend]:
    made = WiredBackend()
    yield made
    made.close()


def test_a_request_carries_token_and_path_and_its_answer_the_instants(backend: WiredBackend) -> None:
    clock = StillClock()
    clock.advance(5_000)
    backend.answers = [answer(200, b"well", X_Word="Yes")]
    backend.at_last = lambda: clock.advance(30)
    told = backend.connection(clock).request("GET", "/api/x", None, {"If-None-Match": "1"})
    assert (told.status, told.body, told.headers["x-word"]) == (200, b"well", "Yes")
    assert (told.sent_boot_ms, told.received_boot_ms) == (5_000, 5_030)
    (heard,) = backend.heard
    assert heard.startswith(b"GET /under/api/x HTTP/1.1\r\n")
    headers = headers_of(heard)
    assert (headers["authorization"], headers["if-none-match"]) == ("Token sesame", "1")


def test_without_a_token_none_is_sent(backend: WiredBackend) -> None:
    backend.answers = [answer(401)]
    assert backend.connection(StillClock(), lambda: None).request("GET", "/", None, {}).status == 401
    assert "authorization" not in headers_of(backend.heard[0])


def test_one_connection_serves_many_requests_and_ends_where_the_answer_says_so(backend: WiredBackend) -> None:
    backend.answers = [answer(), answer(Connection="close"), answer()]
    connection = backend.connection(StillClock())
    for opened in (1, 1, 2):
        connection.request("GET", "/", None, {})
        assert backend.opened == opened


def test_a_kept_connection_that_died_meanwhile_is_replaced_once(backend: WiredBackend) -> None:
    backend.answers = [answer(), None, answer(200), None, None, answer()]
    connection = backend.connection(StillClock())
    connection.request("GET", "/", None, {})
    assert connection.request("GET", "/", None, {}).status == 200
    with pytest.raises(Unreachable, match="RemoteDisconnected"):
        connection.request("GET", "/", None, {})
    assert connection.request("GET", "/", None, {}).status == 204
    assert backend.opened == 4


def test_a_fresh_connection_that_dies_or_is_refused_is_not_asked_twice(backend: WiredBackend) -> None:
    backend.answers = [None, answer()]
    connection = backend.connection(StillClock())
    with pytest.raises(Unreachable):
        connection.request("GET", "/", None, {})
    backend.answers = []
    with pytest.raises(Unreachable, match="ConnectionRefusedError"):
        connection.request("GET", "/", None, {})
    assert len(backend.heard) == 1


@pytest.mark.parametrize(
    "said",
    [
        b"what?\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
    ],
)
def test_what_is_no_whole_answer_is_none(backend: WiredBackend, said: bytes) -> None:
    backend.answers, backend.hangs_up = [said], True
    with pytest.raises(Unreachable):
        backend.connection(StillClock()).request("GET", "/", None, {})


def test_closing_from_beside_makes_a_running_request_fail(backend: WiredBackend) -> None:
    def close() -> str:
        connection.close()
        return "sesame"

    backend.answers = [answer()]
    connection = backend.connection(StillClock(), close)
    with pytest.raises(Unreachable):
        connection.request("GET", "/", None, {})


def test_an_answer_without_end_is_cut_and_none(
    backend: WiredBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_ANSWER", 64)
    backend.answers = [answer(200, b"x" * 64), answer(200, b"x" * 65)]
    connection = backend.connection(StillClock())
    assert len(connection.request("GET", "/", None, {}).body) == 64
    with pytest.raises(Unreachable, match="larger than 64 bytes"):
        connection.request("GET", "/", None, {})


@pytest.mark.parametrize(
    "url", ["", "backend", "ftp://b", "http://", "http://b:port", "https://[", "http:///x"]
)
def test_what_is_no_url_is_refused_with_its_key(url: str) -> None:
    with pytest.raises(ConfigError, match="is not an http"):
        Endpoint.parse(url)


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://b.example", "b.example", 443, ""),
        ("http://10.0.0.1/", "10.0.0.1", 80, ""),
        ("https://b:8443/cold/", "b", 8443, "/cold"),
        ("http://[::1]:9", "::1", 9, ""),
    ],
)
def test_a_url_is_read_with_its_usual_port(url: str, host: str, port: int, path: str) -> None:
    found = Endpoint.parse(url)
    assert (found.host, found.port, found.path) == (host, port, path)


KEY = Key.from_seed(b"b" * 32)
BUNDLE = bundle(FRONT)


class Fetching:
    """A fetcher on a folder, and what it loaded."""

    def __init__(self, folder: Path, backend: WiredBackend, current: str | None = None) -> None:
        clock = StillClock()
        self.trust = ClockTrust(clock, lambda: False)
        self.pinned = PinnedKey(folder)
        self.loaded: list[WatchBundle] = []
        self.fetcher = WatchFetcher(
            connection=backend.connection(clock),
            trust=self.trust,
            pinned=self.pinned,
            data_dir=folder,
            current=current,
        )
        self.fetcher.loaded = self.loaded.append


def test_a_first_bundle_is_loaded_kept_and_its_key_pinned(tmp_path: Path, backend: WiredBackend) -> None:
    backend.answers = [answer(200, make_envelope(BUNDLE, KEY)), answer(304)]
    one = Fetching(tmp_path, backend)
    assert one.trust.offset_ms() is None
    assert one.fetcher.fetch()
    assert one.loaded == [BUNDLE]
    assert bundle_on_disk(tmp_path, one.pinned) == BUNDLE
    assert one.trust.offset_ms() is not None, "its date tells the time"
    assert one.fetcher.fetch()
    assert headers_of(backend.heard[1])["if-none-match"] == f'"{BUNDLE.version}"'
    assert one.loaded == [BUNDLE], "nothing new was loaded"


def test_a_bundle_by_another_key_is_refused_and_the_one_before_stays(
    tmp_path: Path, backend: WiredBackend
) -> None:
    forged = make_envelope(replace(BUNDLE, version="9"), Key.from_seed(b"x" * 32))
    broken = json.dumps(json.loads(make_envelope(BUNDLE, KEY)) | {"payload": "{}"}).encode()
    backend.answers = [answer(200, make_envelope(BUNDLE, KEY)), answer(200, forged), answer(200, broken)]
    one = Fetching(tmp_path, backend)
    assert one.fetcher.fetch()
    assert not one.fetcher.fetch()
    assert not one.fetcher.fetch()
    assert one.loaded == [BUNDLE]
    assert one.fetcher.version == BUNDLE.version
    assert bundle_on_disk(tmp_path, one.pinned) == BUNDLE


@pytest.mark.parametrize("status", [204, 401, 404, 500])
def test_an_answer_of_another_kind_changes_nothing(
    tmp_path: Path, backend: WiredBackend, status: int
) -> None:
    backend.answers = [answer(status, b"" if status == 204 else b"because")]
    one = Fetching(tmp_path, backend, current="7")
    assert not one.fetcher.fetch()
    assert not one.fetcher.fetch(), "nobody listens"
    assert (one.fetcher.version, one.loaded, one.trust.offset_ms()) == ("7", [], None)


class Sending:
    """A sender on an outbox with so many batches; its live lane runs here until the last answer."""

    def __init__(self, folder: Path, backend: WiredBackend, batches: int) -> None:
        self.life = Life.open(folder)
        for number in range(batches):
            self.add(number)
        clock = self.clock = StillClock()
        self.trust = ClockTrust(clock, lambda: False)
        self.sender = Sender(
            outbox=self.life.outbox,
            identity=Identity(key=self.life.key, organisation="demo", head_file=self.life.head_file),
            trust=self.trust,
            clock=clock,
            connect=lambda: backend.connection(clock),
        )
        backend.at_last = self.sender.stop

    def add(self, number: int) -> None:
        self.life.keep(number * 1000 + 1)
        self.life.seal(number * 1000 + 2)

    def run(self) -> None:
        self.sender.sealed()
        self.sender.run_live()

    @property
    def run_name(self) -> str:
        head = self.life.head_file.head
        assert head is not None
        return head.run


def test_the_newest_goes_first_and_alone_and_all_that_closes_after_it_follows(
    tmp_path: Path, backend: WiredBackend
) -> None:
    sending = Sending(tmp_path, backend, 5)
    backend.answers = [answer(Coldchain_Watch="v7"), answer()]

    def accepted(_: str) -> None:
        sending.add(6)
        sending.add(7)

    sending.sender.watch_version = accepted
    sending.run()
    assert backend.batches() == [[5], [6, 7]], "the backlog is the other lane's"
    assert sending.sender.state().state == "connected"
    assert sending.trust.offset_ms() is not None
    counts = sending.life.outbox.counts()
    assert (counts.waiting_batches, counts.acknowledged_batches) == (4, 3)


def test_a_batch_refused_for_good_is_a_dead_letter_and_a_hole(tmp_path: Path, backend: WiredBackend) -> None:
    sending = Sending(tmp_path, backend, 1)
    fates = {"batches": [{"run": sending.run_name, "seq": 1, "fate": "refused_hash"}]}
    backend.answers = [answer(422, json.dumps(fates).encode())]
    sending.run()
    assert sending.life.outbox.counts().refused_batches == 1
    (hole,) = sending.life.outbox.undeclared()
    assert (hole.first, hole.last, hole.reason) == (1, 1, HoleReason.REFUSED)


def test_a_torn_refusal_refuses_nothing(tmp_path: Path, backend: WiredBackend) -> None:
    sending = Sending(tmp_path, backend, 1)
    fates = {"batches": [{"run": sending.run_name, "seq": 1, "fate": "later"}]}
    backend.answers, backend.hangs_up = [answer(422, json.dumps(fates).encode())[:-20]], True
    sending.run()
    assert sending.sender.state().state == "unreachable"
    assert sending.life.outbox.counts().waiting_batches == 1


@pytest.mark.parametrize(
    ("said", "state", "message"),
    [
        (answer(403, b'{"code":"x","message":"unknown token"}'), "denied", "HTTP 403: unknown token"),
        (answer(503), "throttled", "HTTP 503"),
        (answer(413), "too_large", "HTTP 413"),
        (answer(500), "failed", "HTTP 500"),
        (None, "unreachable", "RemoteDisconnected"),
    ],
)
def test_what_the_backend_will_not_have_waits_and_status_says_why(
    tmp_path: Path, backend: WiredBackend, said: bytes | None, state: str, message: str
) -> None:
    sending = Sending(tmp_path, backend, 2)
    backend.answers = [said]
    sending.run()
    told = sending.sender.state()
    assert (told.state, told.last_accepted_ms) == (state, None)
    assert message in told.message
    assert sending.life.outbox.counts().waiting_batches == 2
    assert sending.trust.offset_ms() is None, "only an answer that took it in tells the time"


def test_what_the_backend_says_it_does_not_hold_waits_again(tmp_path: Path, backend: WiredBackend) -> None:
    sending = Sending(tmp_path, backend, 1)
    run = sending.run_name
    told = iter([2, 3])

    def accepted(_: str) -> None:
        sending.clock.advance(10)
        sending.add(next(told))

    sending.sender.watch_version = accepted
    heads = [f"{run}:{held}" for held in (1, 2, 0)]
    backend.answers = [answer(Coldchain_Held=head, Coldchain_Watch="v") for head in heads[:2]]
    backend.answers.append(answer(Coldchain_Held=heads[2]))
    sending.run()
    assert backend.batches() == [[1], [2], [3]]
    assert sending.sender.state().unsent_again == 1
    assert sending.life.outbox.counts().waiting_batches == 3


def test_while_the_window_is_shut_only_what_is_urgent_crosses(tmp_path: Path, backend: WiredBackend) -> None:
    sending = Sending(tmp_path, backend, 2)
    sending.sender.window = Window(WindowConfig(times=("01:00-02:00",)), lambda: None)
    sending.trust.answered("Sun, 22 Nov 2026 19:42:03 GMT", 0, 0)
    assert sending.sender.state().state == "window_shut"
    sending.life.keep(9_000)
    sending.life.sealer.hurry()
    sending.life.seal(9_001)
    backend.answers = [answer()]
    sending.run()
    assert backend.batches() == [[3]]
    assert sending.life.outbox.counts().waiting_batches == 2
