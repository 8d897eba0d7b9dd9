"""A webhook receiver as a stranger would write it: Standard Webhooks 1.0.0, verified by its own code.

`python -m demo.receiver --listen 0.0.0.0:9000 --secret file:PATH` prints a line for each delivery.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from coldchain_runtime.secrets import resolve
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


SYSTEM: Final = "system"
"""The kind of an alert about the product or its machine, such as a disk that fills up: no part of a story."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One delivery as it came in; `kind` is that of its alert, empty where it speaks of several."""

    webhook_id: str
    verified: bool
    type: str
    alert_id: str
    level: str
    kind: str
    body: str
    at_s: float


@dataclass(slots=True, kw_only=True)
class Receiver:
    """Listens on `port`; keeps all deliveries in memory and in `log`, a line of JSON each."""

    port: int
    secret: str
    log: Path
    host: str = LOCAL
    tell: Callable[[str], None] | None = None
    answer: HTTPStatus = HTTPStatus.NO_CONTENT
    _received: list[Received] = field(default_factory=list, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _server: ThreadingHTTPServer = field(init=False)

    @property
    def url(self) -> str:
        """Where webhooks of this machine go."""
        return f"http://{LOCAL}:{self.port}/hook"

    def start(self) -> None:
        """Begin to listen."""
        self._server = ThreadingHTTPServer((self.host, self.port), _handler_for(self))
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
        if self.tell is not None:
            self.tell(told(one))
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
        kind=str(data.get("kind", "")) if isinstance(data, dict) else "",
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


def told(one: Received) -> str:
    """A delivery in one line."""
    try:
        text = json.loads(one.body)["data"]["text"]["en"]
    except (ValueError, KeyError, TypeError):
        text = one.body[:200]
    return (
        f"{'verified' if one.verified else 'NOT VERIFIED'} {one.type or 'no event'} {one.webhook_id} {text}"
    )


def main() -> int:
    """Listen until told to stop; a line for each delivery."""
    parser = argparse.ArgumentParser(prog="python -m demo.receiver", description=__doc__)
    parser.add_argument("--listen", default=f"{LOCAL}:9000", metavar="HOST:PORT")
    parser.add_argument("--secret", required=True, metavar="REFERENCE", help="file:PATH or env:NAME")
    options = parser.parse_args()
    host, _, port = options.listen.rpartition(":")
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    secret = resolve(options.secret, Path.cwd()).reveal()
    receiver = Receiver(port=int(port), secret=secret, log=Path(os.devnull), host=host, tell=print)
    receiver.start()
    over.wait()
    receiver.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
