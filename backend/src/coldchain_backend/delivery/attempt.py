"""One attempt: compose, send what has not arrived yet, read what came back."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from coldchain.errors import InvalidInput
from coldchain_backend.access import Link as AccessLink
from coldchain_backend.access import People
from coldchain_backend.delivery.channels import CHANNELS
from coldchain_backend.delivery.notice import Notice, read_notice
from coldchain_backend.delivery.queue import Queued
from coldchain_backend.delivery.request import Answer, Call, Fate, Outcome
from coldchain_backend.delivery.telling import Addressee, Link, Telling
from coldchain_backend.fleet import Receiver
from coldchain_runtime.clock import Clock
from coldchain_runtime.secrets import Secret, resolve

LONGEST_MS: Final = 60_000
"""After this no further part is begun; the rest follows in the next attempt, long before the lease ends."""

_WORST: Final = (Fate.DELIVERED, Fate.RETRY, Fate.SLOW, Fate.GONE)


class Sender(Protocol):
    """A wire."""

    async def send(self, call: Call) -> Answer:
        """Make one attempt; never raises for what the other side or the network does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of an attempt: `reached` are all parts that have arrived so far, `calls` went out now."""

    outcome: Outcome
    reached: frozenset[str] = frozenset()
    calls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Makes attempts.

    folder   where secrets' relative files lie
    people   whose addresses are read now; None: nobody is known
    link     makes the link by which a receiver acknowledges an alert, as of an instant
    """

    sender: Sender
    clock: Clock
    folder: Path
    people: People | None = None
    link: Callable[[str, str, int], AccessLink] | None = None

    async def make(self, queued: Queued, receiver: Receiver) -> Tried:
        """One attempt to tell a receiver."""
        try:
            telling = self.telling(queued.id, queued.body, receiver)
            return await self.tell(telling, queued.reached)
        except InvalidInput as error:
            return Tried(outcome=Outcome(fate=Fate.SLOW, reason=str(error)), reached=queued.reached)

    async def tell(self, telling: Telling, reached: frozenset[str] = frozenset()) -> Tried:
        """Send the parts that have not arrived. Raises InvalidInput where nothing can be sent."""
        channel = CHANNELS[telling.receiver.kind]
        parts = channel.compose(telling)
        worst, calls = Outcome(fate=Fate.DELIVERED, reason=_unsent(telling, parts=len(parts))), 0
        began_ns = self.clock.monotonic_ns()
        for part in (one for one in parts if one.key not in reached):
            if (self.clock.monotonic_ns() - began_ns) // 1_000_000 > LONGEST_MS:
                worst = _worse(worst, Outcome(fate=Fate.RETRY, reason="the rest follows"))
                break
            outcome = channel.read(await self.sender.send(part.call), telling)
            calls += 1
            if outcome.fate is Fate.DELIVERED:
                reached |= {part.key}
            elif part.key:
                outcome = _named(outcome, part.key)
            worst = outcome if calls == 1 else _worse(worst, outcome)
        return Tried(outcome=_redacted(worst, telling), reached=reached, calls=calls)

    def telling(self, delivery: str, body: bytes, receiver: Receiver) -> Telling:
        """What there is to tell, with the secrets, persons and link of this moment. Raises InvalidInput."""
        now_ms, notice = self.clock.now_ms(), read_notice(body)
        return Telling(
            id=delivery,
            body=body,
            notice=notice,
            receiver=receiver,
            secrets=self._secrets(receiver),
            now_ms=now_ms,
            people=self._addressees(receiver),
            link=self._link(delivery, notice, receiver, now_ms),
        )

    def _secrets(self, receiver: Receiver) -> dict[str, Secret]:
        settings = receiver.channel
        references = {name: getattr(settings, name) for name in settings.SECRETS}
        return {name: resolve(one, self.folder) for name, one in references.items() if one is not None}

    def _addressees(self, receiver: Receiver) -> tuple[Addressee, ...]:
        if self.people is None or not receiver.persons:
            return ()
        return tuple(
            Addressee(
                id=one.id,
                name=one.name.in_(receiver.language),
                email=one.email or None,
                mobile=one.mobile or None,
                phone=one.phone or one.mobile or None,
            )
            for one in self.people.people(receiver.persons)
            if not one.disabled
        )

    def _link(self, delivery: str, notice: Notice, receiver: Receiver, now_ms: int) -> Link | None:
        """Where the alert is acknowledged, or those that stand together in a group's message."""
        digest = notice.digest
        about = notice.alert if digest is None else delivery if digest.acknowledges else ""
        if self.link is None or not about or notice.ended:
            return None
        made = self.link(about, receiver.name, now_ms)
        return Link(url=made.url, code=made.code)


def _unsent(telling: Telling, *, parts: int) -> str:
    if parts:
        return "arrived before"
    quiet = telling.notice.ended if telling.receiver.kind != "voice" else not telling.notice.calls
    if telling.receiver.kind in ("email", "sms", "voice") and not quiet:
        raise InvalidInput(
            f"{telling.receiver.name}: none of its persons has an address for {telling.receiver.kind}"
        )
    return "nothing to tell this way"


def _worse(one: Outcome, other: Outcome) -> Outcome:
    return one if _WORST.index(one.fate) >= _WORST.index(other.fate) else other


def _named(outcome: Outcome, key: str) -> Outcome:
    return Outcome(
        fate=outcome.fate, reason=f"{key}: {outcome.reason}", retry_after_ms=outcome.retry_after_ms
    )


def _redacted(outcome: Outcome, telling: Telling) -> Outcome:
    """No secret stands in a timeline, also where the other end says it back."""
    reason = outcome.reason
    for secret in telling.secrets.values():
        reason = reason.replace(secret.reveal(), "…")
    return Outcome(fate=outcome.fate, reason=reason[:500], retry_after_ms=outcome.retry_after_ms)
