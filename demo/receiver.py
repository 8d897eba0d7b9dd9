"""A webhook receiver as a stranger would write it: Standard Webhooks 1.0.0, verified by its own code."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from demo.ports import LOCAL

TOLERANCE_S = 300
LARGEST_BODY = 20_000


def new_secret() -> str:
    """A fresh shared secret in the form that both sides are given."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def verified(secret: str, headers: Mapping[str, str], body: bytes, now_s: float) -> bool:
    """Whether one of the signatures is ours and the timestamp is within five minutes."""
    names = {name.lower(): value for name, value in headers.items()}
    sent, stamp = names.get("webhook-id", ""), names.get("webhook-timestamp", "")
    if not sent or not (stamp.isascii() and stamp.isdigit()) or abs(now_s - int(stamp)) > TOLERANCE_S:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{sent}.{stamp}.".encode() + body, hashlib.sha256).digest()
    wanted = b"v1," + base64.b64encode(digest)
    signatures = names.get("webhook-signature", "").encode(errors="replace").split()
    return any(hmac.compare_digest(one, wanted) for one in signatures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One delivery as it came in."""

    webhook_id: str
    verified: bool
    type: str
    alert_id: str
    level: str
    body: str
    at_s: float


@dataclass(slots=True, kw_only=True)
class Receiver:
    """Listens on `port`; keeps all deliveries in memory and in `log`, a line of JSON each."""

    port: int
    secret: str
    log: Path
    answer: HTTPStatus = HTTPStatus.NO_CONTENT
    _received: list[Received] = field(default_factory=list, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _server: ThreadingHTTPServer = field(init=False)

    @property
    def url(self) -> str:
        """Where webhooks go."""
        return f"http://{LOCAL}:{self.port}/hook"

    def start(self) -> None:
        """Begin to listen."""
        self._server = ThreadingHTTPServer((LOCAL, self.port), _handler_for(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="receiver", daemon=True).start()

    def stop(self) -> None:
        """Stop listening; what was received can still be asked."""
        self._server.shutdown()
        self._server.server_close()

    def received(self) -> list[Received]:
        """All deliveries so far, repeats included, oldest first."""
        with self._lock:
            return list(self._received)

    def once(self) -> list[Received]:
        """Deliveries with repeats of a webhook-id removed, oldest first."""
        first: dict[str, Received] = {}
        for one in self.received():
            first.setdefault(one.webhook_id, one)
        return list(first.values())

    def take(self, headers: Mapping[str, str], body: bytes) -> HTTPStatus:
        """Keep one delivery and say what to answer: a wrong signature is 401 and kept as such."""
        one = _read(self.secret, headers, body, time.time())
        with self._lock:
            self._received.append(one)
            with self.log.open("a", encoding="utf-8") as log:
                log.write(
                    json.dumps({"id": one.webhook_id, "verified": one.verified, "body": one.body}) + "\n"
                )
        return self.answer if one.verified else HTTPStatus.UNAUTHORIZED


def _read(secret: str, headers: Mapping[str, str], body: bytes, now_s: float) -> Received:
    text = body.decode("utf-8", errors="replace")
    try:
        said = json.loads(text)
    except ValueError:
        said = {}
    data = said.get("data", {}) if isinstance(said, dict) else {}
    return Received(
        webhook_id=headers.get("webhook-id", ""),
        verified=verified(secret, headers, body, now_s),
        type=str(said.get("type", "")) if isinstance(said, dict) else "",
        alert_id=str(data.get("alert_id", "")) if isinstance(data, dict) else "",
        level=str(data.get("level", "")) if isinstance(data, dict) else "",
        body=text,
        at_s=now_s,
    )


def _handler_for(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = min(int(self.headers.get("content-length") or 0), LARGEST_BODY)
            status = receiver.take(dict(self.headers.items()), self.rfile.read(length))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Deliveries are logged by the receiver itself."""

    return Handler
