"""A group in the making: which lines will be durable together, and who is told then."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from coldchain.errors import InvalidInput
from coldchain.lineprotocol import encode_fields, reading_key
from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Acquired, NotKept, Sample
from coldchain_gateway.outbox import Entry, Group, Remembered
from coldchain_runtime.logs import Log

log = Log("gateway.intake")
Settled = Callable[[NotKept | None], None]


@dataclass(frozen=True, slots=True)
class Offered:
    """Something acquired, and who waits for its fate (None: it is kept; else why not)."""

    acquired: Acquired
    settled: Settled | None = None


@dataclass(frozen=True, slots=True)
class Forget:
    """A lost session, and whom to tell when that is durable."""

    session: str
    done: Callable[[], None]


@dataclass(slots=True)
class Part:
    """What one item adds to a group."""

    entries: list[Entry]
    told: Callable[[], None] | None = None
    settled: Settled | None = None


@dataclass(slots=True)
class Draft:
    """Items in their order; `remembered` asks the outbox what was kept under a packet id before."""

    remembered: Callable[[str, int], bytes | None]
    refuse: Callable[[str, Refusal], None]
    parts: list[Part] = field(default_factory=list)
    messages: dict[tuple[str, int], bytes] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)
    redelivered: int = 0

    def add(self, item: Offered | Forget) -> list[Sample]:
        """Take an item in; the samples that are new and tell of now, for the local alarm."""
        if isinstance(item, Forget):
            self.forgotten.append(item.session)
            for name in [name for name in self.messages if name[0] == item.session]:
                del self.messages[name]
            self.parts.append(Part([], item.done))
            return []
        acquired = item.acquired
        part = Part([], acquired.acknowledge, item.settled)
        self.parts.append(part)
        if self._is_redelivery(acquired):
            self.redelivered += 1
            return []
        delivery = acquired.delivery
        if delivery is not None:
            self.messages[delivery.session, delivery.packet_id] = delivery.digest[:8]
        return list(self._samples(acquired, part.entries))

    def note(self, entry: Entry) -> None:
        """A line of the gateway's own."""
        self.parts.append(Part([entry]))

    def _samples(self, acquired: Acquired, entries: list[Entry]) -> Iterator[Sample]:
        boot_ms = acquired.boottime_ns // 1_000_000
        for decoded in acquired.decoded:
            if isinstance(decoded, Refusal):
                self.refuse(acquired.source, decoded)
                continue
            try:
                line = b"%b %b" % (reading_key(decoded.sensor), encode_fields(decoded.values))
            except InvalidInput as error:
                refusal = Refusal(reason=RefusalReason.BAD_VALUE, detail=str(error), sensor=decoded.sensor)
                self.refuse(acquired.source, refusal)
                continue
            own_ms = decoded.source_time_ms
            history = decoded.history and own_ms is not None
            entries.append(Entry(line=line, boot_ms=boot_ms, source_ms=own_ms, history=history))
            if not decoded.history:
                yield decoded

    def _is_redelivery(self, acquired: Acquired) -> bool:
        """Only a message with the DUP flag is compared, so an equal new one is never swallowed."""
        delivery = acquired.delivery
        if delivery is None or not delivery.dup:
            return False
        remembered = self.messages.get((delivery.session, delivery.packet_id))
        if remembered is None and delivery.session not in self.forgotten:
            remembered = self.remembered(delivery.session, delivery.packet_id)
        return remembered == delivery.digest[:8]

    def give_back(self, error: NotKept) -> None:
        """There is no room: whoever waits in `take` is told, and its lines go.

        A wire that is read by polling has fresher lines next time; what a broker would send again stays, and
        so do the gateway's own lines.
        """
        for part in self.parts:
            if part.settled is not None:
                guarded("settle", partial(part.settled, error))
        self.parts = [part for part in self.parts if part.settled is None]

    def group(self, *, boot: str, boot_ms: int, trusted: bool) -> Group:
        """All of it as one commit."""
        return Group(
            boot=boot,
            boot_ms=boot_ms,
            trusted=trusted,
            entries=[entry for part in self.parts for entry in part.entries],
            messages=[Remembered(session=s, packet_id=p, digest=d) for (s, p), d in self.messages.items()],
            forget=self.forgotten,
        )

    def tell(self) -> None:
        """It is durable: acknowledge and settle, in the order in which things came."""
        for part in self.parts:
            if part.told is not None:
                guarded("acknowledge", part.told)
            if part.settled is not None:
                guarded("settle", partial(part.settled, None))


def guarded(what: str, call: Callable[[], None]) -> None:
    """Call into another room; its fault costs neither evidence nor the others' acknowledgements."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - the committing thread must outlive whatever it tells
        log.error("intake.caller_failed", what=what, error=f"{type(error).__name__}: {error}")
