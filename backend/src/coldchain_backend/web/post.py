"""Deliveries and receivers for people: what became of what was told, sending it again, trying a receiver."""

from asyncio import to_thread
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from fastapi import HTTPException, Request

from coldchain.errors import ColdchainError, InvalidInput, Refused
from coldchain_backend.delivery.attempt import Attempts, Tried
from coldchain_backend.delivery.endpoints import Standing
from coldchain_backend.delivery.request import Fate, Outcome
from coldchain_backend.delivery.standings import Known, LastTest, Standings
from coldchain_backend.delivery.trial import ENDED_BY_AN_END, trial_document
from coldchain_backend.fleet import Receiver
from coldchain_backend.ledger import ActName, Json, act_record
from coldchain_backend.sql.letters import Letters, Wanted
from coldchain_backend.web.services import Person, Services
from coldchain_backend.web.times import iso

MAX_REASON: Final = 500
MAX_NAMED: Final = 20
"""So many ids of what was sent again stand in the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """attempts     sends a test message at once, past the queue
    resolve      looks a host up; raises Refused where it is not public, also where receivers may be there
    public_url   as configured; empty where it is not
    links_begin  what links begin with
    """

    letters: Letters
    standings: Standings
    attempts: Attempts
    resolve: Callable[[str, int], Awaitable[object]]
    public_url: str
    links_begin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a test message came to; `notes` are what the outcome alone does not tell."""

    receiver: Receiver
    outcome: Outcome
    took_ms: int
    notes: tuple[str, ...]


async def post_of(request: Request) -> Post:
    """The post of the application that a request came to."""
    post: Post = request.app.state.post
    return post


async def try_receiver(post: Post, services: Services, person: Person, name: str) -> Trial:
    """Send the longest message there could be, keep what came of it, and write down who asked for it.

    Raises HTTPException 404 for an unknown receiver, Unavailable where the ledger cannot keep the act.
    """
    plan = services.fleet().plan
    receiver = plan.receiver(name)
    if receiver is None:
        raise HTTPException(404, f"no receiver {name}")
    now_ms, began_ns = services.clock.now_ms(), services.clock.monotonic_ns()
    tried = await _told(post, receiver, trial_document(plan, receiver, post.links_begin, now_ms))
    took_ms = (services.clock.monotonic_ns() - began_ns) // 1_000_000
    if receiver.kind in ENDED_BY_AN_END and tried.outcome.fate is Fate.DELIVERED:
        tried = await _told(
            post, receiver, trial_document(plan, receiver, post.links_begin, now_ms, ends=True)
        )
    outcome, arrived = tried.outcome, tried.outcome.fate is Fate.DELIVERED
    details: dict[str, Json] = {"receiver": name, "arrived": arrived, "detail": outcome.reason}
    await services.ledger.append([act_record(ActName.RECEIVER_TEST.value, person.name, details)])
    tested = LastTest(at_ms=now_ms, by=person.name, arrived=arrived, detail=outcome.reason)
    await to_thread(post.standings.tested, name, tested)
    return Trial(
        receiver=receiver, outcome=outcome, took_ms=took_ms, notes=tuple(await link_notes(post, tried))
    )


async def _told(post: Post, receiver: Receiver, body: bytes) -> Tried:
    try:
        return await post.attempts.tell(post.attempts.telling("msg_test", body, receiver))
    except InvalidInput as error:
        return Tried(outcome=Outcome(fate=Fate.SLOW, reason=str(error)))


async def link_notes(post: Post, tried: Tried) -> Sequence[str]:
    """Why somebody outside could not open the links of a message."""
    notes = ["nothing was sent this way"] if not tried.calls and tried.outcome.fate is Fate.DELIVERED else []
    if not post.public_url:
        return [*notes, f"links lead to {post.links_begin}: set public_url in backend.toml"]
    parts = urlsplit(post.public_url)
    host = parts.hostname or ""
    try:
        await post.resolve(host, parts.port or 443)
    except Refused:
        return [
            *notes,
            f"links lead to {host}, which is not a public address: phones outside cannot open them",
        ]
    except ColdchainError as error:
        return [*notes, f"links lead to {host}: {error}"]
    if parts.scheme == "http" and not _is_number(host):
        notes.append("links are not encrypted: public_url begins with http://")
    return notes


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def enable_receiver(post: Post, services: Services, person: Person, name: str, reason: str) -> Known:
    """Let a receiver that said it was gone be told again. Raises HTTPException 404 or 409."""
    known = await to_thread(post.standings.known, name)
    if services.fleet().plan.receiver(name) is None:
        raise HTTPException(404, f"no receiver {name}")
    if known is None or known.standing is Standing.OK:
        raise HTTPException(409, f"{name} is not switched off")
    act = act_record(
        ActName.RECEIVER_ENABLED.value, person.name, {"receiver": name, "reason": checked(reason)}
    )
    await services.ledger.append([act])
    again = Known(receiver=name, since_ms=services.clock.now_ms(), reason=f"enabled by {person.name}")
    await to_thread(post.standings.stands, again)
    return again


async def replay(post: Post, services: Services, person: Person, wanted: Wanted, reason: str) -> int:
    """Queue deliveries again under a person's name and reason, which stand in the ledger first; how many.

    Raises InvalidInput for no reason or no bounds, Unavailable where the ledger cannot keep the act.
    """
    details: dict[str, Json] = {"receiver": wanted.receiver, "reason": checked(reason)}
    count = await to_thread(post.letters.replayable, wanted)
    if not count:
        return 0
    state = None if wanted.state is None else wanted.state.value
    which: dict[str, Json] = {
        "count": count,
        "state": state,
        "of": wanted.alert,
        "from": None if wanted.from_ms is None else iso(wanted.from_ms),
        "to": None if wanted.to_ms is None else iso(wanted.to_ms),
        "ids": list(wanted.ids[:MAX_NAMED]),
    }
    details |= {key: value for key, value in which.items() if value not in (None, [])}
    await services.ledger.append([act_record(ActName.REPLAY.value, person.name, details)])
    return await to_thread(post.letters.replay, wanted, services.clock.now_ms())


def checked(reason: str) -> str:
    """A reason that can stand in the ledger; raises InvalidInput."""
    text = " ".join(reason.split())
    if not text or len(text) > MAX_REASON or not text.isprintable():
        raise InvalidInput(f"give a reason of at most {MAX_REASON} printable characters")
    return text
