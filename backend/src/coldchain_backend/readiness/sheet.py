"""The installation sheet of a zone: dated, with key fingerprints, as text or HTML, in English or Chinese."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from html import escape
from importlib.resources import files
from zoneinfo import ZoneInfo

from coldchain.words import Language
from coldchain_backend.alerts.recipients import reached_by
from coldchain_backend.fleet import Point
from coldchain_backend.readiness.checks import Asked, Missing, missing, receivers_of

Words = Mapping[str, Mapping[str, str]]
Part = tuple[str, list[tuple[str, ...]]]
"""A heading and the rows below it, each of the same number of cells."""


@cache
def words_of(language: Language) -> Words:
    """What the sheet says in a language."""
    source = files("coldchain_backend.readiness").joinpath("texts", f"{language.value}.toml")
    words: Words = tomllib.loads(source.read_text(encoding="utf-8"))
    return words


def said(one: Missing, language: Language) -> tuple[str, str]:
    """What is missing, and what mends it."""
    words = words_of(language)
    names = {"subject": one.subject, "detail": one.detail}
    return words["lack"][one.lack.value].format(**names), words["mend"][one.lack.value].format(**names)


def text_sheet(asked: Asked, language: Language) -> str:
    """The sheet as plain text."""
    lines = [title(asked, language), ""]
    for heading, rows in _parts(asked, language):
        lines += [heading, *("  " + "  |  ".join(cell or "–" for cell in row) for row in rows), ""]
    return "\n".join(lines)


def html_sheet(asked: Asked, language: Language) -> str:
    """The sheet as one HTML page that needs nothing else."""
    body = "".join(
        f"<h2>{escape(heading)}</h2><table>{''.join(_row(row) for row in rows)}</table>"
        for heading, rows in _parts(asked, language)
    )
    name = escape(title(asked, language))
    style = (
        "body{font-family:sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse;width:100%}td{border:1px solid #999;padding:.3rem;vertical-align:top}"
        "code{word-break:break-all}"
    )
    return (
        f'<!doctype html><html lang="{language.value}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{name}</title>'
        f"<style>{style}</style><h1>{name}</h1>{body}</html>\n"
    )


def _row(row: tuple[str, ...]) -> str:
    return "<tr>" + "".join(f"<td>{escape(cell) or '–'}</td>" for cell in row) + "</tr>"


def title(asked: Asked, language: Language) -> str:
    """What the sheet is of, and when it was made, by the clock of the asset."""
    made = _local(asked, asked.now_ms)
    names = f"{asked.asset.name.in_(language)} · {asked.zone.name.in_(language)}"
    return f"{words_of(language)['sheet']['title']}: {names} ({asked.zone.id}), {made}"


def _parts(asked: Asked, language: Language) -> Iterator[Part]:
    words = words_of(language)["sheet"]
    profile = asked.plan.profile(asked.zone.profile)
    version = "" if profile is None else f" v{profile.version}"
    yield (
        words["zone"],
        [
            (words["organisation"], asked.plan.organisation),
            (words["asset"], f"{asked.asset.id} {asked.asset.plate or ''}".strip()),
            (words["profile"], f"{asked.zone.profile}{version}"),
            (words["state"], asked.zone.state.value),
        ],
    )
    yield words["points"], [_point(asked, point, language) for point in asked.zone.points]
    yield words["gateways"], [(name, asked.keys.get(name) or "") for name in asked.gateways()]
    yield words["recipients"], list(_recipients(asked, language))
    yield (
        words["tests"],
        [(words[one.kind.value], _local(asked, one.at_ms), one.by, one.reason) for one in asked.tests],
    )
    lacks = [said(one, language) for one in missing(asked)]
    yield words["missing"], [*lacks] if lacks else [(words["nothing"],)]
    yield words["signed"], [(words["installer"], ""), (words["quality"], "")]


def _point(asked: Asked, point: Point, language: Language) -> tuple[str, ...]:
    sensor = None if point.sensor is None else asked.plan.sensor(point.sensor)
    seen = None if point.sensor is None else asked.seen.get(point.sensor)
    certificate = None if sensor is None else sensor.certificate
    return (
        f"{point.name.in_(language)} ({point.id})",
        point.sensor or "",
        "" if sensor is None else sensor.serial or "",
        "" if certificate is None else f"{certificate.number}, {certificate.due}",
        "" if seen is None or seen.at_ms is None else _local(asked, seen.at_ms),
    )


def _recipients(asked: Asked, language: Language) -> Iterator[tuple[str, ...]]:
    named = receivers_of(asked)
    for receiver in asked.plan.receivers:
        if receiver.name in named:
            reached = asked.people.people(reached_by([receiver], asked.people))
            persons = [one.name.in_(language) for one in reached]
            yield receiver.name, receiver.kind, ", ".join(persons)


def _local(asked: Asked, at_ms: int) -> str:
    zone = ZoneInfo(asked.asset.time_zone)
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y-%m-%d %H:%M %Z")
