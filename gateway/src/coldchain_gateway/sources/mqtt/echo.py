"""Our own words on a topic of our own, by which a connection is proved; see `proof`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_hex

from .buffered import Incoming
from .proof import Proof


@dataclass(slots=True, kw_only=True)
class Echo:
    """One connection's; its words differ from those of every other connection."""

    topic: str
    proof: Proof
    now_ms: Callable[[], int]  # CLOCK_BOOTTIME
    _name: str = field(default_factory=lambda: token_hex(8))

    def payload(self) -> bytes:
        """The word to be sent now."""
        return f"{self._name} {self.proof.token}".encode()

    def is_ours(self, message: Incoming) -> bool:
        """Whether this came by our topic; a topic that is no text is somebody else's."""
        try:
            return message.topic == self.topic
        except UnicodeDecodeError:
            return False

    def came_back(self, payload: bytes) -> bool:
        """Take a word that came by our topic; whether it proves this connection."""
        name, _, token = payload.decode("ascii", "replace").partition(" ")
        if name != self._name or not token.isdecimal() or len(token) > 18:
            return False
        return self.proof.echoed(int(token), self.now_ms())
