"""The uplink that can be cut, and the receiver behind real HTTP."""

import base64
import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Iterator
from contextlib import closing
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from demo.ports import LOCAL, free_port, listens
from demo.proxy import Uplink
from demo.receiver import Receiver, new_secret


class Echo(BaseHTTPRequestHandler):
    """Answers with what was sent."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def uplink() -> Iterator[Uplink]:
    server = HTTPServer((LOCAL, 0), Echo)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    uplink = Uplink(port=free_port(), target=server.server_port)
    uplink.start()
    yield uplink
    uplink.stop()
    server.shutdown()
    server.server_close()
    thread.join()


def echoed(port: int, body: bytes) -> bytes:
    with closing(http.client.HTTPConnection(LOCAL, port, timeout=5.0)) as connection:
        connection.request("POST", "/", body)
        return connection.getresponse().read()


def test_bytes_pass_until_it_is_cut_and_again_when_it_is_mended(uplink: Uplink) -> None:
    large = bytes(range(256)) * 8_192
    assert echoed(uplink.port, large) == large
    uplink.cut()
    assert uplink.is_cut
    with pytest.raises(OSError, match=r"."):
        echoed(uplink.port, b"lost")
    uplink.mend()
    assert echoed(uplink.port, b"back") == b"back"


def again(connection: http.client.HTTPConnection) -> bytes:
    connection.request("POST", "/", b"second")
    return connection.getresponse().read()


def test_a_cut_ends_connections_that_are_open(uplink: Uplink) -> None:
    with closing(http.client.HTTPConnection(LOCAL, uplink.port, timeout=5.0)) as connection:
        connection.request("POST", "/", b"first")
        assert connection.getresponse().read() == b"first"
        uplink.cut()
        with pytest.raises((OSError, http.client.HTTPException)):
            again(connection)


def test_with_nobody_behind_it_connections_end() -> None:
    uplink = Uplink(port=free_port(), target=free_port())
    uplink.start()
    with pytest.raises((OSError, http.client.HTTPException)):
        echoed(uplink.port, b"x")
    uplink.stop()
    assert not listens(uplink.port)


def posted(receiver: Receiver, body: bytes, secret: str) -> int:
    stamp = str(int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(key, f"msg_1.{stamp}.".encode() + body, hashlib.sha256)).decode()
    headers = {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"}
    with closing(http.client.HTTPConnection(LOCAL, receiver.port, timeout=5.0)) as connection:
        connection.request("POST", "/hook", body, headers)
        return connection.getresponse().status


def test_deliveries_are_verified_kept_and_answered(tmp_path: Path) -> None:
    secret = new_secret()
    receiver = Receiver(port=free_port(), secret=secret, log=tmp_path / "webhooks.jsonl")
    receiver.start()
    body = json.dumps({"type": "alert.fired", "data": {"alert_id": "a1", "level": "alarm"}}).encode()
    try:
        assert posted(receiver, body, secret) == HTTPStatus.NO_CONTENT
        assert posted(receiver, body, new_secret()) == HTTPStatus.UNAUTHORIZED
        receiver.answer = HTTPStatus.SERVICE_UNAVAILABLE
        assert posted(receiver, body, secret) == HTTPStatus.SERVICE_UNAVAILABLE
    finally:
        receiver.stop()
    assert [(one.verified, one.type, one.alert_id, one.level) for one in receiver.received()] == [
        (True, "alert.fired", "a1", "alarm"),
        (False, "alert.fired", "a1", "alarm"),
        (True, "alert.fired", "a1", "alarm"),
    ]
