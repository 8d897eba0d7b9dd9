"""What an answer of InfluxDB means: taken, taken in part, or a trouble that says what to do. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import orjson

from coldchain.errors import Unavailable

_DROPPED: Final = re.compile(rb"dropped=(\d+)")
_SHOWN: Final = 300


class Trouble(StrEnum):
    """Why nothing can be written at present; all of them heal by themselves once the cause is gone."""

    DOWN = "down"  # no answer, or an answer that is not one
    SLOW = "slow"  # no answer within the time allowed
    FULL = "full"  # it says that it has no room, or that it is overloaded
    TOKEN = "token"  # noqa: S105 - a word: the token is not, or no longer, accepted
    BUCKET = "bucket"  # the bucket is not there
    FOREIGN = "foreign"  # another backend mirrors into the same bucket
    CLOCK = "clock"  # the clock of the other machine lies behind or ahead
    REFUSED = "refused"  # it refuses for a reason that it does not say in a form we know


class Left(StrEnum):
    """Why single points are left out for good; they are counted and the last is named."""

    RETENTION = "retention"  # older than the bucket keeps
    TYPE = "type"  # a foreign writer gave the field another type
    OTHER = "other"  # refused for a reason of its own


class InfluxTrouble(Unavailable):
    """InfluxDB cannot be written to or asked now; `trouble` says why."""

    def __init__(self, trouble: Trouble, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.trouble, self.retry_after_s = trouble, retry_after_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer; header names in lower case."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def message(self) -> str:
        """What it says was wrong, shortened."""
        try:
            fields = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return self.body[:_SHOWN].decode(errors="replace")
        said = fields.get("message") or fields.get("error") if isinstance(fields, dict) else None
        return str(said or f"HTTP {self.status}")[:_SHOWN]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A body was taken, but for `dropped` lines (None: at least one, how many is not said)."""

    dropped: int | None = 0
    left: Left | None = None
    message: str = ""


def written(answer: Answer) -> Written:
    """Read the answer to a write. Raises InfluxTrouble where the same body may be taken later."""
    if answer.status in (200, 204):
        return Written()
    message = answer.message
    if answer.status in (400, 413, 422):
        return Written(dropped=_dropped(answer.body), left=_left(message), message=message)
    raise trouble_of(answer)


def _dropped(body: bytes) -> int | None:
    """The number stands at the very end of what may be a long sentence: 2.7 names the oldest and newest."""
    found = _DROPPED.search(body)
    number = int(found[1]) if found is not None else 0
    return number or None


def _left(message: str) -> Left:
    if "type conflict" in message:
        return Left.TYPE
    if "retention policy" in message.lower():
        return Left.RETENTION
    return Left.OTHER


def trouble_of(answer: Answer) -> InfluxTrouble:
    """The trouble that an answer other than success tells of."""
    message = f"HTTP {answer.status}: {answer.message}"
    match answer.status:
        case 401 | 403:
            return InfluxTrouble(Trouble.TOKEN, message)
        case 404:
            return InfluxTrouble(Trouble.BUCKET, message)
        case 429 | 503 | 507:
            return InfluxTrouble(Trouble.FULL, message, _seconds(answer.headers.get("retry-after", "")))
        case status if status >= 500:
            full = "no space left" in answer.message or "cache-max-memory-size" in answer.message
            return InfluxTrouble(Trouble.FULL if full else Trouble.DOWN, message)
    return InfluxTrouble(Trouble.REFUSED, message)


def _seconds(text: str) -> float | None:
    return float(text) if text.isdecimal() else None
