"""The gap rule: for how long a reading speaks, and from when on time is unknown."""

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
