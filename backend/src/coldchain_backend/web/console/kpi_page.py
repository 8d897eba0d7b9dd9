"""The figures of alarms on their page: each with its target, which is unverified, and how it stands to it."""

from dataclasses import dataclass
from types import MappingProxyType

from coldchain_backend.alerts import SPLIT, TARGETS, AlertKind, Kpis, Load, Standing, of_all, of_load
from coldchain_backend.judging import Figures
from coldchain_backend.web.console.alert_page import Teller
from coldchain_backend.web.console.charts import Box, Frame, Tick
from coldchain_backend.web.console.wording import Wording
from coldchain_backend.web.console.zone_page import time_ticks

SPANS = MappingProxyType({"1d": 1, "7d": 7, "30d": 30, "90d": 90})
"""Days that can be looked at."""

SIGNS = MappingProxyType(
    {Standing.ACCEPTABLE: "in_limits", Standing.MANAGEABLE: "warning", Standing.OVER: "alarm"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure with its unit; `sign` is the state it is shown with, none where there is no target."""

    name: str
    value: str
    sign: str | None = None
    standing: str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Calls over time: a bar for each part, floods shaded."""

    frame: Frame
    bars: tuple[Box, ...]
    floods: tuple[Box, ...]
    times: tuple[Tick, ...]
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownActor:
    """A source, its calls and its share."""

    name: str
    alarms: int
    share: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownKpis:
    """The whole page."""

    alarms: int
    figures: tuple[Figure, ...]
    positions: tuple[tuple[str, tuple[Figure, ...]], ...]
    split: tuple[Figure, ...]
    waited: tuple[Figure, ...]
    actors: tuple[ShownActor, ...]
    undelivered: tuple[Figure, ...]
    floods: tuple[str, ...]
    wide: Bars
    narrow: Bars


def show_kpis(found: Figures, teller: Teller, time_zone: str) -> ShownKpis:
    """Say the figures."""
    k, w = found.kpis, teller.wording
    return ShownKpis(
        alarms=k.total.alarms,
        figures=(*_of_load(k.total, w), *_of_all(k, w)),
        positions=tuple((one.position or "", tuple(_of_load(one, w))) for one in k.positions),
        split=tuple(_split(k, w)),
        waited=tuple(_waited(k, w)),
        actors=tuple(
            ShownActor(name=_source(one.source, teller), alarms=one.alarms, share=f"{one.share:.0%}")
            for one in k.actors
        ),
        undelivered=tuple(
            Figure(
                name=name, value=", ".join(f"{w.say(f'queue_{state}')}: {n}" for state, n in states.items())
            )
            for name, states in found.undelivered.items()
        ),
        floods=tuple(
            w.say("kpi_flood", since=w.exact(began, time_zone), lasted=w.age(ended - began))
            for began, ended in k.total.floods
        ),
        wide=_bars(k, _frame(k, 1180, 200), time_ticks(_frame(k, 1180, 200), time_zone, 9, w)),
        narrow=_bars(k, _frame(k, 380, 170), time_ticks(_frame(k, 380, 170), time_zone, 4, w)),
    )


def _frame(k: Kpis, width: int, height: int) -> Frame:
    return Frame(
        width=width, height=height, from_ms=k.from_ms, to_ms=k.to_ms, left=40, right=14, top=10, bottom=28
    )


def _of_load(load: Load, w: Wording) -> list[Figure]:
    standings = of_load(load)
    shown = {
        "per_hour": f"{load.per_hour:.2f}",
        "most_per_hour": str(load.most_per_hour),
        "per_10_minutes": f"{load.per_10_minutes:.2f}",
        "most_per_10_minutes": str(load.most_per_10_minutes),
        "flood_share": f"{load.flood_share:.1%}",
    }
    return [_figure(name, value, standings[name], w) for name, value in shown.items()]


def _of_all(k: Kpis, w: Wording) -> list[Figure]:
    standings = of_all(k)
    shown = {
        "standing_most": str(k.standing_most),
        "chattering": str(len(k.chattering)),
        "fleeting": str(k.fleeting),
        "actors_share": f"{k.actors_share:.0%}",
    }
    figures = [_figure(name, value, standings[name], w) for name, value in shown.items()]
    figures.append(Figure(name=w.say("kpi_shelved"), value=str(k.shelved)))
    return figures


def _figure(name: str, value: str, standing: Standing, w: Wording) -> Figure:
    target = TARGETS[name]
    share = name.endswith("_share")
    bounds = [f"{bound:.0%}" if share else f"{bound:g}" for bound in (target.acceptable, target.manageable)]
    said = bounds[0] if bounds[0] == bounds[1] else f"{bounds[0]} ({bounds[1]})"
    return Figure(
        name=w.say(f"kpi_{name}"),
        value=value,
        sign=SIGNS[standing],
        standing=w.say(f"kpi_{standing.value}"),
        target=w.say("kpi_target", bound=said),
    )


def _split(k: Kpis, w: Wording) -> list[Figure]:
    total = max(sum(k.split.values()), 1)
    return [
        Figure(
            name=w.say(f"kpi_priority_{one.value}"),
            value=f"{count} ({count / total:.0%})",
            target=w.say("kpi_about", share=f"{SPLIT[one]:.0%}"),
        )
        for one, count in k.split.items()
    ]


def _waited(k: Kpis, w: Wording) -> list[Figure]:
    waited = k.waited
    shown = {"p50": waited.p50_ms, "p90": waited.p90_ms, "p99": waited.p99_ms, "longest": waited.longest_ms}
    figures = [
        Figure(name=w.say(f"kpi_{name}"), value="–" if ms is None else w.age(ms))
        for name, ms in shown.items()
    ]
    return [*figures, Figure(name=w.say("kpi_never"), value=str(waited.never))]


def _source(source: str, teller: Teller) -> str:
    """A source in words: where, and what came again."""
    kind, rule, where = [*source.split("\n"), "", ""][:3]
    w, place = teller.wording, teller.fleet.plan.place_of_point(where)
    name = where if place is None else f"{w.name(place.zone.name)} · {w.name(place.point.name)}"
    profile = None if place is None else teller.fleet.plan.profile(place.zone.profile)
    if kind not in {one.value for one in AlertKind}:
        return source.replace("\n", " · ")
    return w.say(f"about_{kind}", name=name, rule=w.rule(rule, profile))


def _bars(k: Kpis, frame: Frame, times: tuple[Tick, ...]) -> Bars:
    most = max(max(k.history, default=0), 1)
    bottom = frame.height - frame.bottom
    high = bottom - frame.top
    width = (frame.width - frame.left - frame.right) / max(len(k.history), 1)
    bars = tuple(
        Box(
            x=round(frame.left + at * width + 1, 1),
            y=round(bottom - high * count / most, 1),
            width=round(max(width - 2, 1), 1),
            height=round(high * count / most, 1),
        )
        for at, count in enumerate(k.history)
        if count
    )
    floods = tuple(
        Box(
            x=frame.x(began),
            y=frame.top,
            width=round(max(frame.x(ended) - frame.x(began), 2), 1),
            height=high,
        )
        for began, ended in k.total.floods
    )
    return Bars(frame=frame, bars=bars, floods=floods, times=times, most=most)
