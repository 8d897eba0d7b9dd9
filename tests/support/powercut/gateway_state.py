"""What a gateway makes of a folder that a power cut left: the real outbox, intake and sealer start on it."""

from __future__ import annotations

import gzip
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from coldchain.seal import GENESIS, Batch, check, read_batches
from coldchain_gateway.clock_trust import boot_id
from coldchain_gateway.contracts import Intake
from coldchain_gateway.identity import HeadFile, Identity, load_or_create_key
from coldchain_gateway.intake import GatewayIntake, Hooks
from coldchain_gateway.outbox import Sealer, SqliteOutbox, continue_or_begin, open_outbox
from coldchain_runtime.clock import SystemClock
from support.lines import reading_lines
from support.powercut.streams import Exchange, Message

Reading = tuple[str, int]
"""Sensor and the device's own number of a message."""
Batches = Mapping[tuple[str, int], Batch]
"""By run and number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """What had been said before the cut: messages acknowledged or not, batches sent, batches taken."""

    acknowledged: Sequence[Message]
    unacknowledged: Sequence[Message]
    sent: Batches
    taken: Batches


def promises(
    got: Sequence[Message], unacknowledged: Sequence[Message], requests: Iterable[Exchange]
) -> Promises:
    """Read off what went over the sockets."""
    open_ones = {id(message) for message in unacknowledged}
    writes = [one for one in requests if one.head.startswith(b"POST /api/v2/write")]
    return Promises(
        acknowledged=[message for message in got if id(message) not in open_ones],
        unacknowledged=unacknowledged,
        sent=_batches(b"".join(one.body for one in writes)),
        taken=_batches(b"".join(one.body for one in writes if one.status == 204)),
    )


def _batches(body: bytes) -> Batches:
    found = [batch for batch in read_batches(body) if isinstance(batch, Batch)]
    return {(batch.run, batch.seq): batch for batch in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """Starts on `data_dir` as the gateway does; `receive` is its MQTT source, which offers to the intake."""

    data_dir: Path
    organisation: str
    receive: Callable[[Intake, Message], None]
    reading: Callable[[Message], Reading]

    def faults(self, said: Promises) -> list[str]:
        """Every promise that the restarted gateway does not keep, one line each."""
        opened = open_outbox(self.data_dir)
        try:
            if opened.quarantined is not None and (said.acknowledged or said.sent):
                return [f"the outbox had to be put aside: {opened.reason}"]
            kept = self._seal_all(opened.outbox, said.unacknowledged)
        finally:
            opened.outbox.close()
        return [*self._reading_faults(said, kept), *self._chain_faults(said, kept)]

    def _seal_all(self, outbox: SqliteOutbox, redelivered: Sequence[Message]) -> Batches:
        """Take what the broker sends again, seal everything; what waits to be sent then."""
        clock = SystemClock()
        key = load_or_create_key(self.data_dir)
        identity = Identity(key=key, organisation=self.organisation, head_file=HeadFile(self.data_dir))
        start = continue_or_begin(outbox, identity.head_file.head, key, quarantined=False)
        hooks = Hooks(committed=lambda _: None, hurry=lambda: None, relieve=lambda: None)
        intake = GatewayIntake(outbox=outbox, clock=clock, boot=boot_id(), trusted=lambda: True, hooks=hooks)
        for message in redelivered:
            self.receive(intake, message)
        intake.commit_all()
        sealer = Sealer(outbox=outbox, identity=identity, start=start, seal_after_ms=1_000)
        boot_ms = clock.boottime_ns() // 1_000_000
        sealer.seal_due(boot_id(), boot_ms, time.time_ns() // 1_000_000 - boot_ms, force=True)
        waiting = outbox.waiting(1_000_000, 1 << 40, frozenset())
        return _batches(b"".join(gzip.decompress(one.gzip) for one in waiting))

    def _reading_faults(self, said: Promises, kept: Batches) -> list[str]:
        held = Counter(readings({**kept, **said.taken}))
        wanted = {self.reading(message) for message in [*said.acknowledged, *said.unacknowledged]}
        lost = sorted(wanted - held.keys())
        doubled = sorted(name for name, count in held.items() if count > 1)
        faults = [f"lost {len(lost)}: {lost[:3]}"] if lost else []
        return faults + ([f"doubled {len(doubled)}: {doubled[:3]}"] if doubled else [])

    def _chain_faults(self, said: Promises, kept: Batches) -> list[str]:
        public = load_or_create_key(self.data_dir).public
        every = {**kept, **said.sent}
        faults = [f"two batches for {name}" for name, batch in kept.items() if every[name].hash != batch.hash]
        faults += [f"{name}: seal does not hold" for name, batch in every.items() if check(batch, public)]
        if len({run for run, _ in every}) > 1:
            faults.append("a second run was begun")
        chain = [every[name] for name in sorted(every)]
        if chain and (chain[0].seq, chain[0].prev) != (1, GENESIS):
            faults.append(f"the chain begins at {chain[0].seq}")
        faults += [
            f"{later.seq} does not follow {earlier.seq}"
            for earlier, later in pairwise(chain)
            if later.prev != earlier.hash or later.seq != earlier.seq + 1
        ]
        return faults


def readings(batches: Batches) -> list[Reading]:
    """Every reading with a counter in these batches."""
    found = []
    for batch in batches.values():
        for one in reading_lines(batch.body):
            if isinstance(counter := one.fields.get("counter"), int):
                found.append((one.tags["sensor"], counter))
    return found
