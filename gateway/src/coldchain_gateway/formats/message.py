"""An MQTT message as a format sees it."""

from dataclasses import dataclass
from typing import Protocol

from coldchain_gateway.contracts import Decoded


@dataclass(frozen=True, slots=True)
class Message:
    """Topic, payload, and whether it is the copy that the broker kept from earlier."""

    topic: str
    payload: bytes
    retained: bool = False


class MqttFormat(Protocol):
    """One family's language. Any bytes give samples or refusals, never an exception."""

    def decode(self, message: Message) -> Decoded: ...
