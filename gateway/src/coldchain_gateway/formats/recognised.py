"""Format `auto`: each topic's family is recognised by its messages, and decoded by that from then on."""

from collections.abc import Callable
from typing import Final

from coldchain.readings import RefusalReason
from coldchain_gateway.contracts import Decoded

from .family import Family, Options, Recognised
from .message import Message, MqttFormat
from .values import refused

MOST_TOPICS: Final = 10_000


class Auto:
    """One decoder a family, loaded when its first message comes."""

    def __init__(
        self,
        options: Options,
        recognise: Callable[[Message], Recognised | None],
        family: Callable[[str], Family],
    ) -> None:
        self._options = options
        self._recognise = recognise
        self._family = family
        self._formats: dict[str, MqttFormat] = {}
        self._topics: dict[str, str] = {}

    def decode(self, message: Message) -> Decoded:
        """By the topic's family; a message of none is refused."""
        name = self._topics.get(message.topic) or self._named(message)
        if name is None:
            detail = f"{message.topic}: no family is recognised; name its format"
            return (refused(RefusalReason.UNMAPPED, detail, message.payload),)
        return self._format(name).decode(message)

    def _named(self, message: Message) -> str | None:
        found = self._recognise(message)
        if found is not None and len(self._topics) < MOST_TOPICS:
            self._topics[message.topic] = found.family
        return None if found is None else found.family

    def _format(self, name: str) -> MqttFormat:
        if name not in self._formats:
            self._formats[name] = self._family(name).make(self._options)
        return self._formats[name]
