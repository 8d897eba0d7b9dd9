"""The other end of webhooks in tests: a sender that leads to a receiver in memory, which may be down."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import orjson

from coldchain_backend.delivery import Courier, CourierSettings, Queue
from coldchain_backend.delivery.courier import CourierPorts
from coldchain_backend.delivery.request import NoResponse, Request, Response
from coldchain_backend.fleet import Receiver, Webhook
from coldchain_runtime.clock import Clock

DOWN = NoResponse(reason="ConnectError: refused")


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


@dataclass(slots=True)
class WebhookEnd:
    """Answers by host; keeps what it accepted, as (host, webhook id, type, alert, sequence)."""

    receivers: tuple[str, ...]
    secret: str = field(default_factory=_new_secret)
    answers: dict[str, Response | NoResponse] = field(default_factory=dict)
    accepted: list[tuple[str, str, str, str, int]] = field(default_factory=list)
    attempts: list[tuple[str, str]] = field(default_factory=list)

    async def send(self, request: Request) -> Response | NoResponse:
        host, headers = request.url.rsplit("/", 1)[-1], request.headers
        self.attempts.append((host, headers["webhook-id"]))
        answer = self.answers.get(host, Response(status=204))
        if isinstance(answer, Response) and answer.status == 204:
            if not self._verified(headers, request.body):
                return Response(status=401)
            said = orjson.loads(request.body)
            data = said["data"]
            self.accepted.append(
                (host, headers["webhook-id"], said["type"], data["alert_id"], data["sequence"])
            )
        return answer

    def _verified(self, headers: Mapping[str, str], body: bytes) -> bool:
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return wanted in headers["webhook-signature"].split()

    def types(self, host: str) -> list[str]:
        """Types that a host accepted, in order."""
        return [one[2] for one in self.accepted if one[0] == host]


@dataclass(slots=True)
class Announced:
    """What the courier told about receivers that fail."""

    said: list[tuple[str, bool]] = field(default_factory=list)

    async def __call__(self, receiver: str, failing: bool) -> None:  # noqa: FBT001 - the port's shape
        self.said.append((receiver, failing))


def courier_to(end: WebhookEnd, queue: Queue, clock: Clock, folder: Path, announced: Announced) -> Courier:
    """A courier whose receivers are all at the end."""
    (folder / "whsec").write_text(end.secret)
    receivers = {
        name: Receiver(name=name, webhook=Webhook(url=f"https://hooks.example/{name}", secret="file:whsec"))
        for name in end.receivers
    }
    ports = CourierPorts(
        queue=queue,
        sender=end,
        clock=clock,
        receivers=lambda: receivers,
        announce=announced,
        random=Random(1),
    )
    return Courier(ports, CourierSettings(folder=folder))
