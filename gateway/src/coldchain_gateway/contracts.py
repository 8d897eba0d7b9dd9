"""What passes between the rooms of the gateway: sources, intake, outbox, local alarm.

Life of a reading: a source acquires bytes, a format decodes them, `Intake` commits them, only then the
source (or its broker) hears "kept", and only then they are dated, sealed and sent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, Protocol, TypeVar, runtime_checkable

from coldchain.errors import Unavailable
from coldchain.readings import Refusal, Value
from coldchain.watch import WatchBundle

_Made = TypeVar("_Made", bound=tuple[object, ...])


def maker(kind: type[_Made]) -> Callable[[tuple[object, ...]], _Made]:
    """Makes a named tuple of all of its fields, for what is made of every message: a quarter of the cost of
    calling the class, and nothing is checked."""
    return partial(tuple.__new__, kind)


class NotKept(Unavailable):
    """The outbox cannot keep anything now (disk full); what was offered is not durable."""


class Sample(NamedTuple):
    """What one sensor said at one instant, decoded and not yet dated.

    This and what it goes through are made for every message; a named tuple costs a third of a dataclass.
    """

    sensor: str
    values: Mapping[str, Value]
    # The device's own time of measurement, UTC ms, where it sends one that can be believed; else None
    # and the instant of acquisition counts.
    source_time_ms: int | None = None
    # From a device's memory: true at its own time, but no word about now; the local alarm passes it over.
    history: bool = False
    # How often the device says that it speaks, where it does.
    interval_ms: int | None = None
    # `values` as a line has them, where the format has found that out on its way; else it is done later.
    written: bytes | None = None


Decoded = Sequence[Sample | Refusal]


class MqttDelivery(NamedTuple):
    """Identity of one QoS 1 message, by which a redelivery after a crash is told from an equal new one."""

    session: str  # broker and client id, stable over restarts: "host:port/client-id"
    packet_id: int
    dup: bool  # the DUP flag; only a message that carries it is compared with remembered ones
    digest: bytes  # 8 bytes of a hash over topic and payload
    # Called with packet ids on intake's thread after the commit (also for a redelivery, which is not kept
    # twice). It must not block and must do nothing when its connection is gone.
    acknowledge: Callable[[Sequence[int]], None]


class Acquired(NamedTuple):
    """One message, line or answer from a wire, with the instant at which its last byte came."""

    source: str
    decoded: Decoded
    boottime_ns: int  # CLOCK_BOOTTIME
    wall_ms: int  # the wall clock as it was, trusted or not; for the log only
    delivery: MqttDelivery | None = None
    raw: bytes = b""  # what came, for whoever looks at the wire; not kept


class Intake(Protocol):
    """The one way in. Refusals within `decoded` are counted by (source, reason)."""

    async def take(self, acquired: Acquired) -> None:
        """Return when it is durable. Raises NotKept; the caller counts that and goes on reading."""

    def offer(self, *acquired: Acquired, more: bool = False) -> None:
        """From any thread, in this order; a delivery is acknowledged after the commit. Blocks while the queue
        is full.

        `more`: the caller goes on reading what has come already and will call `begin`; one commit then takes
        the whole burst.
        """

    def begin(self) -> None:
        """What was offered with `more` may be committed now. From any thread, never blocks."""

    def refuse(self, source: str, refusal: Refusal) -> None:
        """Count something that never became a reading. From any thread, never blocks."""

    def forget(self, session: str, done: Callable[[], None]) -> None:
        """The broker lost this session (CONNACK without session present): remembered messages are void.

        `done` is called on intake's thread when that is durable; subscribe only then, so that no message
        of the new session can meet a memory of the old one.
        """

    def note(
        self,
        measurement: str,
        tags: Mapping[str, str],
        fields: Mapping[str, Value | str],
        *,
        urgent: bool = False,
    ) -> None:
        """Keep a line of the gateway's own (`local_alarm`, `source`, …). From any thread, never blocks.

        `urgent`: a limit was crossed; everything kept so far is sealed and sent at once.
        """


class Source(Protocol):
    """One wire. `run` is supervised: an exception is a restart with back-off, cancelling it ends it."""

    @property
    def name(self) -> str: ...

    async def run(self, intake: Intake) -> None:
        """Read until cancelled. Must release its wire when cancelled."""


@runtime_checkable
class Remarking(Protocol):
    """A source that can say why its wire is not read although it runs."""

    @property
    def remark(self) -> str:
        """For whoever asks how it is; "" while all is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicReport:
    """How one subscription fares."""

    topic: str
    format: str
    granted_qos: int | None  # by the broker; 128 and more: refused; None: not yet
    at_qos0: int  # messages that came so since the start
    at_qos1: int
    loses: str  # where broker or publisher can lose while the gateway is away; "": nobody can tell


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """What a wire can say of itself beside the state of its loop."""

    alarm: str = ""  # what an operator must know now
    topics: tuple[TopicReport, ...] = ()
    intervals: Mapping[str, int] = field(default_factory=dict)  # as devices tell them: sensor → ms


@runtime_checkable
class Reporting(Protocol):
    """A source that can."""

    def report(self) -> SourceReport:
        """From any thread; never blocks."""


class Watcher(Protocol):
    """The local alarm as intake and uplink see it. Both methods are called from other threads."""

    def observe(self, samples: Sequence[Sample], boottime_ns: int) -> None:
        """Judge what was acquired; called before the commit, so it works with a full disk. Never blocks."""

    def load(self, bundle: WatchBundle) -> None:
        """Watch by this bundle from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a local annunciator is told: a rule's limit was broken, or that is over."""

    point: str
    rule: str
    state: str  # "alarm", "unknown" (silence) or "end"
    text_en: str
    text_zh: str
    value: float | None
