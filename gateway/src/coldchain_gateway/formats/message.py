"""An MQTT message as a format sees it."""

from dataclasses import dataclass
from typing import Protocol

from coldchain_gateway.contracts import Decoded


@dataclass(frozen=True, slots=True)
class Message:
    """Topic and payload; whether it is the copy that the broker kept from earlier (`retained`) or a second
    telling of the same message (`dup`); the wall clock at its arrival, trusted or not."""

    topic: str
    payload: bytes
    retained: bool = False
    dup: bool = False
    arrival_ms: int = 0


class MqttFormat(Protocol):
    """One family's language. Any bytes give samples or refusals, never an exception."""

    def decode(self, message: Message) -> Decoded:
        """Nothing at all for messages that are not about measurements."""
