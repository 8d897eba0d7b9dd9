"""Board and health → one HTML screen, without scripts, for a width of 390 pixels and up. Pure."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from coldchain.words import Language
from coldchain_gateway.health import Health
from coldchain_gateway.local_alarm import Board, PointView, SensorView, ZoneState, ZoneView

HUSH_MINUTES: Final = (5, 15, 30)
REFRESH_S: Final = 10
ENTITIES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
MINUS: Final = "\u2212"
PHONE: Final = re.compile(r"\+?[0-9][0-9 ()/-]{3,}[0-9]")


def escape(text: str) -> str:
    """Text as HTML's text or attribute; the library's own brings 2231 names of characters along."""
    return text.translate(ENTITIES)


@cache
def texts(language: Language) -> Mapping[str, str]:
    """The page's sentences of a language by their names."""
    file = Path(__file__).with_name("texts") / f"{language.value}.toml"
    return {name: str(text) for name, text in tomllib.loads(file.read_text(encoding="utf-8")).items()}


@cache
def style() -> str:
    """The page's one style sheet."""
    return Path(__file__).with_name("page.css").read_text(encoding="utf-8")


def language_of(asked: str | None, accepted: str) -> Language:
    """The language asked for, else the first known one that the browser prefers, else English."""
    for wanted in (asked or "", *(part.split(";")[0].strip() for part in accepted.split(","))):
        for language in Language:
            if wanted.lower().split("-")[0] == language.value:
                return language
    return Language.EN


def page(board: Board, health: Health, language: Language, *, hush: bool) -> str:
    """The whole document."""
    known = texts(language)
    other = Language.ZH if language is Language.EN else Language.EN
    worst_first = sorted(board.zones, key=lambda zone: -zone.state)
    zones = "".join(_zone(zone, language) for zone in worst_first)
    unwatched = _unwatched(board, language) if board.unwatched else ""
    empty = "" if zones or unwatched else f'<p class="note">{escape(known["nothing_heard"])}</p>'
    return (
        f'<!doctype html><html lang="{language.value}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="refresh" content="{REFRESH_S};url=/?lang={language.value}">'
        f"<title>{escape(health.gateway)}</title><style>{style()}</style></head><body>"
        f'<header><h1>{escape(health.gateway)}</h1><a href="/?lang={other.value}" lang="{other.value}">'
        f"{texts(other)['language']}</a></header>"
        f'<p class="banner {_css(board.worst)}">{escape(_banner(board, known))}</p>'
        f"{_hush(board, known, language) if hush else ''}"
        f"<main>{zones}{unwatched}{empty}</main>"
        f"<footer>{''.join(f'<p>{escape(line)}</p>' for line in _facts(board, health, known))}</footer>"
        "</body></html>"
    )


def _banner(board: Board, known: Mapping[str, str]) -> str:
    if not board.zones:
        return known["not_watching"]
    return known[f"banner_{_css(board.worst)}"]


def _zone(zone: ZoneView, language: Language) -> str:
    known = texts(language)
    limits = _limits(zone, known)
    todo = known.get(f"todo_{_css(zone.state)}", "")
    contacts = ", ".join(_contact(one) for one in zone.contacts)
    call = escape(known["call"]).format(contacts=contacts) if todo and contacts else ""
    advice = " ".join(part for part in (escape(todo), call) if part)
    return (
        f'<section class="{_css(zone.state)}"><h2>{escape(zone.name.in_(language))}'
        f"<small>{escape(zone.asset.in_(language))}</small></h2>"
        f'<p class="state">{escape(known[f"state_{_css(zone.state)}"])}{limits}</p>'
        f"<ul>{''.join(_point(point, language) for point in zone.points)}</ul>"
        f"{f'<p class=todo>{advice}</p>' if advice else ''}</section>"
    )


