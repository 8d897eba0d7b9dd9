"""What a channel composes, what a sender brings back, and what that means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from coldchain_runtime.secrets import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A POST: these bytes go out exactly as they are. Address and headers may hold secrets."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message to one mailbox; `security` is starttls, implicit or none."""

    host: str
    port: int
    security: str
    sender: str
    recipient: str
    message: bytes
    username: str | None = None
    password: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One message to a broker's topic."""

    host: str
    port: int
    tls: bool
    topic: str
    payload: bytes
    qos: int
    retain: bool
    client_id: str
    username: str | None = None
    password: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A title and a text for one service of the apprise library."""

    url: Secret
    title: str
    text: str


Call = Request | Mail | Publication | Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the calls that a telling takes; `key` tells it from the others and names nobody's address."""

    call: Call
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer: `body` is its beginning only; header names are lower case.

    Of a mail server `status` is its reply code, of a broker its reason code.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoResponse:
    """No answer: network, time-out, or a target that is not allowed."""

    reason: str
    forbidden: bool = False


Answer = Response | NoResponse


class Fate(StrEnum):
    """What became of an attempt."""

    DELIVERED = "delivered"
    RETRY = "retry"  # will pass: tried again soon
    SLOW = "slow"  # needs a person at the other end: tried again rarely, and told
    GONE = "gone"  # the other end says that it is no more: not tried again until somebody looked


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Fate, reason for the timeline, and how long the receiver asked to be left alone, in ms."""

    fate: Fate
    reason: str = ""
    retry_after_ms: int | None = None
