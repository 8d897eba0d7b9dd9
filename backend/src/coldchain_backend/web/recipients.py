"""Whether the alarms of zones reach as many people as their profiles demand, before a zone is in use."""

from asyncio import to_thread

from coldchain_backend.alerts.recipients import put_in_use, recipients_of, too_few
from coldchain_backend.fleet import Plan, ZoneState
from coldchain_backend.web.services import Services


async def short_of(services: Services, plan: Plan) -> list[str]:
    """All zones in use under a plan whose alarms reach too few."""
    now_ms = services.clock.now_ms()
    return await to_thread(lambda: [str(one) for one in too_few(plan, services.people, now_ms)])


async def refused(services: Services, plan: Plan) -> list[str]:
    """Those that a plan would newly put in use, or that it demands more for than is demanded now."""
    now_ms, fresh = services.clock.now_ms(), put_in_use(services.fleet().plan, plan)
    return await to_thread(lambda: [str(one) for one in too_few(plan, services.people, now_ms, fresh)])


async def refused_zone(services: Services, zone: str) -> str | None:
    """Why a zone may not be put in use now; None where nothing of this stands against it."""
    fleet, now_ms = services.fleet(), services.clock.now_ms()
    if fleet.state_of(zone, now_ms) is ZoneState.IN_USE:
        return None
    for asset, found in fleet.plan.zones():
        if found.id == zone:
            count = await to_thread(recipients_of, fleet.plan, asset, found, services.people, now_ms)
            return None if count.enough else str(count)
    return None
