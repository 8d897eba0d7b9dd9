"""One telling, with everything that a channel may need to make its request from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from coldchain.errors import InvalidInput
from coldchain.words import Language
from coldchain_backend.delivery.notice import Notice
from coldchain_backend.fleet import Receiver
from coldchain_runtime.secrets import Secret

S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """A person of the receiver, as known when the message is sent; an address may be missing."""

    id: str
    name: str
    email: str | None = None
    mobile: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where this receiver acknowledges this alert, and the short code to enter at a fixed address."""

    url: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """A queued delivery about to be sent.

    id        the same on every attempt
    body      the document as it was queued
    secrets   by the names of the settings' fields; those that are not given are missing
    now_ms    the time of this attempt, ms UTC
    """

    id: str
    body: bytes
    notice: Notice
    receiver: Receiver
    secrets: Mapping[str, Secret]
    now_ms: int
    people: tuple[Addressee, ...] = ()
    link: Link | None = None

    @property
    def language(self) -> Language:
        """The receiver's language."""
        return self.receiver.language

    def mentioned(self) -> list[str]:
        """Mobiles of persons to mention: when an alert fires or is escalated, not at its end."""
        notice, digest = self.notice, self.notice.digest
        about = bool(notice.alert) if digest is None else digest.group
        if not notice.calls or not about:
            return []
        return [one.mobile.removeprefix("+86") for one in self.people if one.mobile]

    def settings(self, wanted: type[S]) -> S:
        """The settings of the channel, which must be of the kind that asks for them."""
        found = self.receiver.channel
        if not isinstance(found, wanted):
            raise InvalidInput(f"{self.receiver.name}: a {self.receiver.kind} is no {wanted.__name__}")
        return found

    def secret(self, name: str) -> str:
        """A secret that must be there, revealed. Raises InvalidInput where the settings do not give it."""
        if name not in self.secrets:
            raise InvalidInput(f"{self.receiver.name}: `{name}` is missing")
        return self.secrets[name].reveal()
