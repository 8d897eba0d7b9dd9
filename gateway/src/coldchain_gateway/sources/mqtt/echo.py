"""What we say on a connection: words on a topic of our own, by which it is proved (see `proof`), and words
that keep devices awake which speak only while somebody asks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Final

from .buffered import Arrived
from .proof import Proof

ASK_EVERY_MS: Final = 30_000


@dataclass(slots=True, kw_only=True)
class Echo:
    """One connection's; its words differ from those of every other connection."""

    topic: str
    proof: Proof
    now_ms: Callable[[], int]  # CLOCK_BOOTTIME
    asks: Sequence[str] = ()  # topics to which an empty message goes twice a minute
    granted: bool = False  # the subscription stands, so answers would be heard
    _asked_ms: int | None = None
    _name: str = field(default_factory=lambda: token_hex(8))
    _raw_topic: bytes = field(init=False)

    def __post_init__(self) -> None:
        self._raw_topic = self.topic.encode()

    def payload(self) -> bytes:
        """The word to be sent now."""
        return f"{self._name} {self.proof.token}".encode()

    def due_asks(self) -> Sequence[str]:
        """Whom to ask now."""
        now_ms = self.now_ms()
        if not self.granted or (self._asked_ms is not None and now_ms - self._asked_ms < ASK_EVERY_MS):
            return ()
        self._asked_ms = now_ms
        return self.asks

    def split(self, messages: Sequence[Arrived]) -> tuple[Sequence[Arrived], Sequence[Arrived]]:
        """(what came by our topic, everything else)."""
        ours = [message for message in messages if message.raw_topic == self._raw_topic]
        if not ours:
            return (), messages
        return ours, [message for message in messages if message.raw_topic != self._raw_topic]

    def came_back(self, payload: bytes) -> bool:
        """Take a word that came by our topic; whether it proves this connection."""
        name, _, token = payload.decode("ascii", "replace").partition(" ")
        if name != self._name or not token.isdecimal() or len(token) > 18:
            return False
        return self.proof.echoed(int(token), self.now_ms())
