"""The documented API: /api/v1."""

from collections.abc import Sequence

from fastapi import APIRouter

from coldchain_backend.web.api import alerts, board, excursions, fleet, gateways, readings, zones


def routers() -> Sequence[APIRouter]:
    """All routes of this folder."""
    return [module.router for module in (board, readings, excursions, alerts, zones, fleet, gateways)]


__all__ = ["routers"]