def _contact(said: str) -> str:
    """Who is to be called, such as "Wang 138 0000 0000", as HTML: a thumb on the number calls it."""
    parts = PHONE.search(said)
    if parts is None:
        return escape(said)
    digits = "".join(letter for letter in parts[0] if letter.isdigit() or letter == "+")
    before, after = escape(said[: parts.start()]), escape(said[parts.end() :])
    return f'{before}<a href="tel:{digits}">{escape(parts[0])}</a>{after}'


def _limits(zone: ZoneView, known: Mapping[str, str]) -> str:
    low, high = ("" if bound is None else number(bound) for bound in (zone.low, zone.high))
    if not (low or high):
        return ""
    name = "limits" if low and high else "limit_high" if high else "limit_low"
    return f' <span class="limits">{escape(known[name].format(low=low, high=high))}</span>'


def _point(point: PointView, language: Language) -> str:
    said = _said(point.value, point.unit)
    return _row(point.name.in_(language), said, point.age_ms, _css(point.state), texts(language))


def _unwatched(board: Board, language: Language) -> str:
    title = escape(texts(language)["unwatched"])
    rows = "".join(_sensor(one, language) for one in board.unwatched)
    return f'<section class="not_in_use"><h2>{title}</h2><ul>{rows}</ul></section>'


def _sensor(one: SensorView, language: Language) -> str:
    return _row(one.sensor, _said(one.value, one.unit), one.age_ms, "not_in_use", texts(language))


def _row(name: str, said: str, age_ms: int | None, css: str, known: Mapping[str, str]) -> str:
    """One line of a section; `said` is HTML already."""
    age = known["never"] if age_ms is None else known["ago"].format(age=duration(age_ms, known))
    return f'<li class="{css}"><b>{escape(name)}</b><output>{said}</output><i>{escape(age)}</i></li>'


def _said(value: float | None, unit: str) -> str:
    return "—" if value is None else f"{number(value)}&nbsp;{escape(unit)}"


def _hush(board: Board, known: Mapping[str, str], language: Language) -> str:
    if not board.standing:
        return ""
    if board.hush_left_ms and not board.sounding:
        said = known["hushed"].format(left=duration(board.hush_left_ms, known))
        return f'<p class="note">{escape(said)}</p>'
    buttons = "".join(
        f'<button name="minutes" value="{minutes}">{escape(known["hush"].format(minutes=minutes))}</button>'
        for minutes in HUSH_MINUTES
    )
    return (
        f'<form method="post" action="/hush?lang={language.value}">{buttons}</form>'
        f'<p class="note">{escape(known["hush_is_no_acknowledgement"])}</p>'
    )


def _facts(board: Board, health: Health, known: Mapping[str, str]) -> list[str]:
    """The gateway's own state, one line each."""
    facts = []
    if board.upstream_ms is not None:
        facts.append(known["upstream_silent"].format(age=duration(board.upstream_ms, known)))
    elif health.uplink is not None:
        facts.append(
            known["upstream_connected" if health.uplink.state == "connected" else "upstream_not_now"]
        )
    if health.outbox.waiting_batches:
        facts.append(known["waiting"].format(batches=health.outbox.waiting_batches))
    if not health.clock_trusted:
        facts.append(known["clock_untrusted"])
    down = [source.name for source in health.sources if source.state not in {"running", ""}]
    if down:
        facts.append(known["sources_down"].format(names=", ".join(down)))
    return facts


def duration(ms: int, known: Mapping[str, str]) -> str:
    """A time span in its largest whole unit."""
    seconds = ms // 1000
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length or (unit == "minutes" and seconds >= length):
            return known[unit].format(n=seconds // length)
    return known["seconds"].format(n=seconds)


def number(value: float) -> str:
    """A number as people read it, with a true minus sign."""
    text = f"{value:.1f}" if abs(value) < 1000 else f"{value:.0f}"
    return text.replace("-", MINUS) if float(text) else text.lstrip("-")


def _css(state: ZoneState) -> str:
    return state.name.lower()
