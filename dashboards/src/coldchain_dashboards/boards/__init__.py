"""The five boards, each in its own file; a new one is a file, a line here, and texts."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from grafana_foundation_sdk.models.dashboard import Dashboard

from coldchain.words import Language
from coldchain_dashboards.board import Board, dashboard
from coldchain_dashboards.boards import alerts, calendar, compliance, gateways, zone
from coldchain_dashboards.panels import Kit
from coldchain_dashboards.wording import wording

BOARDS: Final[Mapping[str, Callable[[Kit], Board]]] = MappingProxyType(
    {
        "compliance": compliance.board,
        "zone": zone.board,
        "alerts": alerts.board,
        "gateways": gateways.board,
        "calendar": calendar.board,
    }
)
"""Every board by the name that is part of its address."""


def made(name: str, language: Language) -> Dashboard:
    """Make one dashboard; KeyError for a board that there is not."""
    kit = Kit(board=name, wording=wording(language))
    return dashboard(name, BOARDS[name](kit), kit)
