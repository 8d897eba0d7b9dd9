"""Who was told what in a story, as a page that a person reads, in English and Chinese."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from coldchain.words import Language
from coldchain_backend.ruletests.calendar import Calendar
from coldchain_backend.ruletests.document import CaseEntry
from coldchain_backend.ruletests.rehearsal import Happened, Outcome, Telling

Words = Mapping[str, Mapping[str, str]]


@cache
def words_of(language: Language) -> Words:
    """What the pages say in a language."""
    source = files("coldchain_backend.ruletests").joinpath("texts", f"{language.value}.toml")
    words: Words = tomllib.loads(source.read_text(encoding="utf-8"))
    return words


def told_page(case: CaseEntry, outcome: Outcome, calendar: Calendar, language: Language) -> str:
    """The page of a story (Markdown): what it is about, each telling in order, and what the record shows."""
    words = words_of(language)
    page, day = words["page"], f"{calendar.day.isoformat()}, {calendar.zone.key}"
    title = case.name if case.title is None else case.title.in_(language)
    about = "" if case.about is None else case.about.in_(language)
    lines = [f"# {title}", "", *([about, ""] if about else []), f"{page['day']} {day}", ""]
    lines += [f"## {page['told']}", "", *_tellings(outcome, calendar, language, words), ""]
    lines += [f"## {page['record']}", ""]
    lines += [_step(one, calendar, language, words) for one in outcome.happened] or [page["nothing"]]
    return "\n".join(lines) + "\n"


def _tellings(outcome: Outcome, calendar: Calendar, language: Language, words: Words) -> list[str]:
    page = words["page"]
    if not outcome.told:
        return [page["nobody"]]
    head = [f"| {page['at']} | {page['receiver']} | {page['event']} | {page['text']} |", "|---|---|---|---|"]
    return head + [_telling(one, calendar, language, words) for one in outcome.told]


def _telling(one: Telling, calendar: Calendar, language: Language, words: Words) -> str:
    event = words["step"].get(one.type.removeprefix("alert."), one.type)
    text = one.text.in_(language).replace("|", "\\|")
    return f"| {calendar.clock(one.at_ms)} | {one.receiver} | {event} | {text} |"


def _step(one: Happened, calendar: Calendar, language: Language, words: Words) -> str:
    cause, step = one.alert.cause, one.step
    where = cause.subject.sensor or cause.subject.gateway or cause.subject.zone or ""
    where = words["about"].get(where, where)
    parts = [
        f"- {calendar.clock(step.at_ms)}",
        words["kind"].get(cause.kind.value, cause.kind.value),
        words["step"].get(step.kind.value, step.kind.value),
        words["level"][step.level.value],
        where,
        "" if step.value is None else f"{step.value:g} °C",
        f"({step.by})" if step.by else "",
    ]
    return " · ".join(part for part in parts if part)
