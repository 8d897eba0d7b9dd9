"""Rules that need more of the past: cumulative sums, means of rolling windows, rates of change."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from coldchain.excursions.places import Changes, grow, place_after, rounded, sampled, waited
from coldchain.excursions.values import HOUR_MS, Change, Judged, Tally
from coldchain.gaps import Spoken, spoken_until_ms
from coldchain.kinetic import kinetic_weight, mean_kinetic
from coldchain.profiles import Mode, Reset, Rule, Side, Weighting
from coldchain.spans import day_of, midnight_ms

Samples = Sequence[tuple[int, float]]
MOST_RECENT = 16
FEWEST_RECENT = 5


class Before:
    """What stands before readings that a tally takes: the last reading and the time accounted for."""

    def __init__(self, last: tuple[int, float] | None, accounted_ms: int, first_ms: int | None) -> None:
        self.last, self.accounted_ms, self.first_ms = last, accounted_ms, first_ms


def tallied(
    rule: Rule, tally: Tally, before: Before, samples: Samples, judged: Judged
) -> tuple[Tally, Changes]:
    """Take readings (in order, values rounded) by one rule of another mode than single."""
    return _TAKES[rule.mode](rule, tally, before, samples, judged)


def tally_waited(
    rule: Rule, tally: Tally, before: Before, until_ms: int, judged: Judged
) -> tuple[Tally, Changes]:
    """Let time pass up to an instant, which goes no further than one interval behind the last reading.

    A window's mean waits for the next reading: it is not formed by time alone.
    """
    if rule.mode is Mode.RATE:
        derived, changes = waited(tally.derived, until_ms, judged.derived[rule.name])
        return (replace(tally, derived=derived) if derived is not tally.derived else tally), changes
    if rule.mode is Mode.CUMULATIVE and before.last is not None:
        end_ms = min(until_ms, before.last[0] + judged.interval_ms)
        return _summed(rule, tally, before, end_ms, judged)
    return tally, []


# --- cumulative -----------------------------------------------------------------------------------


def _cumulate(
    rule: Rule, tally: Tally, before: Before, samples: Samples, judged: Judged
) -> tuple[Tally, Changes]:
    if _quiet(rule, tally, before, samples):
        return _turned(rule, tally, _period(rule, samples[-1][0], judged)), []
    changes: Changes = []
    for time_ms, value in samples:
        last = before.last
        if last is not None:
            end_ms = spoken_until_ms(
                last[0], time_ms, interval_ms=judged.interval_ms, limit_ms=judged.limit_ms
            )
            tally, news = _summed(rule, tally, before, end_ms, judged)
            changes += news
            if tally.cumulated is not None and time_ms - last[0] > judged.limit_ms:
                tally = replace(tally, cumulated=replace(tally.cumulated, data_gap=True))
        tally = _turned(rule, tally, _period(rule, time_ms, judged))
        place, news = place_after(rule, tally.cumulated, time_ms, value, before.first_ms, _sum(tally))
        changes += news
        if place is not tally.cumulated:
            tally = replace(tally, cumulated=place)
        before = Before((time_ms, value), time_ms, before.first_ms)
    return tally, changes


def _quiet(rule: Rule, tally: Tally, before: Before, samples: Samples) -> bool:
    """Whether readings only let time pass: no excursion is open, and none of them breaks the limit."""
    if tally.cumulated is not None or (before.last is not None and rule.broken_by(before.last[1])):
        return False
    values = [value for _, value in samples]
    return not rule.broken_by(max(values) if rule.side is Side.HIGH else min(values))


def _summed(rule: Rule, tally: Tally, before: Before, end_ms: int, judged: Judged) -> tuple[Tally, Changes]:
    """Let the time behind the last reading count, where it breaks the limit."""
    changes: Changes = []
    last = before.last
    if last is None or not rule.broken_by(last[1]):
        return tally, changes
    for from_ms, to_ms in _cut(rule, before.accounted_ms, end_ms, judged):
        period = _period(rule, from_ms, judged)
        tally = _turned(rule, tally, period)
        place = tally.cumulated
        if place is not None:
            place, news = grow(rule, place, from_ms, to_ms - from_ms, last[1])
            changes += news
        tally = replace(tally, cumulated=place, sums=_added(tally.sums, period, to_ms - from_ms))
    return tally, changes


def _turned(rule: Rule, tally: Tally, period: int) -> Tally:
    """The tally at the beginning of a period, without what has been reset by then."""
    oldest = _oldest(rule, period)
    if not tally.sums or tally.sums[0][0] >= oldest:
        return tally
    kept = tuple(one for one in tally.sums if one[0] >= oldest)
    place = tally.cumulated
    if place is not None:
        place = replace(place, out_ms=sum(one[1] for one in kept))
    return replace(tally, sums=kept, cumulated=place)


def _oldest(rule: Rule, period: int) -> int:
    if rule.reset is Reset.WINDOW:
        return period - (rule.window_ms or 0) // HOUR_MS + 1
    return period


def _period(rule: Rule, time_ms: int, judged: Judged) -> int:
    """The number of the hour or local day that an instant lies in; 0 where a sum lasts for ever."""
    if rule.reset is Reset.WINDOW:
        return time_ms // HOUR_MS
    return day_of(time_ms, judged.zone).toordinal() if rule.reset is Reset.LOCAL_DAY else 0


def _cut(rule: Rule, from_ms: int, to_ms: int, judged: Judged) -> Iterator[tuple[int, int]]:
    while from_ms < to_ms:
        end_ms = min(to_ms, _end_of_period(rule, from_ms, judged) or to_ms)
        yield from_ms, end_ms
        from_ms = end_ms


def _end_of_period(rule: Rule, time_ms: int, judged: Judged) -> int | None:
    if rule.reset is Reset.WINDOW:
        return (time_ms // HOUR_MS + 1) * HOUR_MS
    if rule.reset is Reset.LOCAL_DAY:
        day = day_of(time_ms, judged.zone)
        return midnight_ms(day.fromordinal(day.toordinal() + 1), judged.zone)
    return None


def _sum(tally: Tally) -> int:
    return sum(one[1] for one in tally.sums)


def _added(sums: tuple[tuple[int, ...], ...], period: int, passed: int) -> tuple[tuple[int, ...], ...]:
    if sums and sums[-1][0] == period:
        return (*sums[:-1], (period, sums[-1][1] + passed))
    return (*sums, (period, passed))


# --- mean kinetic temperature ---------------------------------------------------------------------


def _mean(
    rule: Rule, tally: Tally, before: Before, samples: Samples, judged: Judged
) -> tuple[Tally, Changes]:
    """Sum what is known of each hour; at the end of each such hour the window's mean is one derived
    reading."""
    series = samples if before.last is None else [before.last, *samples]
    head_ms, window_ms = series[-1][0], rule.window_ms or 0
    sums, derived, changes = list(tally.sums), tally.derived, list[Change]()
    for hour_ms, double_ms, kinetic in _hours(series, judged):
        known = sums.pop()[1:] if sums and sums[-1][0] == hour_ms else (0, 0)
        sums.append((hour_ms, known[0] + double_ms, known[1] + kinetic))
        if hour_ms + HOUR_MS <= head_ms:
            mean = _mean_of(sums, window_ms, judged)
            if mean is not None:
                derived, news = sampled(derived, hour_ms + HOUR_MS, mean, judged.derived[rule.name])
                changes += news
    oldest_ms = (head_ms // HOUR_MS + 1) * HOUR_MS - window_ms
    kept = tuple(one for one in sums if one[0] >= oldest_ms)
    return Tally(derived=derived, sums=kept), changes


def _hours(series: Samples, judged: Judged) -> Iterator[tuple[int, int, int]]:
    """What is known between the first and the last reading, by full UTC hour: hour, twice the ms, kinetic
    sum."""
    spoken = Spoken([one[0] for one in series], interval_ms=judged.interval_ms, limit_ms=judged.limit_ms)
    activation = judged.profile.activation_kj_mol
    weights = [kinetic_weight(round(value * 1000), activation) for _, value in series]
    from_ms, to_ms = series[0][0], series[-1][0]
    hours = {
        hour: None
        for piece in spoken.pieces(from_ms, to_ms)
        if piece.known
        for hour in range(piece.from_ms // HOUR_MS, (piece.to_ms - 1) // HOUR_MS + 1)
    }
    straight = judged.profile.weighting is Weighting.TRAPEZOID
    for hour in hours:
        begin, end = max(from_ms, hour * HOUR_MS), min(to_ms, (hour + 1) * HOUR_MS)
        known = [piece for piece in spoken.pieces(begin, end) if piece.known]
        double_ms = 2 * sum(piece.to_ms - piece.from_ms for piece in known)
        yield hour * HOUR_MS, double_ms, spoken.doubled(weights, known, straight=straight)


def _mean_of(sums: Sequence[tuple[int, ...]], window_ms: int, judged: Judged) -> float | None:
    """The mean of the window that ends with the newest of these hours, None where too little of it is
    known."""
    end_ms = sums[-1][0] + HOUR_MS
    inside = [one for one in sums if one[0] >= end_ms - window_ms]
    double_ms, kinetic = sum(one[1] for one in inside), sum(one[2] for one in inside)
    if double_ms < window_ms:
        return None
    return mean_kinetic(kinetic, double_ms, judged.profile.activation_kj_mol)


# --- rate of change -------------------------------------------------------------------------------


def _rate(
    rule: Rule, tally: Tally, before: Before, samples: Samples, judged: Judged
) -> tuple[Tally, Changes]:
    """Each reading that completes a window gives a derived one: how fast the value changes, per hour."""
    recent, derived, changes = list(tally.recent), tally.derived, list[Change]()
    last_ms = None if before.last is None else before.last[0]
    window_ms = rule.window_ms or 0
    for time_ms, value in samples:
        if last_ms is not None and time_ms - last_ms > judged.limit_ms:
            recent.clear()
        recent = [one for one in recent if one[0] >= time_ms - window_ms]
        slope = _slope([*recent, (time_ms, value)], window_ms)
        by = judged.derived[rule.name]
        step = waited(derived, time_ms, by) if slope is None else sampled(derived, time_ms, slope, by)
        derived, news = step
        changes += news
        if not recent or time_ms - recent[-1][0] >= window_ms // MOST_RECENT:
            recent.append((time_ms, value))
        last_ms = time_ms
    return Tally(derived=derived, recent=tuple(recent)), changes


def _slope(series: Samples, window_ms: int) -> float | None:
    """The median of the slopes between all pairs, per hour; None for too few readings or too short a time."""
    if len(series) < FEWEST_RECENT or series[-1][0] - series[0][0] < window_ms // 2:
        return None
    from statistics import median  # half a megabyte at the edge, for a rule that few profiles have

    slopes = [(after[1] - first[1]) / (after[0] - first[0]) for first, after in combinations(series, 2)]
    return rounded(median(slopes) * HOUR_MS)


_TAKES = {Mode.CUMULATIVE: _cumulate, Mode.MKT: _mean, Mode.RATE: _rate}
