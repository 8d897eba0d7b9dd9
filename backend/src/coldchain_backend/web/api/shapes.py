"""What the API answers: documented models; times are ISO 8601, UTC, with milliseconds."""

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from coldchain.errors import InvalidInput
from coldchain.words import Text
from coldchain_backend.web.times import Instant

Item = TypeVar("Item")
Time = Annotated[str, Field(examples=["2026-11-24T02:40:00.000Z"])]
FromTime = Annotated[Time, Field(serialization_alias="from")]
"""An instant under the key `from`, which is a word of Python's own."""

Value = float | int | bool | str

MAX_DAYS = 400
DAY_MS = 86_400_000
SKEW_MS = 60_000
"""Clocks of gateways may be ahead of ours by as much."""
From = Annotated[Instant | None, Query(alias="from", description="inclusive; default: a day before `to`")]
To = Annotated[Instant | None, Query(description="exclusive; default: the present")]
Name = Annotated[str, Query(min_length=1, max_length=200)]


class Listed(BaseModel, Generic[Item]):
    """A page of a list; `next` is what to give as `after` to get the following one, null at the end."""

    items: list[Item]
    next: str | None = None


class Names(BaseModel):
    """A name in both languages."""

    en: str
    zh: str

    @classmethod
    def of(cls, text: Text) -> "Names":
        """A text in both languages; where one is missing the other stands in its place."""
        return cls(en=text.in_("en"), zh=text.in_("zh"))


def ms_of(time: datetime) -> int:
    """An aware time as ms UTC."""
    return int(time.timestamp() * 1000)


def window(from_: datetime | None, to: datetime | None, now_ms: int) -> tuple[int, int]:
    """The asked time as ms; raises InvalidInput if it is empty or longer than MAX_DAYS."""
    to_ms = now_ms + SKEW_MS if to is None else ms_of(to)
    from_ms = to_ms - DAY_MS if from_ is None else ms_of(from_)
    if not from_ms < to_ms:
        raise InvalidInput("`from` must be before `to`")
    if to_ms - from_ms > MAX_DAYS * DAY_MS:
        raise InvalidInput(f"at most {MAX_DAYS} days at once")
    return from_ms, to_ms
