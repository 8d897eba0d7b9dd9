"""The documented API: /api/v1."""

from collections.abc import Sequence

from fastapi import APIRouter

from coldchain_backend.web.api import (
    alerts,
    audit,
    audits,
    beats,
    board,
    compliance,
    coverage,
    deliveries,
    excursions,
    fleet,
    follow,
    gateways,
    handling,
    kpis,
    mirror,
    mutes,
    readings,
    ready,
    routing,
    sensors,
    status,
    users,
    verdicts,
    zones,
)

_ALL = (
    board, readings, excursions, audits, kpis, alerts, handling, mutes, verdicts, coverage, compliance,
    zones, sensors, deliveries, fleet, gateways, ready, routing, status, users, audit, beats, mirror,
    follow,
)  # fmt: skip


def routers() -> Sequence[APIRouter]:
    """All routes of this folder."""
    return [module.router for module in _ALL]


__all__ = ["routers"]
