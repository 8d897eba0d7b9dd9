"""A telling in words: title, sentence and facts, in the receiver's language and the asset's zone of time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from coldchain.words import Language
from coldchain_backend.delivery.cutting import legible
from coldchain_backend.delivery.notice import Named, Notice
from coldchain_backend.delivery.phrases import PHRASES, Phrases
from coldchain_backend.delivery.telling import Telling
from coldchain_backend.fleet.templates import filled

_ANSWERS: Final = frozenset({"call", "acknowledge", "code", "page"})
_UNITS_S: Final = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of a message; `url` where its text leads somewhere."""

    key: str
    label: str
    text: str
    url: str | None = None

    def line(self) -> str:
        """The fact as a line of plain text."""
        return f"{self.label}: {self.text}" if self.label else self.text

    def markdown(self) -> str:
        """The same as robots' markdown has it; a link stands behind its label."""
        if self.url is not None:
            return f"[{self.label}]({self.url})"
        return f"**{self.label}**: {self.text}" if self.label else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What people read.

    text         the sentence of the step; by the receiver's own template where it has one
    acknowledge  where this receiver acknowledges; `page` shows the alert to who may log in
    """

    title: str
    text: str
    facts: tuple[Fact, ...]
    acknowledge: str | None
    page: str | None
    button: str
    cut_note: str

    def fact(self, key: str) -> str:
        """The text of a fact, or nothing."""
        return next((one.text for one in self.facts if one.key == key), "")

    def lines(self) -> list[str]:
        """Facts as lines, links behind them."""
        return [one.line() for one in self.facts]

    def told(self) -> tuple[Fact, ...]:
        """What is said; where room is short it is cut."""
        return tuple(one for one in self.facts if one.key not in _ANSWERS)

    def answers(self) -> tuple[Fact, ...]:
        """Where and how it is answered, which is never cut."""
        return tuple(one for one in self.facts if one.key in _ANSWERS)


def message_of(telling: Telling) -> Message:
    """The message of a telling."""
    return _Writer(telling.notice, telling.language, telling.now_ms, telling).message()


def level_word(notice: Notice, language: Language) -> str:
    """The level in a word."""
    levels = PHRASES[language]["level"]
    return levels.get(notice.level, levels["none"])


def event_word(notice: Notice, language: Language) -> str:
    """What happened, in a word."""
    return _event(PHRASES[language], notice.type.removeprefix("alert."))


def celsius(value: float | None) -> str:
    """A temperature as people read it."""
    return "" if value is None else f"{value:.1f} °C"


def place_and_value(one: Named, language: Language) -> str:
    """Where an alert of a digest is, and what was measured there."""
    value = celsius(one.value_c)
    return one.place.in_(language) + (f" {value}" if value else "")


def minutes_text(minutes: float | None) -> str:
    """Minutes; tenths below ten."""
    if minutes is None:
        return ""
    return f"{minutes:.1f}".removesuffix(".0") if minutes < 10 else str(round(minutes))


def zone_of(name: str) -> tzinfo:
    """A zone of time by its IANA name; UTC where this machine knows none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


