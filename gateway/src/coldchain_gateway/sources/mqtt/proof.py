"""Does the broker still deliver? Our own words must come back to us. Pure; times are CLOCK_BOOTTIME, ms.

A client may be connected and hear nothing: its subscription was lost at a reconnect, or taken by another with
its name. So it publishes to a topic of its own and listens to it by the same subscription. An echo that stays
away is first answered by subscribing again, then, if nothing else comes either, by giving the connection up.
Where it never came back once, the broker may forbid it: then nothing is proved, which is told, the connection
stays, and it is tried once in a while.
"""

from dataclasses import dataclass
from enum import Enum, auto

# Echoes that stay away before a silent connection is given up.
PATIENCE = 2


class Act(Enum):
    """What a connection is to do now."""

    WAIT = auto()
    SEND = auto()  # an echo
    SUBSCRIBE = auto()  # again, then an echo
    GIVE_UP = auto()


@dataclass(slots=True, kw_only=True)
class Proof:
    """One connection's. `ever`: this broker has sent an echo back before."""

    every_ms: int
    within_ms: int
    ever: bool = False
    token: int = 0
    missed: int = 0
    _due_ms: int | None = None  # next echo; None before the broker has granted the subscription
    _sent_ms: int | None = None  # the echo that is awaited
    _heard_ms: int = 0

    def granted(self, now_ms: int) -> None:
        """The broker has granted the subscription: ask for the proof at once."""
        self._due_ms, self._sent_ms = now_ms, None

    def heard(self, now_ms: int) -> None:
        """A message of somebody came."""
        self._heard_ms = now_ms

    def echoed(self, token: int, now_ms: int) -> bool:
        """Our word came back; whether it was the awaited one."""
        if self._sent_ms is None or token != self.token:
            return False
        self._sent_ms, self._due_ms, self._heard_ms = None, now_ms + self.every_ms, now_ms
        self.missed, self.ever = 0, True
        return True

    def step(self, now_ms: int, *, idle: bool) -> Act:
        """What is due now. While there is something to read (not `idle`) an echo may still be among it."""
        if self._sent_ms is not None:
            late = idle and now_ms - self._sent_ms >= self.within_ms
            return self._miss(now_ms) if late else Act.WAIT
        if self._due_ms is None or now_ms < self._due_ms:
            return Act.WAIT
        self.token += 1
        self._sent_ms = now_ms
        return Act.SEND

    def _miss(self, now_ms: int) -> Act:
        silent = self._sent_ms is not None and self._heard_ms < self._sent_ms
        self.missed += 1
        # The next echo goes out when the broker has granted the new subscription, or by itself later.
        self._sent_ms, self._due_ms = None, now_ms + self.within_ms
        if self.missed < PATIENCE:
            return Act.SUBSCRIBE
        if self.ever:
            return Act.GIVE_UP if silent else Act.SUBSCRIBE
        self._due_ms = now_ms + self.every_ms
        return Act.WAIT


def trouble(proof: Proof, topic: str) -> str:
    """What an operator must know; "" while all is well."""
    if not proof.missed:
        return ""
    if proof.ever:
        return f"connected, but nothing comes back: {proof.missed} echoes missed; subscribed again"
    return f"nobody can tell whether the broker delivers: let this client publish and read {topic}"
