"""The gap rule: for how long a reading speaks, from when on time is unknown, and how time is cut at
boundaries."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice
from operator import add, mul, sub
from typing import NamedTuple

from coldchain.profiles import Profile


def gap_limit_ms(profile: Profile, interval_ms: int) -> int:
    """The longest time between two readings that still counts as known: the profile's factor × the expected
    interval, but not less than its floor (proposed: 2.5 and 15 min)."""
    return max(int(profile.gap_factor * interval_ms), profile.gap_floor_ms)


def spoken_until_ms(time_ms: int, next_ms: int, *, interval_ms: int, limit_ms: int) -> int:
    """The instant up to which the reading of `time_ms` speaks when the next one is of `next_ms`.

    Up to the next reading where that is within the limit; otherwise for one expected interval, and the rest
    of the time is unknown.
    """
    return next_ms if next_ms - time_ms <= limit_ms else min(next_ms, time_ms + interval_ms)


def crossing_ms(before: tuple[int, float], after: tuple[int, float], threshold: float) -> int | None:
    """When a straight line between two readings crosses a threshold: an estimate, and to be told as one.

    None where both lie on one side. No delay, sum or verdict rests on it.
    """
    (from_ms, low), (to_ms, high) = before, after
    if low == high or not min(low, high) <= threshold <= max(low, high):
        return None
    return from_ms + round((to_ms - from_ms) * (threshold - low) / (high - low))


class Piece(NamedTuple):
    """A part [from_ms, to_ms) of time, and the readings that speak for it, by their index.

    `first` −1: unknown. `first` = `last`: (a part of) what one reading speaks for. `first` < `last`: a run of
    readings that each speak up to the next, uncut; the run begins at its first reading.
    """

    from_ms: int
    to_ms: int
    first: int
    last: int

    @property
    def known(self) -> bool:
        """Whether a reading speaks for this time."""
        return self.first >= 0


class Spoken:
    """The time that a series of readings speaks for; `times` ascend and are all different."""

    def __init__(self, times: Sequence[int], *, interval_ms: int, limit_ms: int) -> None:
        self.times = times
        self.interval_ms = interval_ms
        self.waits = list(map(sub, islice(times, 1, None), times))
        self._gaps = (
            [index for index, wait in enumerate(self.waits) if wait > limit_ms]
            if self.waits and max(self.waits) > limit_ms
            else []
        )

    def holds(self, index: int) -> bool:
        """Whether nothing within the gap limit follows a reading: its value stands for one interval."""
        place = bisect_left(self._gaps, index)
        return index + 1 == len(self.times) or (place < len(self._gaps) and self._gaps[place] == index)

    def pieces(self, from_ms: int, to_ms: int) -> Iterator[Piece]:
        """Cut [from_ms, to_ms) where readings begin to speak, where they cease, and at its ends."""
        index = bisect_right(self.times, from_ms) - 1
        at_ms = from_ms
        while at_ms < to_ms:
            if index < 0:
                piece = Piece(at_ms, min(to_ms, self.times[0]) if self.times else to_ms, -1, -1)
            elif at_ms > self.times[index] or self.holds(index):
                piece = self._of_one(index, at_ms, to_ms)
            else:
                piece = self._run(index, to_ms)
            yield piece
            at_ms = piece.to_ms
            index = self._speaker(index, piece, at_ms)

    def _speaker(self, index: int, piece: Piece, at_ms: int) -> int:
        index = max(index, piece.last)
        following = index + 1
        return following if following < len(self.times) and self.times[following] <= at_ms else index

    def _of_one(self, index: int, at_ms: int, to_ms: int) -> Piece:
        following = self.times[index + 1] if index + 1 < len(self.times) else to_ms
        silent_ms = self.times[index] + self.interval_ms if self.holds(index) else following
        if at_ms < silent_ms:
            return Piece(at_ms, min(silent_ms, following, to_ms), index, index)
        return Piece(at_ms, min(following, to_ms), -1, -1)

    def _run(self, index: int, to_ms: int) -> Piece:
        """As many whole segments as end by `to_ms` before the next gap; else a part of one."""
        last = bisect_right(self.times, to_ms) - 2
        place = bisect_left(self._gaps, index)
        if place < len(self._gaps):
            last = min(last, self._gaps[place] - 1)
        if last < index:
            return self._of_one(index, self.times[index], to_ms)
        return Piece(self.times[index], self.times[last + 1], index, last)

    def held(self, of: Sequence[int], pieces: Sequence[Piece]) -> int:
        """Σ number × ms over known pieces, each reading's number standing until it ceases to speak."""
        total = 0
        for from_ms, to_ms, first, last in pieces:
            if first < last:
                total += sum(map(mul, of[first : last + 1], self.waits[first : last + 1]))
            else:
                total += of[first] * (to_ms - from_ms)
        return total

    def doubled(self, of: Sequence[int], pieces: Sequence[Piece], *, straight: bool) -> int:
        """Twice Σ number × ms over known pieces; `straight`: numbers run straight from one reading to the
        next."""
        if not straight:
            return 2 * self.held(of, pieces)
        total = 0
        for from_ms, to_ms, first, last in pieces:
            if first < last:
                both = map(add, of[first : last + 1], of[first + 1 : last + 2])
                total += sum(map(mul, both, self.waits[first : last + 1]))
            elif self.holds(first):
                total += 2 * of[first] * (to_ms - from_ms)
            else:
                total += self._under(of, first, to_ms) - self._under(of, first, from_ms)
        return total

    def _under(self, of: Sequence[int], index: int, at_ms: int) -> int:
        """Twice the area under the line from a reading to an instant before the next one, rounded down.

        Differences of it add up exactly, wherever a segment is cut.
        """
        passed = at_ms - self.times[index]
        wait: int = self.waits[index]
        return 2 * of[index] * passed + (of[index + 1] - of[index]) * passed * passed // wait

    def gaps(self, from_ms: int, to_ms: int) -> list[tuple[int, int]]:
        """The unknown parts of a time, in order."""
        return [(one.from_ms, one.to_ms) for one in self.pieces(from_ms, to_ms) if not one.known]
