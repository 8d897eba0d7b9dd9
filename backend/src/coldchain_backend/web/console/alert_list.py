"""The list of alerts: what is asked for in its address, and the choices that a person has."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import Field, dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from coldchain.profiles import Level
from coldchain_backend.alerts import AlertKind, AlertState
from coldchain_backend.fleet import Plan
from coldchain_backend.judging import AlertFilter, AlertOrder
from coldchain_backend.web.console.wording import UTC_NAME, Wording
from coldchain_backend.web.places import named

MAX_TEXT: Final = 100
SHOWN_STATES: Final = tuple(state for state in AlertState if state is not AlertState.PENDING)
Chosen = TypeVar("Chosen", bound=StrEnum)


def typed(parts: Iterable[Field[Any]], query: Mapping[str, str]) -> dict[str, str]:
    """What an address says of these fields, each cut to a sensible length."""
    return {one.name: query[one.name].strip()[:MAX_TEXT] for one in parts if one.name in query}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What stands in the address, as it was typed; nonsense counts as nothing asked.

    show   "open": what a person still has to do with; "all": everything
    since, until   local days of the zone in which times are shown
    """

    show: str = "open"
    state: str = ""
    level: str = ""
    kind: str = ""
    asset: str = ""
    zone: str = ""
    since: str = ""
    until: str = ""
    q: str = ""
    sort: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Asked":
        """Read an address."""
        known = typed(fields(cls), query)
        if known.get("show") != "all":
            known.pop("show", None)
        return cls(**known)

    @property
    def narrowed(self) -> bool:
        """Whether anything beside the tab is asked for."""
        return any(getattr(self, field.name) for field in fields(self) if field.name not in {"show", "sort"})

    @property
    def order(self) -> AlertOrder:
        """As asked; if nothing is, alarms come first of what is to be done, and the newest of everything."""
        usual = AlertOrder.NEWEST if self.show == "all" else AlertOrder.LEVEL
        return choice(AlertOrder, self.sort) or usual

    def query(self, **changed: str) -> str:
        """The address's query with some parts changed."""
        parts = {field.name: getattr(self, field.name) for field in fields(self)} | changed
        if parts["show"] == "open":
            parts["show"] = ""
        return urlencode({name: value for name, value in parts.items() if value})

    def wanted(self, plan: Plan, time_zone: str) -> AlertFilter:
        """What to look for."""
        state = choice(AlertState, self.state)
        return AlertFilter(
            listed=self.show != "all" and state is None,
            state=state,
            level=choice(Level, self.level),
            kind=choice(AlertKind, self.kind),
            asset=self.asset or None,
            zone=self.zone or None,
            from_ms=day_ms(self.since, time_zone, 0),
            to_ms=day_ms(self.until, time_zone, 1),
            q=self.q or None,
            places=named(plan, self.q) if self.q else frozenset(),
            order=self.order,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One entry of a list to choose from."""

    value: str
    text: str


def choices(plan: Plan, wording: Wording) -> Mapping[str, Sequence[Choice]]:
    """What can be chosen, by the name of the field; the first of each is nothing."""
    w = wording
    none = Choice(value="", text=w.say("any"))
    return {
        "state": [none, *(Choice(value=one.value, text=w.say(f"state_{one.value}")) for one in SHOWN_STATES)],
        "level": [none, *(Choice(value=one.value, text=w.say(f"level_{one.value}")) for one in Level)],
        "kind": [none, *(Choice(value=one.value, text=w.say(f"kind_of_{one.value}")) for one in AlertKind)],
        "asset": [none, *(Choice(value=one.id, text=w.name(one.name)) for one in plan.assets)],
        "zone": [
            none,
            *(
                Choice(value=zone.id, text=f"{w.name(zone.name)} · {w.name(asset.name)}")
                for asset, zone in plan.zones()
            ),
        ],
        "sort": [Choice(value=one.value, text=w.say(f"sort_{one.value}")) for one in AlertOrder],
    }


def zone_of_days(plan: Plan, asset: str) -> str:
    """The IANA zone in which days of the filter are meant: of the asset, else of the first one."""
    found = [one.time_zone for one in plan.assets if one.id == asset] or [
        one.time_zone for one in plan.assets
    ]
    return found[0] if found else UTC_NAME


def choice(kind: type[Chosen], text: str) -> Chosen | None:
    """What a text names; None for nonsense."""
    return kind(text) if text in {one.value for one in kind} else None


def day_ms(text: str, time_zone: str, later: int) -> int | None:
    """The beginning of a local day, or of one later; None for what is no day."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=ZoneInfo(time_zone))
        return int((day + timedelta(days=later)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
