"""Whatever is done to them, the outbox in SQLite and the one in memory answer alike, also after a restart."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from coldchain_gateway.outbox import Entry, Group, Head, NewBatch, Outbox, SqliteOutbox
from support.memory_outbox import MemoryOutbox

BOOTS = ("boot-1", "boot-2", "boot-3")
SESSIONS = ("a", "b")
# On one shelf and on others; a hash of nothing but zeros stands for none.
PACKET_IDS = (1, 15, 16, 65535)
DIGESTS = st.binary(min_size=8, max_size=8).filter(any)


class TwoOutboxes(RuleBasedStateMachine):
    """Does everything to both and asks both."""

    @initialize()
    def begin(self) -> None:
        self.path = Path(mkdtemp()) / "outbox.sqlite"
        self.memory = MemoryOutbox()
        self.sqlite = SqliteOutbox(self.path)
        self.runs = 0
        self.now = 1000
        self.begin_run()

    @property
    def both(self) -> tuple[Outbox, Outbox]:
        return self.sqlite, self.memory

    def teardown(self) -> None:
        if hasattr(self, "sqlite"):
            self.sqlite.close()

    @rule()
    def begin_run(self) -> None:
        self.runs += 1
        for outbox in self.both:
            outbox.begin_run(f"run-{self.runs}", ())

    @rule(
        boot=st.sampled_from(BOOTS),
        count=st.integers(0, 3),
        trusted=st.booleans(),
        messages=st.dictionaries(
            st.sampled_from(SESSIONS), st.dictionaries(st.sampled_from(PACKET_IDS), DIGESTS), max_size=2
        ),
        forget=st.lists(st.sampled_from(SESSIONS), max_size=1),
    )
    def commit(
        self,
        *,
        boot: str,
        count: int,
        trusted: bool,
        messages: dict[str, dict[int, bytes]],
        forget: list[str],
    ) -> None:
        self.now += 10
        entries = [Entry(line=b"m x=%di" % number, boot_ms=self.now + number) for number in range(count)]
        group = Group(
            boot=boot,
            boot_ms=self.now,
            trusted=trusted,
            entries=entries,
            messages=messages,
            forget=forget,
        )
        for outbox in self.both:
            outbox.commit(group)

    @rule(boot=st.sampled_from(BOOTS), offset_ms=st.integers(0, 10))
    def trust(self, boot: str, offset_ms: int) -> None:
        for outbox in self.both:
            outbox.trust(boot, offset_ms)

    @rule(most=st.integers(1, 4))
    def seal(self, most: int) -> None:
        self.now += 1
        for outbox in self.both:
            before = outbox.head()
            assert before is not None
            chunks = outbox.unsealed(most, 1 << 20)
            head = Head(run=before.run, seq=before.seq + 1, hash=f"{self.now:064x}")
            outbox.seal(
                NewBatch(
                    head=head,
                    chunks=[chunk.id for chunk in chunks],
                    declares=outbox.undeclared(),
                    lines=sum(chunk.lines for chunk in chunks),
                    encoded=b"".join(chunk.body for chunk in chunks),
                    closed_ms=self.now,
                )
            )

    def _some(self, outbox: Outbox, places: Sequence[int]) -> list[int]:
        waiting = outbox.waiting(1000, 1 << 30, frozenset())
        return [waiting[place].id for place in places if place < len(waiting)]

    @rule(places=st.lists(st.integers(0, 5), max_size=4, unique=True))
    def acknowledge(self, places: list[int]) -> None:
        self.now += 1
        for outbox in self.both:
            outbox.acknowledge(self._some(outbox, places), self.now)

    @rule(place=st.integers(0, 3))
    def refuse(self, place: int) -> None:
        for outbox in self.both:
            for batch_id in self._some(outbox, [place]):
                outbox.refuse(batch_id)

    @precondition(lambda self: self.runs > 0)
    @rule(run=st.integers(1, 3), held=st.integers(0, 8))
    def held(self, run: int, held: int) -> None:
        fates = [outbox.held(f"run-{run}", held) for outbox in self.both]
        assert fates[0] is fates[1]

    @rule(back=st.integers(0, 20))
    def expire(self, back: int) -> None:
        gone = [outbox.expire(self.now - back) for outbox in self.both]
        assert gone[0] == gone[1]

    @rule()
    def restart(self) -> None:
        self.sqlite.close()
        self.sqlite = SqliteOutbox(self.path)

    @invariant()
    def they_answer_alike(self) -> None:
        if not hasattr(self, "sqlite"):
            return
        first, second = (observed(outbox) for outbox in self.both)
        assert first == second


def observed(outbox: Outbox) -> dict[str, object]:
    """Everything that can be asked, without ids and bytes on a disk."""
    counts = outbox.counts()
    waiting = outbox.waiting(1000, 1 << 30, frozenset())
    pending = outbox.pending()
    newest = outbox.newest(0)
    names = {boot.ordinal: boot.boot for boot in outbox.boots()}
    return {
        "waiting": [(batch.run, batch.seq, batch.closed_ms, batch.gzip) for batch in waiting],
        "newest": None if newest is None else (newest.run, newest.seq),
        "head": outbox.head(),
        "undeclared": outbox.undeclared(),
        "unsealed": [
            (names.get(chunk.boot), chunk.trusted, chunk.lines, chunk.body)
            for chunk in outbox.unsealed(1000, 1 << 30)
        ],
        "pending": (pending.lines, pending.bytes, pending.oldest_boot_ms),
        "boots": [(boot.boot, boot.last_ms, boot.offset_ms) for boot in outbox.boots()],
        "messages": [outbox.remembered(session, number) for session in SESSIONS for number in PACKET_IDS],
        "counts": (
            counts.unsealed_lines,
            counts.waiting_batches,
            counts.waiting_lines,
            counts.waiting_bytes,
            counts.oldest_waiting_ms,
            counts.acknowledged_batches,
            counts.refused_batches,
            counts.undeclared_holes,
        ),
    }


TestTwoOutboxes = TwoOutboxes.TestCase
TestTwoOutboxes.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
