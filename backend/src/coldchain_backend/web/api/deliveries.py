"""/api/v1/deliveries and /api/v1/receivers: what became of what was told, and trying who is told."""

from asyncio import to_thread
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, Field

from coldchain_backend.delivery.endpoints import Standing
from coldchain_backend.delivery.queue import DeliveryState
from coldchain_backend.delivery.request import Fate
from coldchain_backend.sql.letters import MAX_LISTED, AttemptMade, Letter
from coldchain_backend.sql.letters import Wanted as WantedLetters
from coldchain_backend.web.api.asking import time_ms
from coldchain_backend.web.api.shapes import Listed, Time
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.post import MAX_REASON, Post, enable_receiver, post_of, replay, try_receiver
from coldchain_backend.web.services import Asker, Wanted
from coldchain_backend.web.times import iso

router = APIRouter(prefix="/api/v1", tags=["deliveries"], responses=FAILURES)
ThePost = Annotated[Post, Depends(post_of)]
Name = Annotated[str, Field(max_length=64)]


class DeliveryItem(BaseModel):
    """One telling of one receiver."""

    id: str
    alert: str
    sequence: int
    receiver: str
    state: DeliveryState
    critical: bool
    queued: Time
    due: Time
    attempts: int
    last_error: str | None
    delivered: Time | None


class AttemptItem(BaseModel):
    """One attempt and what came of it."""

    number: int
    at: Time
    outcome: str
    detail: str


class DeliveryStory(BaseModel):
    """A telling with its document, as it was queued, and its attempts."""

    delivery: DeliveryItem
    document: str
    attempts: list[AttemptItem]


class ReplayWish(BaseModel):
    """Which to send again: ids, or a range of what one receiver or one alert was to be told.

    `state` is dead or delivered; times are when it was queued, `to` exclusive.
    """

    ids: list[Name] = Field(default_factory=list, max_length=1_000)
    receiver: Name | None = None
    alert: Name | None = None
    state: DeliveryState = DeliveryState.DEAD
    from_: str | None = Field(default=None, alias="from", max_length=40)
    to: str | None = Field(default=None, max_length=40)
    reason: str = Field(max_length=MAX_REASON)


class Replayed(BaseModel):
    """How many were queued again."""

    count: int


class ReceiverItem(BaseModel):
    """A receiver, how its other end stands, what waits for it, and its last test.

    `failing_since` and `failing`: when the oldest that waits was queued, and why it did not arrive so far.
    """

    name: str
    channel: str
    rate: str
    standing: Standing
    reason: str
    failing_since: Time | None
    failing: str | None
    queued: int
    held: int
    dead: int
    tested: Time | None
    test_arrived: bool | None
    test_detail: str | None


class Tried(BaseModel):
    """What a test message came to."""

    receiver: str
    channel: str
    arrived: bool
    outcome: Fate
    detail: str
    took_ms: int
    notes: list[str]


class Why(BaseModel):
    """A reason, which stands in the ledger."""

    reason: str = Field(max_length=MAX_REASON)


def _asked(
    *,
    receiver: Annotated[str | None, Query(max_length=64)] = None,
    alert: Annotated[str | None, Query(max_length=64)] = None,
    state: DeliveryState | None = None,
    from_: Annotated[str | None, Query(alias="from", max_length=40)] = None,
    to: Annotated[str | None, Query(max_length=40)] = None,
) -> WantedLetters:
    return WantedLetters(receiver=receiver, alert=alert, state=state, from_ms=_ms(from_), to_ms=_ms(to))


@router.get("/deliveries")
async def deliveries(
    post: ThePost,
    person: Asker,
    wanted: Annotated[WantedLetters, Depends(_asked)],
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 100,
) -> Listed[DeliveryItem]:
    """Tellings, the newest first."""
    found = await to_thread(post.letters.listed, wanted, limit)
    return Listed(items=[_item(one) for one in found])


