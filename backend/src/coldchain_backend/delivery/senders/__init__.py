"""Senders: the wires. One file each; `Senders` knows which kind of call goes over which."""

from types import TracebackType
from typing import Self

from coldchain_backend.delivery.request import Answer, Call, Mail, Note, Publication, Request
from coldchain_backend.delivery.senders.apprise import AppriseSender
from coldchain_backend.delivery.senders.guard import Guard
from coldchain_backend.delivery.senders.http import HttpSender
from coldchain_backend.delivery.senders.mqtt import MqttSender
from coldchain_backend.delivery.senders.smtp import SmtpSender


class Senders:
    """All wires, behind one guard."""

    def __init__(
        self, guard: Guard, http: HttpSender, smtp: SmtpSender, mqtt: MqttSender, apprise: AppriseSender
    ) -> None:
        self._guard = guard
        self._http, self._smtp, self._mqtt, self._apprise = http, smtp, mqtt, apprise

    @classmethod
    def behind(cls, guard: Guard, *, apprise: bool = False) -> Self:
        """Every sender with its usual settings; `apprise`: whether its plugins may go past the guard."""
        return cls(
            guard, HttpSender(guard), SmtpSender(guard), MqttSender(guard), AppriseSender(allowed=apprise)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()
        self._mqtt.close()
        self._apprise.close()
        self._guard.close()

    async def send(self, call: Call) -> Answer:
        """Make one attempt; never raises for what the other side or the network does."""
        match call:
            case Request():
                return await self._http.send(call)
            case Mail():
                return await self._smtp.send(call)
            case Publication():
                return await self._mqtt.send(call)
            case Note():
                return await self._apprise.send(call)
