"""A group in the making: which lines will be durable together, and who is told then."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple

from coldchain.errors import InvalidInput
from coldchain.lineprotocol import encode_fields, reading_key
from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Acquired, NotKept, Sample, maker
from coldchain_gateway.outbox import Entry, Group
from coldchain_runtime.logs import Log

log = Log("gateway.intake")
_entry: Final = maker(Entry)
Settled = Callable[[NotKept | None], None]
Acknowledge = Callable[[Sequence[int]], None]


@dataclass(frozen=True, slots=True)
class Taken:
    """Something acquired whose source waits for its fate (None: it is kept; else why not)."""

    acquired: Acquired
    settled: Settled


@dataclass(frozen=True, slots=True)
class Forget:
    """A lost session, and whom to tell when that is durable."""

    session: str
    done: Callable[[], None]


Item = Acquired | Taken | Forget


class Awaited(NamedTuple):
    """A source that waits, and its lines among all of a draft."""

    settled: Settled
    first: int
    end: int


@dataclass(slots=True)
class Draft:
    """Items in their order; `remembered` asks the outbox what was kept under a packet id before."""

    remembered: Callable[[str, int], bytes | None]
    refuse: Callable[[str, Refusal], None]
    entries: list[Entry] = field(default_factory=list)
    told: list[Callable[[], None]] = field(default_factory=list)
    awaited: list[Awaited] = field(default_factory=list)
    messages: dict[str, dict[int, bytes]] = field(default_factory=dict)  # session → packet id → digest
    forgotten: list[str] = field(default_factory=list)
    items: int = 0
    redelivered: int = 0
    _asks: Acknowledge | None = None  # who acknowledges `_ids`, the newest of `told`
    _ids: list[int] = field(default_factory=list)

    def forget(self, item: Forget) -> None:
        """Whatever was remembered of this session is void."""
        self.items += 1
        self.forgotten.append(item.session)
        self.messages.pop(item.session, None)
        self.told.append(item.done)
        self._asks = None

    def take(self, item: Taken) -> list[Sample]:
        """As `add`, for a source that waits."""
        first = len(self.entries)
        samples = self.add((item.acquired,))
        self.awaited.append(Awaited(item.settled, first, len(self.entries)))
        return samples

    def add(self, acquired: Sequence[Acquired]) -> list[Sample]:
        """Take in what came in a row; the samples that are new and tell of now, for the local alarm.

        Every message passes here, so what most need is not in calls.
        """
        self.items += len(acquired)
        entries, new = self.entries, list[Sample]()
        for source, decoded, boottime_ns, _, delivery, _ in acquired:
            if delivery is not None:
                session, packet_id, dup, digest, acknowledge = delivery
                if acknowledge is not self._asks:
                    self._owe(acknowledge)
                self._ids.append(packet_id)
                if dup and self._is_redelivery(session, packet_id, digest):
                    self.redelivered += 1
                    continue
                messages = self.messages.get(session)
                if messages is None:
                    messages = self.messages[session] = {}
                messages[packet_id] = digest
            for one in decoded:
                if isinstance(one, Refusal):
                    self.refuse(source, one)
                    continue
                sensor, values, own_ms, history, _, written = one
                try:
                    line = b"%b %b" % (reading_key(sensor), written or encode_fields(values))
                except InvalidInput as error:
                    self.refuse(
                        source, Refusal(reason=RefusalReason.BAD_VALUE, detail=str(error), sensor=sensor)
                    )
                    continue
                entries.append(
                    _entry((line, boottime_ns // 1_000_000, own_ms, history and own_ms is not None))
                )
                if not history:
                    new.append(one)
        return new

    def _owe(self, acknowledge: Acknowledge) -> None:
        """What came by one connection in a row is acknowledged in one call."""
        self._asks, self._ids = acknowledge, []
        self.told.append(partial(acknowledge, self._ids))

    def note(self, entry: Entry) -> None:
        """A line of the gateway's own."""
        self.items += 1
        self.entries.append(entry)

    def _is_redelivery(self, session: str, packet_id: int, digest: bytes) -> bool:
        """Only a message with the DUP flag is compared, so an equal new one is never swallowed."""
        remembered = self.messages.get(session, {}).get(packet_id)
        if remembered is None and session not in self.forgotten:
            remembered = self.remembered(session, packet_id)
        return remembered == digest

    def give_back(self, error: NotKept) -> None:
        """There is no room: whoever waits in `take` is told, and its lines go.

        A wire that is read by polling has fresher lines next time; what a broker would send again stays, and
        so do the gateway's own lines.
        """
        for one in reversed(self.awaited):
            del self.entries[one.first : one.end]
        for one in self.awaited:
            guarded("settle", partial(one.settled, error))
        self.items -= len(self.awaited)
        self.awaited = []

    def group(self, *, boot: str, boot_ms: int, trusted: bool) -> Group:
        """All of it as one commit."""
        return Group(
            boot=boot,
            boot_ms=boot_ms,
            trusted=trusted,
            entries=self.entries,
            messages=self.messages,
            forget=self.forgotten,
        )

    def tell(self) -> None:
        """It is durable: acknowledge in the order in which things came, and settle."""
        for told in self.told:
            guarded("acknowledge", told)
        for one in self.awaited:
            guarded("settle", partial(one.settled, None))


def guarded(what: str, call: Callable[[], None]) -> None:
    """Call into another room; its fault costs neither evidence nor the others' acknowledgements."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - the committing thread must outlive whatever it tells
        log.error("intake.caller_failed", what=what, error=f"{type(error).__name__}: {error}")
