"""The demonstration asks the backend as a stranger would: pages, tokens, errors."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from demo.api import Api, ApiError, ready
from demo.evidence import Name, from_api
from demo.ports import LOCAL, free_port, listens

READINGS = [{"time": f"2026-06-01T00:00:0{n}.000Z", "temperature": 4.0, "counter": n} for n in range(7)]
READINGS.append({"time": "2026-06-01T00:00:09.000Z", "temperature": 4.0})


class Backend(BaseHTTPRequestHandler):
    """Three readings a page; `next` is where to go on."""

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = parse_qs(asked.query)
        if asked.path == "/readyz":
            self._answer(200, {"ready": True})
        elif self.headers["Authorization"] != "Bearer good":
            self._answer(401, {"code": "unauthorized"})
        elif asked.path == "/api/v1/readings":
            start = int(query.get("after", ["0"])[0])
            following = start + 3 if start + 3 < len(READINGS) else None
            self._answer(
                200, {"items": READINGS[start : start + 3], "next": following, "sensor": query["sensor"]}
            )
        else:
            self._answer(200, {"no": "list"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self._answer(201, {"path": self.path, "type": self.headers["content-type"], "got": body})

    def _answer(self, status: int, body: object) -> None:
        said = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer((LOCAL, 0), Backend)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://{LOCAL}:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_list_is_read_page_after_page(url: str) -> None:
    items = list(Api(url=url, token="good").items("/api/v1/readings", sensor="配送车/前"))
    assert items == READINGS


def test_readings_without_a_number_are_passed_over_and_sensors_are_asked_once(url: str) -> None:
    names = list(from_api(Api(url=url, token="good"), ["b", "a", "b"]))
    assert names == [Name(sensor, number) for sensor in ("a", "b") for number in range(7)]


def test_what_is_sent_is_json(url: str) -> None:
    answer = Api(url=url, token="good").post("/api/v1/x", {"reason": "门"})
    assert answer == {"path": "/api/v1/x", "type": "application/json", "got": {"reason": "门"}}


def test_a_refusal_carries_its_status(url: str) -> None:
    with pytest.raises(ApiError, match=r"401: .*unauthorized") as refused:
        Api(url=url, token="bad").get("/api/v1/readings", sensor="a")
    assert refused.value.status == 401


def test_an_answer_that_is_no_list_is_an_error(url: str) -> None:
    with pytest.raises(ApiError, match="not a list"):
        list(Api(url=url, token="good").items("/api/v1/board"))


def test_nobody_there_is_an_error_without_status() -> None:
    with pytest.raises(ApiError) as refused:
        Api(url=f"http://{LOCAL}:{free_port()}", token="good").get("/")
    assert refused.value.status == 0


def test_ready_is_asked_without_a_token(url: str) -> None:
    assert ready(url)
    assert not ready(f"http://{LOCAL}:{free_port()}")
    port = int(url.rsplit(":", 1)[1])
    assert listens(port)
    assert free_port(port) != port
