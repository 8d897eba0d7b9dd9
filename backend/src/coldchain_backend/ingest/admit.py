"""The one door for measurements: who may write, whose seal is whole; then into the ledger.

Nothing is answered as stored before the ledger made it durable. The lines themselves are the consumer's work.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from coldchain.errors import Unavailable
from coldchain.seal import BadBatch, Batch, Key, SealFault, check, read_batches
from coldchain_backend.fleet import Plan
from coldchain_backend.ingest.acts import GatewayActs
from coldchain_backend.ingest.conditions import Conditions
from coldchain_backend.ingest.contracts import BatchFate, Fate, NotAdmitted, Written, fate_of
from coldchain_backend.ingest.hashes import MAX_SEQ
from coldchain_backend.ingest.keys import GatewayKeys
from coldchain_backend.ingest.lanes import Backlog
from coldchain_backend.ingest.receipts import Receipts
from coldchain_backend.ingest.register import Register, RunHead
from coldchain_backend.ingest.store import BatchStore, Stored
from coldchain_backend.ingest.unsealed import Precision, Received, read_unsealed
from coldchain_backend.ledger import Grade, Ledger, MarkName
from coldchain_runtime.clock import Clock

MEASUREMENTS_AT_MOST: Final = 1000


class Admission:
    """Takes writes of one organisation. Lives in one event loop."""

    def __init__(
        self, *, ledger: Ledger, key: Key, organisation: str, folder: Path, plan: Callable[[], Plan]
    ) -> None:
        self._organisation = organisation
        self._ledger = ledger
        self._plan = plan
        self._followed: Plan | None = None
        self._register = Register(ledger, organisation, folder)
        self._conditions = Conditions(ledger)
        self._store = BatchStore(self._register, self._conditions)
        self._backlog: Backlog | None = None
        self._receipts = Receipts(self._register, organisation, key)
        self._acts = GatewayActs(self._register, self._conditions)
        self.unmapped: Counter[str] = Counter()
        self.unmapped_sample: dict[str, str] = {}
        self.refusals: Counter[str] = Counter()

    def catch_up(self) -> None:
        """Read what the ledger holds behind the snapshot; at start, before the first write."""
        self._register.catch_up()

    def pace_backlog(self, judged: Callable[[], int], clock: Clock) -> None:
        """From now on take old batches as fast as they are judged; `judged`: the offset it has come to."""
        self._backlog = Backlog(self._store, self._ledger, judged, clock)

    def close(self) -> None:
        """Write down what is known, for a short start."""
        self._register.close()

    @property
    def keys(self) -> GatewayKeys:
        """The gateways' keys, those of the newest fleet version among them."""
        self._follow_fleet()
        return self._register.keys

    @property
    def acts(self) -> GatewayActs:
        """Enrolment, revocation, numbers declared lost."""
        self._follow_fleet()
        return self._acts

    def held(self, key: str) -> list[tuple[str, int]]:
        """(run, held) of a key's newest run and of every incomplete one."""
        return self._register.sequences.held(key)

    def heads(self) -> list[RunHead]:
        """The newest run of every key and every incomplete one: its last number, and how much is held."""
        return self._register.heads()

    async def write_sealed(self, writer: str, body: bytes, lane: str | None = None) -> Written:
        """Take the batches of one request by the gateway `writer`, which names its lane or does not.

        Raises NotAdmitted where a key is not admitted for that name.
        """
        self._follow_fleet()
        framed = list(read_batches(body))
        batches = [one for one in framed if isinstance(one, Batch)]
        mistakes = tuple(f"byte {one.position}: {one.reason}" for one in framed if isinstance(one, BadBatch))
        for batch in {(one.gateway, one.org): one for one in batches}.values():
            await self._admit(writer, batch)
        refused = [self._refused(batch) for batch in batches]
        whole = [batch for batch, fate in zip(batches, refused, strict=True) if fate is None]
        stored = await self._keep(writer, whole, lane)
        return Written(
            fates=(*(fate for fate in refused if fate is not None), *stored.fates),
            held=tuple(self.held(batches[-1].gateway)) if batches else (),
            mistakes=mistakes,
            stored_lines=sum(batch.body.count(b"\n") for batch in whole),
            error=stored.error,
        )

    async def _keep(self, writer: str, batches: Sequence[Batch], said: str | None) -> Stored:
        backlog = self._backlog
        if backlog is None or not backlog.takes(said, batches):
            return await self._store.store(writer, batches)
        stored = await backlog.store(writer, batches)
        self.refusals["backlog_later"] += sum(fate.fate is Fate.LATER for fate in stored.fates)
        return stored

    async def write_unsealed(self, writer: str, body: bytes, precision: Precision, now_ms: int) -> Written:
        """Seal the readings of an unsealed body on receipt; raises NotAdmitted where that is not allowed."""
        plan = self._plan()
        if not plan.unsealed_allowed:
            raise NotAdmitted("unsealed writes are not allowed")
        received = read_unsealed(body, precision, plan.mapping, now_ms)
        self._count(received)
        mistakes = tuple(f"line {bad.number}: {bad.reason}" for bad in received.bad)
        if received.empty:
            return Written(mistakes=mistakes)
        try:
            await self._receipts.keep(writer, received)
        except Unavailable as error:
            return Written(mistakes=mistakes, error=error)
        self._register.heard_ms[writer] = now_ms
        return Written(mistakes=mistakes, stored_lines=len(received.lines))

    async def write_followed(self, store: str, lines: Sequence[bytes], read_to: int) -> None:
        """Keep readings of a followed store, which has been read up to an instant (ms UTC).

        Lines are readings in line protocol. Raises Unavailable: then none of them is kept.
        """
        await self._receipts.keep(store, Received(lines=list(lines)), Grade.FOLLOWED, read_to)

    def _follow_fleet(self) -> None:
        plan = self._plan()
        if plan is not self._followed:
            self._register.keys.follow_fleet([(one.name, one.key) for one in plan.gateways], 0)
            self._followed = plan

    async def _admit(self, writer: str, batch: Batch) -> None:
        key = self._register.keys.find(batch.gateway)
        mine = key is not None and key.name == writer
        if key is not None and mine and key.revoked_ms is None and batch.org == self._organisation:
            await self._conditions.wrote(writer, batch.gateway)
            return
        self.refusals["key"] += 1
        if not mine:
            await self._conditions.tell(MarkName.FOREIGN_KEY, f"{writer}/{batch.gateway}", writer)
        raise NotAdmitted(f"key {batch.gateway} is not admitted for {writer}")

    def _refused(self, batch: Batch) -> BatchFate | None:
        """The fate of a batch that is refused for good; None if its seal is whole."""
        if batch.seq > MAX_SEQ:
            return fate_of(batch, Fate.REFUSED_HASH, f"numbers end at {MAX_SEQ}")
        key = self._register.keys.find(batch.gateway)
        fault = check(batch, b"" if key is None else key.public)
        if fault is None:
            return None
        self.refusals[f"seal_{fault.value}"] += 1
        fate = Fate.REFUSED_HASH if fault is SealFault.HASH else Fate.REFUSED_SIGNATURE
        return fate_of(batch, fate, f"the {fault.value} does not hold")

    def _count(self, received: Received) -> None:
        self.refusals["unread_line"] += len(received.bad)
        for measurement, count in received.unmapped.items():
            if measurement in self.unmapped or len(self.unmapped) < MEASUREMENTS_AT_MOST:
                self.unmapped[measurement] += count
                self.unmapped_sample.setdefault(measurement, received.sample or "")
