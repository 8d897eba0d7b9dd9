"""The HTTP sender against a real server: what is sent, what is refused, what is not followed."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from coldchain_backend.delivery import Guard
from coldchain_backend.delivery.request import NoResponse, Request, Response
from coldchain_backend.delivery.senders.http import HttpSender
from support.ports import free_port

SEEN: list[tuple[str, dict[str, str], bytes]] = []
LOCAL = ["127.0.0.0/8", "::1/128"]


class Handler(BaseHTTPRequestHandler):
    """Answers by path."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        SEEN.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        status = {"/moved": 302, "/busy": 503, "/big": 200}.get(self.path, 204)
        self.send_response(status)
        if status == 302:
            self.send_header("location", "/hook")
        if status == 503:
            self.send_header("Retry-After", "7")
        answer = b"x" * 1_000_000 if self.path == "/big" else b""
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def url() -> Iterator[str]:
    SEEN.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


async def post(url: str, *, allow: list[str], timeout_s: float = 5.0) -> Response | NoResponse:
    guard = Guard(allow)
    sender = HttpSender(guard, timeout_s=timeout_s)
    try:
        return await sender.send(Request(url=url, headers={"webhook-id": "msg_1"}, body=b'{"a":1}'))
    finally:
        await sender.close()
        guard.close()


async def test_the_bytes_arrive_as_they_are(url: str) -> None:
    answer = await post(f"{url}/hook", allow=LOCAL)
    assert isinstance(answer, Response)
    assert answer.status == 204
    [(path, headers, body)] = SEEN
    assert (path, body, headers["webhook-id"]) == ("/hook", b'{"a":1}', "msg_1")
    assert headers["host"] == url.removeprefix("http://")


async def test_redirects_are_not_followed(url: str) -> None:
    answer = await post(f"{url}/moved", allow=LOCAL)
    assert isinstance(answer, Response)
    assert answer.status == 302
    assert [path for path, _, _ in SEEN] == ["/moved"]


async def test_headers_of_the_answer_have_lower_case_names(url: str) -> None:
    answer = await post(f"{url}/busy", allow=LOCAL)
    assert isinstance(answer, Response)
    assert (answer.status, answer.headers["retry-after"]) == (503, "7")


async def test_only_the_beginning_of_an_answer_is_read(url: str) -> None:
    answer = await post(f"{url}/big", allow=LOCAL)
    assert isinstance(answer, Response)
    assert len(answer.body) <= 16 * 1024


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_private_addresses_are_refused_after_resolution(url: str, host: str) -> None:
    answer = await post(url.replace("127.0.0.1", host) + "/hook", allow=["10.0.0.0/8"])
    assert isinstance(answer, NoResponse)
    assert answer.forbidden
    assert SEEN == []


@pytest.mark.parametrize(
    "wrong", ["ftp://127.0.0.1/x", "http://", "http://user:pw@127.0.0.1/", "not a url", "http://[::1"]
)
async def test_what_is_no_target_is_refused(wrong: str) -> None:
    answer = await post(wrong, allow=LOCAL)
    assert isinstance(answer, NoResponse)
    assert answer.forbidden


async def test_a_closed_port_is_an_outcome_and_no_error() -> None:
    answer = await post(f"http://127.0.0.1:{free_port()}/hook", allow=LOCAL)
    assert isinstance(answer, NoResponse)
    assert not answer.forbidden
