"""The other end of webhooks in tests: a sender that leads to a receiver in memory, which may be down."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import orjson

from coldchain_backend.delivery import Attempts, Courier, CourierPorts, Queue
from coldchain_backend.delivery.request import Call, NoResponse, Request, Response
from coldchain_backend.delivery.standings import Known as KnownStanding
from coldchain_backend.delivery.standings import LastTest
from coldchain_backend.fleet import Plan, Receiver, Webhook
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

    async def send(self, request: Call) -> Response | NoResponse:
        assert isinstance(request, Request)
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

    undeliverable: list[tuple[str, ...]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    async def failing(self, receiver: str, reason: str) -> None:
        self.said.append((receiver, True))
        self.reasons.append(reason)

    async def recovered(self, receiver: str) -> None:
        self.said.append((receiver, False))

    async def undelivered(self, receiver: str, alerts: Sequence[str]) -> None:
        self.undeliverable.append((receiver, *alerts))


@dataclass(slots=True)
class Known:
    """Standings in memory."""

    rows: dict[str, KnownStanding] = field(default_factory=dict)

    def known(self, receiver: str) -> KnownStanding | None:
        return self.rows.get(receiver)

    def everyone(self) -> list[KnownStanding]:
        return [self.rows[name] for name in sorted(self.rows)]

    def stands(self, known: KnownStanding) -> None:
        self.rows[known.receiver] = replace(known, tested=getattr(self.known(known.receiver), "tested", None))

    def tested(self, receiver: str, tested: LastTest) -> None:
        self.rows[receiver] = replace(
            self.rows.get(receiver) or KnownStanding(receiver=receiver), tested=tested
        )


def courier_to(  # noqa: PLR0917 - as the tests write it
    end: WebhookEnd,
    queue: Queue,
    clock: Clock,
    folder: Path,
    announced: Announced,
    standings: Known | None = None,
    receivers: Sequence[Receiver] | None = None,
) -> Courier:
    """A courier whose receivers are all at the end, by default webhooks without a rate that matters."""
    (folder / "whsec").write_text(end.secret)

    def plan() -> Plan:
        made = [
            Receiver(name=name, webhook=Webhook(url=f"https://hooks.example/{name}", secret="file:whsec"))
            for name in end.receivers
        ]
        return Plan(organisation="demo", receivers=tuple(made if receivers is None else receivers))

    ports = CourierPorts(
        queue=queue,
        standings=Known() if standings is None else standings,
        attempts=Attempts(sender=end, clock=clock, folder=folder),
        clock=clock,
        plan=plan,
        announce=announced,
        random=Random(1),
    )
    return Courier(ports)
