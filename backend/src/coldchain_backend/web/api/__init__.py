"""The documented API: /api/v1."""

from collections.abc import Sequence

from fastapi import APIRouter

from coldchain_backend.web.api import (
    alerts,
    beats,
    board,
    compliance,
    coverage,
    excursions,
    fleet,
    gateways,
    handling,
    kpis,
    mirror,
    mutes,
    readings,
    routing,
    sensors,
    status,
    users,
    verdicts,
    zones,
)

_ALL = (
    board, readings, excursions, kpis, alerts, handling, mutes, verdicts, coverage, compliance, zones,
    sensors, fleet, gateways, routing, status, users, beats, mirror,
)  # fmt: skip


def routers() -> Sequence[APIRouter]:
    """All routes of this folder."""
    return [module.router for module in _ALL]


__all__ = ["routers"]
