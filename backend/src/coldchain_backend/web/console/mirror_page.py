"""The page of the copy in InfluxDB: how far it is, what is in the way, and what to do about it."""

from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from coldchain_backend.mirror import Mirror, MirrorState
from coldchain_backend.web.console.render import Page
from coldchain_backend.web.console.wording import UTC_NAME, Wording
from coldchain_backend.web.services import Asker, Wanted

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
MENDS_ITSELF = frozenset({"behind"})
"""What is over without anybody doing anything, and is a warning at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTrouble:
    """A condition in words: what it is, what to do, and what InfluxDB said."""

    sign: str
    title: str
    todo: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMirror:
    """The mirror in words; `behind`: how far it lies behind what was judged."""

    target: str
    version: str
    sign: str
    standing: str
    behind: str
    reached: str
    since: str
    points: int
    left_out: int
    troubles: tuple[ShownTrouble, ...]


@router.get("/mirror")
async def mirror(request: Request, services: Wanted, person: Asker) -> Response:
    """How the copy in InfluxDB stands."""
    page = await Page.of(request, services, person)
    found: Mirror | None = request.app.state.mirror
    if found is None:
        raise HTTPException(404)
    return page.render("mirror", {"mirror": show_mirror(found.state, page.wording)})


def show_mirror(state: MirrorState, w: Wording) -> ShownMirror:
    """Say how the mirror stands."""
    troubles = tuple(
        ShownTrouble(
            sign="warning" if name in MENDS_ITSELF else "alarm",
            title=w.say(f"mirror_{name}"),
            todo=w.say(f"mirror_{name}_todo"),
            said=said,
        )
        for name, said in state.conditions().items()
    )
    sign, standing = "in_limits", "mirror_well"
    if state.filling:
        sign, standing = "other", "mirror_filling"
    if troubles:
        signs = {one.sign for one in troubles}
        sign, standing = ("alarm" if "alarm" in signs else "warning"), "mirror_troubled"
    return ShownMirror(
        target=state.target,
        version=state.version,
        sign=sign,
        standing=w.say(standing),
        behind=w.say("mirror_records", n=max(0, state.judged - state.ledger)),
        reached=w.exact(state.stamp_ms, UTC_NAME) if state.stamp_ms else "",
        since=w.ago(state.since_ms) if state.trouble is not None else "",
        points=state.tally.points,
        left_out=sum(state.tally.left.values()),
        troubles=troubles,
    )
