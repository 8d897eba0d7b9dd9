"""What people do about alerts beside taking notice: each act goes to the ledger first; judging follows it."""

from asyncio import to_thread
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import HTTPException

from coldchain.errors import InvalidInput
from coldchain_backend.access import Right
from coldchain_backend.alerts import Alert, Decision, Mute, MuteKind, mute_id_of, schedule_of
from coldchain_backend.ledger import ActName, Json, act_record
from coldchain_backend.web.acknowledge import sentence
from coldchain_backend.web.services import Person, Services

AHEAD_MS: Final = 400 * 86_400_000
MOST_WINDOWS: Final = 1000
"""So many windows and times out of service hold or lie ahead at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A window or a time out of service that a person sets: whose, from when to when, and why.

    times   of a window that comes again: [{"days": [0 …], "from": minute, "to": minute}, …] in `time_zone`
    work    of a time out of service: maintenance or calibration
    """

    asset: str | None = None
    zone: str | None = None
    sensor: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    times: Sequence[Json] | None = None
    time_zone: str | None = None
    work: str | None = None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelving:
    """Until when an alert is shelved, None: as long as its level allows; or this one occurrence only."""

    until_ms: int | None = None
    one_shot: bool = False
    reason: str


async def write_shelving(services: Services, person: Person, alert_id: str, wish: Shelving) -> str:
    """Shelve an alert that goes on, at most for as long as its level allows; the shelving's id.

    Raises HTTPException 404 or 409, InvalidInput for a time that makes no sense.
    """
    alert = await _open(services, alert_id)
    now_ms = services.clock.now_ms()
    longest_ms = services.fleet().plan.alerting.shelve_ms(alert.level)
    if wish.until_ms is not None and not now_ms < wish.until_ms <= now_ms + longest_ms:
        raise InvalidInput(
            f"a shelving at level {alert.level.value} lasts {longest_ms // 60_000} min at most"
        )
    details: dict[str, Json] = {
        "alert": alert_id, "reason": sentence(wish.reason), "one_shot": wish.one_shot,
    }  # fmt: skip
    if wish.until_ms is not None:
        details["until"] = wish.until_ms
    return mute_id_of(await _write(services, person, ActName.SHELVE, details))


async def write_unshelving(services: Services, person: Person, alert_id: str, reason: str) -> None:
    """Take the shelving off an alert. Raises HTTPException 404 or 409."""
    alert = await _known(services, alert_id)
    if alert.muted is None or alert.muted.kind is not MuteKind.SHELVED:
        raise HTTPException(409, f"alert {alert_id} is not shelved")
    details: dict[str, Json] = {"alert": alert_id, "reason": sentence(reason)}
    await _write(services, person, ActName.UNSHELVE, details)


async def write_comment(services: Services, person: Person, alert_id: str, text: str) -> None:
    """Note something about an alert. Raises HTTPException 404."""
    await _known(services, alert_id)
    await _write(services, person, ActName.COMMENT, {"alert": alert_id, "text": sentence(text)})


async def write_disposition(
    services: Services, person: Person, alert_id: str, decision: Decision, reason: str
) -> None:
    """Quality decides about the goods of an alert that has ended. Raises HTTPException 403, 404 or 409."""
    if not person.may(Right.REVISE):
        raise HTTPException(403, "only quality or admin decide about goods")
    alert = await _known(services, alert_id)
    if alert.state.open:
        raise HTTPException(409, f"alert {alert_id} goes on; goods are decided about when it has ended")
    details: dict[str, Json] = {
        "alert": alert_id, "decision": decision.value, "reason": sentence(reason),
    }  # fmt: skip
    await _write(services, person, ActName.DISPOSITION, details)


async def write_mute(services: Services, person: Person, act: ActName, wanted: Wanted) -> str:
    """Set a window or a time out of service; its id. Raises HTTPException 404 or 409, or InvalidInput."""
    _check_place(services, wanted)
    now_ms = services.clock.now_ms()
    from_ms = now_ms if wanted.from_ms is None else wanted.from_ms
    latest_ms = now_ms + AHEAD_MS
    if wanted.to_ms is not None and not max(from_ms, now_ms) < wanted.to_ms <= latest_ms:
        raise InvalidInput("`to` must lie behind `from` and now, and at most 400 days ahead")
    if not 0 <= from_ms <= latest_ms:
        raise InvalidInput("`from` lies at most 400 days ahead")
    if act is ActName.WINDOW and wanted.to_ms is None and wanted.times is None:
        raise InvalidInput("a window needs an end (`to`) or times of day (`times`)")
    if wanted.times is not None and schedule_of(list(wanted.times)) is None:
        raise InvalidInput("`times` are days 0 (Monday) to 6 with minutes of the day, 1 to 20 of them")
    if len(await to_thread(services.answers.mutes)) >= MOST_WINDOWS:
        raise HTTPException(409, f"{MOST_WINDOWS} windows are set already; end some first")
    return mute_id_of(await _write(services, person, act, _details(wanted)))


async def end_mute(services: Services, person: Person, act: ActName, mute_id: str, reason: str) -> None:
    """End a window or a time out of service before its time. Raises HTTPException 404."""
    kind = MuteKind.WINDOW if act is ActName.WINDOW_ENDED else MuteKind.OUT_OF_SERVICE
    known: Sequence[Mute] = await to_thread(services.answers.mutes)
    if all(one.id != mute_id or one.kind is not kind for one in known):
        raise HTTPException(404, f"nothing is set as {mute_id}")
    await _write(services, person, act, {"id": mute_id, "reason": sentence(reason)})


def _details(wanted: Wanted) -> dict[str, Json]:
    found: dict[str, Json] = {
        "asset": wanted.asset,
        "zone": wanted.zone,
        "sensor": wanted.sensor,
        "from": wanted.from_ms,
        "to": wanted.to_ms,
        "times": None if wanted.times is None else list(wanted.times),
        "time_zone": wanted.time_zone,
        "work": wanted.work,
        "reason": sentence(wanted.reason),
    }
    return {name: value for name, value in found.items() if value is not None}


def _check_place(services: Services, wanted: Wanted) -> None:
    plan = services.fleet().plan
    if wanted.asset is not None and all(one.id != wanted.asset for one in plan.assets):
        raise HTTPException(404, f"no asset {wanted.asset}")
    if wanted.zone is not None and all(zone.id != wanted.zone for _, zone in plan.zones()):
        raise HTTPException(404, f"no zone {wanted.zone}")
    if wanted.sensor is not None and plan.sensor(wanted.sensor) is None:
        raise HTTPException(404, f"no sensor {wanted.sensor}")
    if wanted.asset is None and wanted.zone is None and wanted.sensor is None:
        raise InvalidInput("name an asset, a zone or a sensor")


async def _known(services: Services, alert_id: str) -> Alert:
    story = await to_thread(services.answers.alert, alert_id)
    if story is None:
        raise HTTPException(404, f"no alert {alert_id}")
    return story.alert


async def _open(services: Services, alert_id: str) -> Alert:
    alert = await _known(services, alert_id)
    if not alert.state.open:
        raise HTTPException(409, f"alert {alert_id} has ended")
    return alert


async def _write(services: Services, person: Person, act: ActName, details: dict[str, Json]) -> int:
    written = await services.ledger.append([act_record(act.value, person.name, details)])
    return written[-1].offset
