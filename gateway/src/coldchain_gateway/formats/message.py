"""An MQTT message as a format sees it."""

from typing import NamedTuple, Protocol

from coldchain.readings import RefusalReason
from coldchain_gateway.contracts import Decoded

from .values import Unreadable


class Message(NamedTuple):
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


def refuse_retained(message: Message) -> None:
    """A copy that the broker kept is no measurement, however fresh it looks. Raises Unreadable."""
    if message.retained:
        raise Unreadable(RefusalReason.RETAINED, "a copy kept by the broker")
