"""Who may ask for what: one line per route and page, obeyed before any of them runs.

A route without a line is refused to everybody. What is `OPEN` or for a `MACHINE` says so here, and why.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request

from coldchain_backend.access import Right
from coldchain_backend.web.auth import COOKIE, READING, is_own_page
from coldchain_backend.web.services import ROLE_REFUSED, services_of
from coldchain_runtime.logs import Log

_log = Log("web")


class Door(StrEnum):
    """Who passes without being a person that is logged in."""

    OPEN = "open"  # anybody; nothing about the organisation is told, or the route takes a proof of its own
    PROOF = "proof"  # whoever has the signed link or the code; the route itself looks at it
    MACHINE = "machine"  # a gateway's or another machine's token, which the route itself looks at


Need = Right | Door

_ROUTES: Final[Mapping[Need, str]] = {
    Door.OPEN: """
        GET /login
        POST /login
        POST /logout
        GET /language
        POST /api/v1/session
        POST /api/v1/gateways/enroll
        GET /api/v1/fleet/schema
        GET /api/openapi.json
        GET /api/docs
        GET /healthz
        GET /readyz
        GET /metrics
        GET /ping
        HEAD /ping
        GET /health
    """,
    Door.PROOF: """
        GET /a/{token}
        POST /a/{token}
        GET /c
        POST /c
    """,
    Door.MACHINE: """
        POST /api/v2/write
        POST /api/v1/beats/{name}
        GET /api/v1/gateways/self/watch
    """,
    Right.VIEW: """
        GET /
        GET /fragments/board
        GET /zones/{zone}
        GET /fragments/zones/{zone}
        GET /alerts
        GET /fragments/alerts
        GET /alerts/{alert}
        GET /fragments/alerts/{alert}
        GET /muted
        GET /fragments/muted
        GET /kpis
        GET /deliveries
        GET /gateways
        GET /mirror
        GET /account
        POST /account/password
        POST /account/sessions/{session}/end
        GET /api/v1/alerts
        GET /api/v1/alerts/{alert}
        GET /api/v1/alerts/kpis
        GET /api/v1/beats
        GET /api/v1/board
        GET /api/v1/checkpoint
        GET /api/v1/compliance
        GET /api/v1/coverage
        GET /api/v1/deliveries
        GET /api/v1/evidence
        GET /api/v1/excursions
        GET /api/v1/excursions/{excursion}
        GET /api/v1/fleet
        GET /api/v1/fleet/versions
        GET /api/v1/follow
        GET /api/v1/gateways
        GET /api/v1/live
        GET /api/v1/mirror
        GET /api/v1/mutes
        GET /api/v1/readings
        GET /api/v1/receivers
        GET /api/v1/restore
        GET /api/v1/routes/explain
        GET /api/v1/sensors
        GET /api/v1/sessions
        DELETE /api/v1/sessions/{session}
        PUT /api/v1/account/password
        GET /api/v1/status
        GET /api/v1/verdicts
        GET /api/v1/alerts/audit
        GET /api/v1/zones/{zone}/ready
        GET /api/v1/zones/{zone}/sheet
        GET /api/v1/zones/{zone}/states
    """,
    Right.AUDIT: """
        GET /audit
        GET /api/v1/audit
        GET /api/v1/audit/export
    """,
    Right.OPERATE: """
        POST /alerts/{alert}/acknowledge
        POST /alerts/{alert}/shelve
        POST /alerts/{alert}/unshelve
        POST /alerts/{alert}/comment
        POST /muted/{kind}
        POST /muted/{mute}/end
        POST /zones/{zone}/state
        GET /deliveries/{id}
        POST /deliveries/replay
        POST /api/v1/alerts/{alert}/acknowledge
        POST /api/v1/alerts/{alert}/shelve
        POST /api/v1/alerts/{alert}/unshelve
        POST /api/v1/alerts/{alert}/comment
        POST /api/v1/windows
        POST /api/v1/windows/{window}/end
        POST /api/v1/out-of-service
        POST /api/v1/out-of-service/{mute}/return
        POST /api/v1/zones/{zone}/state
        POST /api/v1/zones/{zone}/tests
        GET /api/v1/deliveries/{id}
        POST /api/v1/deliveries/replay
        POST /api/v1/receivers/{name}/test
    """,
    Right.REVISE: """
        POST /alerts/{alert}/disposition
        POST /api/v1/alerts/{alert}/disposition
    """,
    Right.ADMINISTER: """
        GET /users
        POST /users
        GET /users/{user}
        POST /users/{user}
        POST /users/{user}/password
        POST /users/{user}/link
        POST /users/{user}/sessions/{session}/end
        POST /gateways/codes
        GET /tokens
        POST /tokens
        POST /tokens/{token}/renew
        POST /tokens/{token}/revoke
        POST /api/v1/follow/{name}/rescan
        POST /api/v1/mirror/rebuild
        POST /api/v1/receivers/{name}/enable
        GET /api/v1/users
        POST /api/v1/users
        GET /api/v1/users/{user}
        PATCH /api/v1/users/{user}
        PUT /api/v1/users/{user}/password
        GET /api/v1/tokens
        POST /api/v1/tokens
        POST /api/v1/tokens/revoke
        POST /api/v1/tokens/{token}/renew
        DELETE /api/v1/tokens/{token}
        POST /api/v1/fleet/diff
        POST /api/v1/fleet/apply
        POST /api/v1/gateways/codes
        POST /api/v1/gateways/{name}/revoke
        POST /api/v1/gateways/{name}/declare-lost
        POST /api/v1/restore/old-is-off
    """,
}


def _table(routes: Mapping[Need, str]) -> Mapping[tuple[str, str], Need]:
    table: dict[tuple[str, str], Need] = {}
    for need, lines in routes.items():
        for line in lines.split("\n"):
            method, _, path = line.strip().partition(" ")
            if path:
                table[method, path] = need
    return table


NEEDS: Final = _table(_ROUTES)
"""What (method, path as it is declared) needs."""


def include(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Add routers behind the guard."""
    for router in routers:
        app.include_router(router, dependencies=[Depends(guard)])


async def guard(request: Request) -> None:
    """Let a request through as the table says; the person who asks stands in `request.state.person` then.

    Raises 401 for nobody, 403 for a role that does not allow it or for a form of another site's.
    """
    need = NEEDS.get((request.method, request.scope["route"].path))
    _check_page(request, need)
    if isinstance(need, Door):
        return
    person = await services_of(request).identify(request)
    if need is None:
        _log.error("web.no_right", method=request.method, path=request.scope["route"].path)
        raise HTTPException(403, ROLE_REFUSED)
    if not person.may(need):
        raise HTTPException(403, ROLE_REFUSED)
    request.state.person = person


def _check_page(request: Request, need: Need | None) -> None:
    """Raise 403 for a write that another site's page makes a browser send.

    Browsers say where a write comes from. One that a session would allow has to say it; one that needs none,
    such as signing in, is refused only where it says that it comes from elsewhere.
    """
    by_token = "authorization" in request.headers
    if request.method in READING or (need is Door.MACHINE and by_token):
        return
    if need is Door.PROOF and request.headers.get("origin") == "null":
        return  # a page that sends no referrer cannot say more, and no session is at stake here
    own = is_own_page(request, request.app.state.auth.public_url)
    by_session = COOKIE in request.cookies and not by_token
    if own is False or (own is None and by_session and need not in (Door.OPEN, Door.PROOF)):
        raise HTTPException(403)
