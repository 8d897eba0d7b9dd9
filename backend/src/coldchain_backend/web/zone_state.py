"""Saying in which state a zone is or was: the act goes to the ledger first; judging reads it from there."""

from dataclasses import dataclass
from typing import Final

from fastapi import HTTPException

from coldchain.errors import InvalidInput
from coldchain_backend.access import Right
from coldchain_backend.fleet import ZoneState
from coldchain_backend.ledger import ActName, Json, act_record
from coldchain_backend.web.recipients import refused_zone
from coldchain_backend.web.services import Person, Services

MAX_REASON: Final = 500
PAST_MS: Final = 120_000
"""What lies no further back than this is the present: a form takes a while to fill in."""
AHEAD_MS: Final = 400 * 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StateWish:
    """A zone is in a state in [from_ms, to_ms); no beginning: from now on, no end: until further."""

    zone: str
    state: ZoneState
    from_ms: int | None = None
    to_ms: int | None = None
    reason: str = ""


async def write_zone_state(services: Services, person: Person, wish: StateWish) -> int:
    """Append the act and give its place in the ledger when it is durable.

    The past is changed only by quality or admin, and with a reason. Raises HTTPException 403, 404, or 409
    where its alarms would reach too few people; InvalidInput for times that make no sense.
    """
    if all(zone.id != wish.zone for zone in services.fleet().zones):
        raise HTTPException(404, f"no zone {wish.zone}")
    now_ms = services.clock.now_ms()
    from_ms = now_ms if wish.from_ms is None else wish.from_ms
    if wish.to_ms is not None and wish.to_ms <= from_ms:
        raise InvalidInput("`to` must be behind `from`")
    if not 0 <= from_ms <= now_ms + AHEAD_MS or (wish.to_ms or 0) > now_ms + AHEAD_MS:
        raise InvalidInput("a state is declared from 1970 on and at most 400 days ahead")
    reason = " ".join(wish.reason.split())
    if len(reason) > MAX_REASON or (reason and not reason.isprintable()):
        raise InvalidInput(f"a reason has at most {MAX_REASON} printable characters")
    if from_ms < now_ms - PAST_MS:
        if not person.may(Right.REVISE):
            raise HTTPException(403, "only quality or admin may change the past")
        if not reason:
            raise InvalidInput("what changes the past needs a reason")
    if wish.state is ZoneState.IN_USE and (short := await refused_zone(services, wish.zone)) is not None:
        raise HTTPException(409, short)
    details: dict[str, Json] = {"zone": wish.zone, "state": wish.state.value, "reason": reason or None}
    if wish.from_ms is not None:
        details["from"] = wish.from_ms
    if wish.to_ms is not None:
        details["to"] = wish.to_ms
    written = await services.ledger.append([act_record(ActName.ZONE_STATE.value, person.name, details)])
    for record in written:
        services.book.see(record)
    return written[-1].offset