@dataclass(frozen=True, slots=True)
class _Writer:
    notice: Notice
    language: Language
    now_ms: int
    telling: Telling

    @property
    def phrases(self) -> Phrases:
        return PHRASES[self.language]

    def message(self) -> Message:
        notice, link = self.notice, self.telling.link
        page = notice.link if notice.link.startswith(("http://", "https://")) else None
        return Message(
            title=legible(self.title()),
            text=legible(self.text()),
            facts=tuple(self.facts(page)),
            acknowledge=None if link is None or notice.ended else link.url,
            page=page,
            button=self.phrases["phrase"]["button"],
            cut_note=self.phrases["phrase"]["cut"],
        )

    def title(self) -> str:
        notice, titles = self.notice, self.phrases["title"]
        if notice.digest is not None:
            how = "group" if notice.digest.group else "digest"
            return titles[how].format(count=notice.digest.count, place=notice.place(self.language))
        if not notice.type.startswith("alert."):
            return titles["other"].format(event=notice.type)
        return titles["alert"].format(
            level=level_word(notice, self.language),
            event=event_word(notice, self.language),
            place=notice.place(self.language),
        )

    def text(self) -> str:
        notice, template = self.notice, self.telling.receiver.message
        sentence = notice.text.in_(self.language) or notice.type
        if template is None or notice.digest is not None:
            return sentence
        try:
            return filled(template, {**self.variables(), "text": sentence})
        except (KeyError, ValueError):  # a template of a version that knew other variables
            return sentence

    def variables(self) -> Mapping[str, str]:
        notice = self.notice
        return {
            "place": notice.place(self.language),
            "value": celsius(notice.value_c),
            "limit": celsius(notice.limit_c),
            "peak": celsius(notice.peak_c),
            "minutes": minutes_text(notice.out_minutes),
            "level": level_word(notice, self.language),
            "event": event_word(notice, self.language),
            "plate": notice.plate or "",
            "instruction": notice.instruction.in_(self.language),
        }

    def facts(self, page: str | None) -> Iterator[Fact]:
        notice = self.notice
        if notice.digest is not None:
            yield from (self.named(one) for one in notice.digest.named)
            if notice.digest.unnamed:
                rest = self.phrases["phrase"]["unnamed"].format(count=notice.digest.unnamed)
                yield Fact(key="unnamed", label="", text=rest)
            if notice.digest.group:
                yield from self.reached()
        elif notice.alert:
            yield from self.measured()
            yield from self.reached()
        if page is not None:
            yield self.fact("page", page, url=page)

    def measured(self) -> Iterator[Fact]:
        notice, phrase = self.notice, self.phrases["phrase"]
        yield from self.some("place", notice.place(self.language))
        yield from self.some("value", celsius(notice.value_c))
        if notice.limit_c is not None:
            side = self.phrases["side"][self.side()]
            yield self.fact("limit", phrase["limit"].format(side=side, limit=celsius(notice.limit_c)))
        if notice.out_minutes:
            how = "out" if notice.degree_minutes is None else "out_degrees"
            degrees = f"{notice.degree_minutes or 0:.0f}"
            out = phrase[how].format(minutes=minutes_text(notice.out_minutes), degrees=degrees)
            yield self.fact("out", out)
        yield from self.some("peak", celsius(notice.peak_c))
        if notice.opened_ms is not None:
            yield self.fact("opened", self.local(notice.opened_ms))
        if notice.last_contact_ms is not None:
            yield self.fact("contact_age", self.age(notice.last_contact_ms))

    def reached(self) -> Iterator[Fact]:
        """Where it is, whom to call, who knows, what to do."""
        notice, phrase = self.notice, self.phrases["phrase"]
        if notice.position is not None:
            where = notice.position
            how = "position_undated" if where.at_ms is None else "position"
            at = "" if where.at_ms is None else self.local(where.at_ms)
            degrees = {"latitude": f"{where.latitude:.5f}", "longitude": f"{where.longitude:.5f}"}
            yield self.fact("position", phrase[how].format(**degrees, at=at))
            yield self.fact("map", where.map_link, url=where.map_link)
        yield from self.some("plate", notice.plate or "")
        for contact in notice.contacts[:5]:
            yield self.fact("call", phrase["call"].format(name=contact.name, phone=contact.phone).strip())
        others = [name for name in notice.told if name != self.telling.receiver.name]
        yield from self.some("told", ", ".join(others))
        yield from self.some("instruction", notice.instruction.in_(self.language))
        if notice.step:
            yield self.fact("step", str(notice.step))
        yield from self.some("by", notice.by or "")
        yield from self.some("reason", notice.reason or "")
        link = self.telling.link
        if link is not None and not notice.ended:
            yield self.fact("acknowledge", link.url, url=link.url)
            yield self.fact("code", link.code)

    def named(self, one: Named) -> Fact:
        levels = self.phrases["level"]
        words = (levels.get(one.level, levels["none"]), _event(self.phrases, one.event))
        text = place_and_value(one, self.language)
        if one.limit_c is not None and one.value_c is not None:
            text += f" ({self.phrases['fact']['limit']} {celsius(one.limit_c)})"
        if one.at_ms is not None:
            text += f" ({self.local(one.at_ms)})"
        return Fact(key="named", label=" · ".join(words), text=legible(text))

    def some(self, key: str, text: str) -> Iterator[Fact]:
        if text:
            yield self.fact(key, text)

    def fact(self, key: str, text: str, url: str | None = None) -> Fact:
        return Fact(key=key, label=self.phrases["fact"][key], text=legible(text), url=url)

    def side(self) -> str:
        notice = self.notice
        if notice.side in ("high", "low"):
            return notice.side
        peak = notice.peak_c if notice.peak_c is not None else notice.value_c
        low = peak is not None and notice.limit_c is not None and peak < notice.limit_c
        return "low" if low else "high"

    def local(self, at_ms: int) -> str:
        at = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(zone_of(self.notice.zone_time))
        return at.strftime("%Y-%m-%d %H:%M %Z")

    def age(self, at_ms: int) -> str:
        phrase, seconds = self.phrases["phrase"], max(0, self.now_ms - at_ms) // 1000
        unit = next((unit for unit, per in _UNITS_S.items() if seconds >= 2 * per), "seconds")
        number = seconds // _UNITS_S[unit]
        return phrase["ago"].format(age=phrase[unit].format(number=number), at=self.local(at_ms))


def _event(phrases: Phrases, event: str) -> str:
    events = phrases["event"]
    return events.get(event, events["other"])
