"""A neighbour's truck and store, whose telematics write line protocol of their own: where real servers are.

They fill the dashboards with what the demonstration's own minutes do not have: positions, doors, defrosts,
batteries, time that nobody knows of, and alarms in each state, told to a receiver that does not answer. They
have a route of their own: who watches the demonstration hears nothing of them.
"""

import itertools
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from types import TracebackType
from typing import Final, Self

from demo.api import Api, ApiError, Json, direct

HERE: Final = Path(__file__).parent
GATEWAY: Final = "truck-2-box"
RECEIVER: Final = "neighbour"
ASSETS: Final = frozenset({"truck-2", "hub"})
ZONE: Final = "truck-2.box"
"""The zone of which a zone's board shows everything."""

EVERY_S: Final = 1.0
TUNNEL: Final = range(20, 45)
"""During these messages the truck drives through a tunnel: what its box measured there is lost."""

_CELSIUS: Final[Mapping[str, float]] = {"hub-quay": 9.5, "hub-vaccine": 11.2, "hub-transit": 10.4}
"""What the store's sensors say: each zone is too warm, and each alert is in another state in the end."""


def additions(values: Mapping[str, str], *, wanted: bool) -> dict[str, str]:
    """What stands at the end of each list of the fleet file, by its placeholder; else nothing."""
    told, name = dict[str, list[str]](), ""
    for line in (HERE / "neighbour.yaml").read_text("utf-8").splitlines():
        if line.startswith("# --- "):
            name = line.removeprefix("# --- ")
        elif name:
            told.setdefault(name, []).append(line)
    texts = {name: Template("\n".join(lines)).substitute(values) for name, lines in told.items()}
    return texts if wanted else dict.fromkeys(texts, "")


def lines(number: int, now_ms: int) -> Iterator[str]:
    """What is said in message `number` (from 0)."""
    if number not in TUNNEL:
        yield (
            f"reading,sensor=truck-2-box temperature={9.1 + number % 7 / 10:.1f},humidity={71 + number % 5},"
            f"door_open={_word(number % 30 < 4)},defrost={_word(40 <= number % 60 < 50)},"
            f"latitude={29.56 + number / 4000:.5f},longitude={106.55 + number / 3000:.5f},speed=42.0,"
            f"battery={max(11, 64 - number // 20)},battery_voltage=2.91,link_quality={-71 - number % 9}"
            f" {now_ms}"
        )
    for sensor, celsius in _CELSIUS.items():
        yield f"reading,sensor={sensor} temperature={celsius + number % 3 / 10:.1f},battery=87 {now_ms}"


def _word(state: bool) -> str:  # noqa: FBT001 - a switch's state is what is written
    return "true" if state else "false"


@dataclass(slots=True)
class Neighbour:
    """Speaks once a second from `with` on; takes notice of one of its alarms and shelves another."""

    api: Api
    token: str
    _end: threading.Event = field(default_factory=threading.Event, init=False)
    _threads: list[threading.Thread] = field(default_factory=list, init=False)
    _done: set[str] = field(default_factory=set, init=False)

    def __enter__(self) -> Self:
        for work in (self._speak, self._act):
            thread = threading.Thread(target=work, name="neighbour", daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _speak(self) -> None:
        for number in itertools.count():
            body = "\n".join(lines(number, time.time_ns() // 1_000_000)) + "\n"
            self._quietly(lambda: self._write(body.encode()))  # noqa: B023 - called at once
            if self._end.wait(EVERY_S):
                return

    def _write(self, body: bytes) -> None:
        url = f"{self.api.url}/api/v2/write?precision=ms"
        request = urllib.request.Request(url, data=body, method="POST")  # noqa: S310 - our own server
        request.add_header("Authorization", f"Token {self.token}")
        with direct(request, timeout=10.0):
            pass

    def _act(self) -> None:
        acts: dict[str, tuple[str, Json]] = {
            "hub.vaccine": ("acknowledge", {"reason": "looked at", "action": "moved to the other room"}),
            "hub.transit": ("shelve", {"one_shot": True, "reason": "being loaded"}),
        }
        while len(self._done) < len(acts) and not self._end.wait(2 * EVERY_S):
            self._quietly(lambda: self._answer(acts))

    def _answer(self, acts: Mapping[str, tuple[str, Json]]) -> None:
        for alert in self.api.items("/api/v1/alerts"):
            zone = str(alert.get("zone"))
            if zone in acts and zone not in self._done and alert.get("level") == "alarm":
                name, body = acts[zone]
                self.api.post(f"/api/v1/alerts/{alert['id']}/{name}", body)
                self._done.add(zone)

    @staticmethod
    def _quietly(work: Callable[[], None]) -> None:
        """Try; a server that is restarted or away is asked again the next time."""
        try:
            work()
        except (ApiError, OSError):
            return
