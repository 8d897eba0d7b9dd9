"""How the page says things: sentences by key, ages, times of day, temperatures, in a person's language."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from coldchain.profiles import Profile, Side
from coldchain.words import Language, Text

_SECOND = 1000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
UTC_NAME = "UTC"
MINUS = "\N{MINUS SIGN}"


@cache
def texts(language: Language) -> Mapping[str, str]:
    """All sentences of the page in a language, by key; the keys of all languages are equal (tested)."""
    file = resources.files(__package__) / "texts" / f"{language.value}.toml"
    return {key: str(text) for key, text in tomllib.loads(file.read_text("utf-8")).items()}


def preferred(cookie: str | None, accept_language: str) -> Language:
    """The language that a person chose, else the first of the browser's that we speak, else English."""
    if cookie in {language.value for language in Language}:
        return Language(cookie)
    for part in accept_language.split(",")[:20]:
        tag = part.split(";")[0].strip().lower()[:2]
        if tag in {language.value for language in Language}:
            return Language(tag)
    return Language.EN


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What the templates call to say something; `now_ms` decides whether a time needs its date."""

    language: Language
    now_ms: int

    def say(self, key: str, /, **values: object) -> str:
        """The sentence of a key with its places filled."""
        return texts(self.language)[key].format(**values)

    def name(self, text: Text) -> str:
        """A name in the person's language."""
        return text.in_(self.language)

    def age(self, duration_ms: int) -> str:
        """A duration in its largest fitting unit: 12 s, 4 min, 3.5 h, 2 d."""
        if duration_ms < _MINUTE:
            return self.say("seconds", n=max(duration_ms, 0) // _SECOND)
        if duration_ms < 2 * _HOUR:
            return self.say("minutes", n=duration_ms // _MINUTE)
        if duration_ms < 2 * _DAY:
            return self.say("hours", n=f"{duration_ms / _HOUR:.1f}".removesuffix(".0"))
        return self.say("days", n=duration_ms // _DAY)

    def ago(self, at_ms: int) -> str:
        """How long ago something was."""
        return self.say("ago", age=self.age(self.now_ms - at_ms))

    def day(self, at_ms: int) -> str:
        """Date and time to the minute, UTC: of what belongs to no asset."""
        return f"{_local(at_ms, UTC_NAME):%Y-%m-%d %H:%M}"

    def moment(self, at_ms: int, zone: str) -> str:
        """A time of day in the asset's zone, with the date unless it is today there."""
        at, now = _local(at_ms, zone), _local(self.now_ms, zone)
        said = f"{at:%H:%M}" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M}"
        return said + _named(zone)

    def exact(self, at_ms: int, zone: str) -> str:
        """Date and time to the second in the asset's zone."""
        return f"{_local(at_ms, zone):%Y-%m-%d %H:%M:%S}" + _named(zone)

    def tick(self, at_ms: int, zone: str, step_ms: int) -> str:
        """A label of a time axis whose labels are `step_ms` apart; midnight shows the date."""
        at = _local(at_ms, zone)
        return f"{at:%m-%d}" if step_ms >= _DAY or (at.hour, at.minute) == (0, 0) else f"{at:%H:%M}"

    def offset_ms(self, at_ms: int, zone: str) -> int:
        """How far local time is ahead of UTC at an instant."""
        ahead = _local(at_ms, zone).utcoffset()
        return 0 if ahead is None else int(ahead.total_seconds() * _SECOND)

    def rule(self, name: str, profile: Profile | None) -> str:
        """What breaking a rule means: too warm, too cold."""
        found = [] if profile is None else [rule for rule in profile.rules if rule.name == name]
        if found and found[0].quantity == "temperature":
            return self.say("rule_high" if found[0].side is Side.HIGH else "rule_low")
        return self.say("rule_other", rule=name)


def degrees(value: float, limits: tuple[float | None, float | None] = (None, None)) -> str:
    """A temperature with one decimal, or with as many (≤ 3) as show on which side of a limit it is."""
    edges = [limit for limit in limits if limit is not None]
    for digits in (1, 2):
        shown = round(value, digits)
        if all((shown > edge) == (value > edge) and (shown < edge) == (value < edge) for edge in edges):
            return signed(f"{shown:.{digits}f}")
    return signed(f"{value:.3f}")


def limit(value: float) -> str:
    """A limit as people write it: 8, −18, 2.5."""
    return signed(f"{value:g}")


def signed(number: str) -> str:
    """A number with a real minus sign; −0.0 is 0.0."""
    if not number.startswith("-"):
        return number
    return number[1:] if float(number) == 0 else MINUS + number[1:]


def _named(zone: str) -> str:
    """UTC is nobody's local time, so it is written out."""
    return " UTC" if zone == UTC_NAME else ""


def _local(at_ms: int, zone: str) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone))
