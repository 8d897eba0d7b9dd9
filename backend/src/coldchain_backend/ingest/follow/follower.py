"""Following one store: onward from where was read, now and then back for what came late, further if asked."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from coldchain.errors import InvalidInput
from coldchain_backend.influx import InfluxTrouble, Trouble
from coldchain_backend.ingest.follow.contracts import FollowPorts
from coldchain_backend.ingest.follow.reading import Reader, behind, missing, pieces, span_of
from coldchain_backend.ingest.follow.recheck import Recheck
from coldchain_backend.ingest.follow.rules import NANO, Rule, time_of
from coldchain_backend.ingest.follow.settings import HOUR_MS, FollowSection
from coldchain_backend.ingest.follow.state import FollowState, Rescan
from coldchain_backend.ingest.follow.taken import AHEAD_MS, Taken
from coldchain_backend.ledger import MarkName

LOOK_MS: Final = 60_000
SETTLE_MS: Final = 120_000
"""Points come so much later than they are of without anybody calling that late."""

SHORTEST_MS: Final = 60_000
LONGEST_MS: Final = 24 * HOUR_MS
_RECORDS: Final = 2_000


class Follower:
    """Lives in one thread. Every method raises InfluxTrouble or Unavailable where it cannot go on now."""

    def __init__(self, section: FollowSection, ports: FollowPorts, folder: Path, state: FollowState) -> None:
        self.section, self.state = section, state
        self._ports, self._folder = ports, folder
        self._rules = [Rule.of(entry) for entry in section.series]
        self._reader = Reader(source=ports.source, state=state)
        self._recheck = Recheck(ports=ports, state=state, reader=self._reader, since_ms=0)
        self._taken: Taken | None = None
        self._looked_ms = self._saved_ms = self._polled_ms = 0
        self._step_ms = HOUR_MS
        self._marked = False
        self._waiting: list[Rescan] = []

    def begin_again(self) -> None:
        """Forget what is not sure to be in the ledger: it is read from there again."""
        self._taken = None

    def import_again(self) -> None:
        """A store that could not be read passes for no import any more: mark it again, if it still is one."""
        self._marked = False

    def close(self) -> None:
        """Write down what is known, for a short start, and close the connections."""
        if self._taken is not None:
            self._taken.save(self._ports.ledger.end)
        self._ports.source.close()

    def rescan(self, from_ms: int, to_ms: int) -> Rescan:
        """Read a time again, whatever its age; may be called from another thread."""
        if not 0 <= from_ms < to_ms:
            raise InvalidInput("a rescan goes from an earlier instant to a later one")
        asked = Rescan(from_ms=from_ms, to_ms=to_ms)
        self._waiting.append(asked)
        self.state.rescan = asked
        return asked

    def turn(self) -> bool:
        """Read a piece; whether there is more to do at once."""
        now_ms = self._ports.now_ms()
        taken = self._loaded(now_ms)
        self._look(now_ms)
        if not 0 <= now_ms - self._polled_ms < self.section.poll and self._onward(taken, now_ms):
            self._save(taken, now_ms)
            return True
        if not 0 <= now_ms - self.state.checked_ms < self.section.recheck:
            self._recheck.run(self._rules, taken, now_ms - self.section.reread, now_ms)
        asked = self._waiting[0] if self._waiting else None
        if asked is not None:
            self._again(asked, taken, now_ms)
        self._save(taken, now_ms)
        return asked is not None

    def _loaded(self, now_ms: int) -> Taken:
        """What was taken, as the ledger says."""
        if self._taken is None:
            taken = Taken.load(self._folder, self.section.writer, self._ports.ledger, self._kept_from(now_ms))
            self._recheck = Recheck(
                ports=self._ports, state=self.state, reader=self._reader,
                since_ms=-(-now_ms // HOUR_MS) * HOUR_MS,
            )  # fmt: skip
            self.state.checked_ms = self._looked_ms = self._polled_ms = 0
            self._saved_ms, self._marked = now_ms, False
            self._greet_rules(taken)
            self._taken = taken
        self.state.live, self.state.read_to = self._taken.caught_up, self._taken.read_to
        return self._taken

    def _greet_rules(self, taken: Taken) -> None:
        """A rule that was not there before has a past that is still to be read."""
        names = {rule.name for rule in self._rules}
        fresh = frozenset(names - taken.rules)
        if not taken.caught_up or taken.read_to is None:
            taken.rules = names
            return
        taken.rules &= names
        if fresh and all(one.rules != fresh for one in self._waiting):
            since_ms = self.section.since_ms
            self._waiting.append(Rescan(from_ms=since_ms, to_ms=taken.read_to, rules=fresh))

    def _kept_from(self, now_ms: int) -> int:
        return (now_ms - self.section.reread) // HOUR_MS * HOUR_MS - HOUR_MS

    def _look(self, now_ms: int) -> None:
        """See that the store is there and none that a mirror writes."""
        if 0 <= now_ms - self._looked_ms < LOOK_MS and self.state.trouble is None:
            return
        facts = self._ports.source.look()
        if not facts.there:
            raise InfluxTrouble(Trouble.BUCKET, f"no bucket {self.section.bucket} that the token may read")
        if facts.mirrored:
            raise InfluxTrouble(
                Trouble.FOREIGN, "a Coldchain mirror writes into this bucket: it is not followed"
            )
        self.state.version = facts.version
        self.state.clock_off_ms = 0 if facts.date_ms is None else facts.date_ms - now_ms
        self._looked_ms = now_ms

    def _onward(self, taken: Taken, now_ms: int) -> bool:
        """Read on from where was read; whether there is more before now."""
        if not taken.caught_up and not self._marked:
            self._ports.mark(MarkName.FOLLOW_IMPORTS, {"store": self.section.writer})
            self._marked = True
        begin_ms = self._begin(taken, now_ms)
        end_ms = min(begin_ms + self._step_ms, now_ms + AHEAD_MS)
        there = self._read(taken, begin_ms, end_ms, now_ms)
        if there > 2:
            self._step_ms = max(SHORTEST_MS, self._step_ms // 2)
        elif there < 2:
            self._step_ms = min(LONGEST_MS, self._step_ms * 2)
        more = end_ms < now_ms
        read_to = self._next_ms(end_ms, now_ms) if more and not there else min(end_ms, now_ms)
        taken.read_to = max(taken.read_to or 0, read_to)
        self.state.read_to = taken.read_to
        if more:
            return True
        self._polled_ms = self.state.polled_ms = now_ms
        if not taken.caught_up:
            self._ports.mark(MarkName.FOLLOW_CAUGHT_UP, {"store": self.section.writer})
            taken.caught_up = self.state.live = True
        return False

    def _begin(self, taken: Taken, now_ms: int) -> int:
        """From when on to read: a little before where was read, where that is near."""
        if taken.read_to is None:
            taken.read_to = self._next_ms(self.section.since_ms, now_ms)
        if self.state.begin is None:
            self.state.begin = taken.read_to
        return min(taken.read_to, now_ms - SETTLE_MS)

    def _next_ms(self, from_ms: int, to_ms: int) -> int:
        """When the next points are of; `to_ms` where there are none before it."""
        found = (self._ports.source.first(rule, from_ms * NANO) for rule in self._rules)
        return min([to_ms, *(time_ns // NANO for time_ns in found if time_ns is not None)])

    def _read(self, taken: Taken, from_ms: int, to_ms: int, now_ms: int) -> int:
        """Take what is new in a time; in how many pieces it came."""
        number = 0
        for piece in pieces(self._ports.source, self._rules, span_of(from_ms, to_ms)):
            number += 1
            self._keep(behind(taken, self._reader.lines(self._rules, piece)), taken, now_ms)
        return number

    def _keep(self, fresh: Sequence[bytes], taken: Taken, now_ms: int) -> None:
        if fresh:
            read_to = taken.read_to or 0
            self._ports.keep(fresh, read_to)
            taken.take(fresh, read_to, now_ms)
            self.state.newest_ms = max(self.state.newest_ms or 0, *map(time_of, fresh))
            self.state.taken += len(fresh)

    def _again(self, asked: Rescan, taken: Taken, now_ms: int) -> None:
        """Read an hour of what was asked for; first the ledger is read for what was taken of that time."""
        if asked.records is None:
            asked.records = self._ports.ledger.end
        if asked.recalled < asked.records:
            self._recall(asked, taken)
            return
        at_ms = self._next_ms(max(asked.at_ms, asked.from_ms), asked.to_ms)
        to_ms = min((at_ms // HOUR_MS + 1) * HOUR_MS, asked.to_ms)
        rules = [rule for rule in self._rules if not asked.rules or rule.name in asked.rules]
        for piece in pieces(self._ports.source, rules, span_of(at_ms, to_ms)):
            fresh = missing(taken, self._reader.lines(rules, piece))
            self._keep(fresh, taken, now_ms)
            asked.found += len(fresh)
        asked.at_ms = to_ms
        if to_ms >= asked.to_ms:
            asked.done = True
            self._waiting.remove(asked)
            taken.rules |= asked.rules

    def _recall(self, asked: Rescan, taken: Taken) -> None:
        """Read some records of the ledger for what was taken of a time that is no longer remembered."""
        records = self._ports.ledger.read(asked.recalled, _RECORDS)
        taken.recall(records, asked.from_ms // HOUR_MS * HOUR_MS, asked.to_ms)
        asked.recalled = records[-1].offset if records else self._ports.ledger.end

    def _save(self, taken: Taken, now_ms: int) -> None:
        """Write down once a minute what is known; keys of old hours stay while they are needed."""
        if 0 <= now_ms - self._saved_ms < LOOK_MS:
            return
        if not self._waiting:
            taken.forget(self._kept_from(now_ms))
        taken.save(self._ports.ledger.end)
        self._saved_ms = now_ms