@router.get("/deliveries/{id}")
async def delivery(post: ThePost, person: Asker, id: str) -> DeliveryStory:
    """One telling with its attempts."""
    found = await to_thread(post.letters.shown, id)
    if found is None:
        raise HTTPException(404, f"no delivery {id[:64]}")
    letter, body, attempts = found
    return DeliveryStory(
        delivery=_item(letter),
        document=body.decode("utf-8", errors="replace"),
        attempts=[_attempt(one) for one in attempts],
    )


@router.post("/deliveries/replay")
async def send_again(post: ThePost, services: Wanted, person: Asker, wish: ReplayWish) -> Replayed:
    """Queue dead letters, or what was delivered, again under the same ids."""
    wanted = WantedLetters(
        ids=tuple(wish.ids),
        receiver=wish.receiver,
        alert=wish.alert,
        state=wish.state,
        from_ms=_ms(wish.from_),
        to_ms=_ms(wish.to),
    )
    return Replayed(count=await replay(post, services, person, wanted, wish.reason))


@router.get("/receivers")
async def receivers(post: ThePost, services: Wanted, person: Asker) -> Listed[ReceiverItem]:
    """Receivers of the fleet in force."""
    known = {one.receiver: one for one in await to_thread(post.standings.everyone)}
    counts, failing = await to_thread(post.letters.counts), await to_thread(post.letters.failing)
    items = []
    for one in services.fleet().plan.receivers:
        kept, oldest = known.get(one.name), failing.get(one.name)
        tested = None if kept is None else kept.tested
        items.append(
            ReceiverItem(
                name=one.name,
                channel=one.kind,
                rate=str(one.allowed_rate),
                standing=Standing.OK if kept is None else kept.standing,
                reason="" if kept is None else kept.reason,
                failing_since=None if oldest is None else iso(oldest.created_ms),
                failing=None if oldest is None else oldest.last_error,
                queued=counts.get((one.name, DeliveryState.QUEUED), 0),
                held=counts.get((one.name, DeliveryState.HELD), 0),
                dead=counts.get((one.name, DeliveryState.DEAD), 0),
                tested=None if tested is None else iso(tested.at_ms),
                test_arrived=None if tested is None else tested.arrived,
                test_detail=None if tested is None else tested.detail,
            )
        )
    return Listed(items=items)


@router.post("/receivers/{name}/test")
async def test(post: ThePost, services: Wanted, person: Asker, name: str) -> Tried:
    """Send the longest message there could be, now, and say what came of it."""
    trial = await try_receiver(post, services, person, name)
    return Tried(
        receiver=name,
        channel=trial.receiver.kind,
        arrived=trial.outcome.fate is Fate.DELIVERED,
        outcome=trial.outcome.fate,
        detail=trial.outcome.reason,
        took_ms=trial.took_ms,
        notes=list(trial.notes),
    )


@router.post("/receivers/{name}/enable", status_code=204)
async def enable(post: ThePost, services: Wanted, person: Asker, name: str, why: Why) -> None:
    """Tell a receiver again that said it was gone; what was held for it goes out."""
    await enable_receiver(post, services, person, name, why.reason)


def _ms(text: str | None) -> int | None:
    return None if text is None else time_ms(text, "from or to")


def _item(letter: Letter) -> DeliveryItem:
    return DeliveryItem(
        id=letter.id,
        alert=letter.alert,
        sequence=letter.sequence,
        receiver=letter.receiver,
        state=letter.state,
        critical=letter.critical,
        queued=iso(letter.created_ms),
        due=iso(letter.due_ms),
        attempts=letter.attempts,
        last_error=letter.last_error,
        delivered=None if letter.delivered_ms is None else iso(letter.delivered_ms),
    )


def _attempt(made: AttemptMade) -> AttemptItem:
    return AttemptItem(number=made.number, at=iso(made.at_ms), outcome=made.outcome, detail=made.detail)
