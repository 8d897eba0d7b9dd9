"""How much of a receiver's rate is left: a bucket of tokens, one for each message. Pure.

It holds half of what the rate allows and fills with the other half, so that no window of the rate's own
length ever sees more than the rate, however it lies.
"""

from dataclasses import dataclass

from coldchain_backend.fleet import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """`full_ms`: the instant, ms UTC, from which on nothing is missing from it."""

    full_ms: int = 0


def size_of(rate: Rate) -> int:
    """How many tokens a full bucket holds."""
    return max(1, rate.count // 2)


def token_ms(rate: Rate) -> int:
    """How long a token takes to come back."""
    return -(-rate.per_ms // max(1, rate.count - size_of(rate)))


def tokens(bucket: Bucket, rate: Rate, now_ms: int) -> int:
    """How many messages may go now; below 0 where later ones are promised already."""
    return size_of(rate) - -(-max(0, bucket.full_ms - now_ms) // token_ms(rate))


def spent(bucket: Bucket, rate: Rate, now_ms: int) -> Bucket:
    """The bucket when one message more has gone."""
    return Bucket(full_ms=max(bucket.full_ms, now_ms) + token_ms(rate))


def room_ms(bucket: Bucket, rate: Rate, now_ms: int) -> int:
    """The first instant from `now_ms` on at which there is a token."""
    return max(now_ms, bucket.full_ms - (size_of(rate) - 1) * token_ms(rate))
