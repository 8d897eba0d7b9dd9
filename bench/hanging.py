"""A hundred receivers of which fifty hang: how soon the others are told, beside a run with those alone."""

from __future__ import annotations

import gzip
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bench.loads import SPACING_MS, Load, Shape
from bench.servers import Backend, backend
from bench.storm import RULES
from bench.table import Row
from bench.timing import SCALE
from demo.receiver import new_secret

ENDPOINTS, HANGING = 100, 50
SHAPE = Shape(name="hanging", lines=10, batches=1, requests=0, sensors=10, points=20)
ALERTS = max(4, int(10 * min(SCALE, 1)))
"""Each is told to every endpoint, one after another: five hundred tellings that are waited for."""

WITHIN_S = 60.0
CONFIG = '[delivery]\nallow_private = ["127.0.0.0/8"]\n'


class Ends:
    """Endpoints `/0` to `/99`; the first HANGING of them take a request and never answer."""

    def __init__(self) -> None:
        self.told: dict[tuple[int, str], float] = {}
        self._over = threading.Event()
        told, over = self.told, self._over

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                came, number = time.monotonic(), int(self.path.removeprefix("/"))
                said = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if number < HANGING:
                    over.wait(WITHIN_S * ALERTS)
                    self.close_connection = True
                    return
                if said["type"] == "alert.fired":
                    told.setdefault((number, said["data"]["point"]), came)
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        class Server(ThreadingHTTPServer):
            request_queue_size = 4 * ENDPOINTS

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()


class HundredLoad(Load):
    """The load under rules that alarm at once, told to every receiver from number `first` on."""

    url, first = "", 0

    def fleet(self) -> str:
        fleet = super().fleet().replace("profile: vaccine-2-8", "profile: quick")
        receivers = "".join(
            f"  - {{name: r{number}, rate: 6000/min,"
            f' webhook: {{url: "{self.url}/{number}", secret: "file:whsec"}}}}\n'
            for number in range(self.first, ENDPOINTS)
        )
        return f"{fleet}receivers:\n{receivers}system_receiver: r{ENDPOINTS - 1}\n{RULES}"


def measure() -> list[Row]:
    """Both runs."""
    alone, beside = (delays[len(delays) * 99 // 100] for delays in (_delays(HANGING), _delays(0)))
    return [
        Row(
            name=f"{HANGING} of {ENDPOINTS} endpoints hang: the others told, p99",
            value=1000 * beside,
            unit="ms",
            baseline=1000 * alone,
            baseline_name="alone",
        ),
        Row(name="… of the others alone", value=beside / alone, unit="×"),
    ]


def _delays(first: int) -> list[float]:
    """Seconds from each batch's 204 until each endpoint that answers was told of its alert, sorted."""
    ends, load = Ends(), HundredLoad(SHAPE)
    load.url, load.first = ends.url, first
    files = {"whsec": new_secret()}
    try:
        with backend(load, config=CONFIG, files=files) as running:
            began_ms = int(time.time() * 1000)
            for sender in load.senders:
                running.write(sender.name, gzip.compress(sender.batch(SHAPE.lines, began_ms)))
            running.wait_until_judged()
            return sorted(delay for number in range(ALERTS) for delay in _alert(running, load, ends, number))
    finally:
        ends.close()


def _alert(running: Backend, load: Load, ends: Ends, number: int) -> list[float]:
    sender = load.senders[number % len(load.senders)]
    hot = number // len(load.senders)
    start_ms = int(time.time() * 1000) - sender.turn * SPACING_MS  # behind what was said before
    running.write(sender.name, gzip.compress(sender.batch(SHAPE.lines, start_ms, hot=hot)))
    accepted, point = time.monotonic(), f"p{sender.number * SHAPE.sensors + hot:05d}"
    waited = range(HANGING, ENDPOINTS)
    while not all((end, point) in ends.told for end in waited):
        if time.monotonic() - accepted > WITHIN_S:
            raise RuntimeError("not everybody was told within a minute")
        time.sleep(0.005)
    return [ends.told[end, point] - accepted for end in waited]
