"""After a restore: deliveries wait until a person says that the backend it came from is off."""

from asyncio import to_thread
from pathlib import Path

import orjson
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from coldchain_backend.ledger import ActName, act_record
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Wanted

router = APIRouter(prefix="/api/v1/restore", tags=["restore"], responses=FAILURES)


class Restored(BaseModel):
    """Whether deliveries are held, and the backup that this backend came from."""

    held: bool
    backup: str | None = None


class OldIsOff(BaseModel):
    """How the person knows that the old backend is off."""

    reason: str = Field(min_length=3, max_length=500)


@router.get("")
async def state(request: Request, person: Asker) -> Restored:
    """Whether this backend was restored and still holds its deliveries."""
    return await to_thread(_state, _held(request))


@router.post("/old-is-off")
async def old_is_off(request: Request, wish: OldIsOff, person: Asker, services: Wanted) -> Restored:
    """Let deliveries go out again; the ledger says who confirmed it. Harmless where nothing is held."""
    held = _held(request)
    if await to_thread(held.exists):
        await services.ledger.append(
            [act_record(ActName.OLD_IS_OFF.value, person.name, {"reason": wish.reason})]
        )
        await to_thread(held.unlink, missing_ok=True)
    return Restored(held=False)


def _held(request: Request) -> Path:
    held: Path = request.app.state.held
    return held


def _state(held: Path) -> Restored:
    try:
        return Restored(held=True, backup=orjson.loads(held.read_bytes()).get("backup"))
    except FileNotFoundError:
        return Restored(held=False)
