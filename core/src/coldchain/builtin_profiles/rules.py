"""Shapes of rules and profiles that the cited ones share."""

from coldchain.profiles import Mark, Mode, Profile, Rule, Side
from coldchain.readings import Grade
from coldchain.words import Text

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
PROPOSED = 30 * MINUTE
"""The alarm's delay where a source gives a limit and no delay."""

Title = tuple[str, str]
"""A title in English and in Chinese."""

MEDICINE_GRADES = (Grade.SEALED, Grade.SEALED_ON_RECEIPT, Grade.FOLLOWED, Grade.TIME_PLACED)
"""What suffices for medicine: no probe of a controller, no unverified template, no unsigned file."""


def above(  # noqa: PLR0913 - a limit has this many sides
    threshold: float,
    alarm_after_ms: int,
    *,
    name: str = "high",
    inclusive: bool = False,
    hysteresis: float = 0.5,
    mode: Mode = Mode.SINGLE,
    irreversible: bool = False,
) -> Rule:
    """Too warm above a threshold: a warning at once, an alarm after its delay. A sum only alarms."""
    return Rule(
        name=name,
        side=Side.HIGH,
        threshold=threshold,
        inclusive=inclusive,
        hysteresis=hysteresis,
        warning_after_ms=0 if mode is Mode.SINGLE else None,
        alarm_after_ms=alarm_after_ms,
        mode=mode,
        irreversible=irreversible,
    )


def below(
    threshold: float,
    alarm_after_ms: int,
    *,
    name: str = "low",
    inclusive: bool = False,
    hysteresis: float = 0.5,
) -> Rule:
    """Too cold below a threshold: a warning at once, an alarm after its delay."""
    return Rule(
        name=name,
        side=Side.LOW,
        threshold=threshold,
        inclusive=inclusive,
        hysteresis=hysteresis,
        warning_after_ms=0,
        alarm_after_ms=alarm_after_ms,
    )


def at_limit(name: str, side: Side, threshold: float) -> Rule:
    """A warning at once at the threshold itself."""
    return Rule(name=name, side=side, threshold=threshold, inclusive=True, warning_after_ms=0)


def beyond(name: str, side: Side, threshold: float) -> Rule:
    """A warning at once beyond the threshold."""
    return Rule(name=name, side=side, threshold=threshold, inclusive=False, warning_after_ms=0)


def mean_kinetic(threshold: float, window_ms: int) -> Rule:
    """The mean kinetic temperature of a rolling window stays at or below a threshold."""
    return Rule(
        name="mkt",
        side=Side.HIGH,
        threshold=threshold,
        inclusive=False,
        alarm_after_ms=0,
        mode=Mode.MKT,
        window_ms=window_ms,
    )


def goods(name: str, title: Title, rules: tuple[Rule, ...], citation: str, mark: Mark) -> Profile:
    """A profile of goods that are not medicine."""
    return Profile(
        name=name, version=1, title=Text(en=title[0], zh=title[1]), rules=rules, citation=citation, mark=mark
    )
