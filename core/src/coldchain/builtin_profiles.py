"""Cited limits as values. What is marked `proposed` is our own default and never to be shown as law."""

from collections.abc import Mapping
from types import MappingProxyType

from coldchain.profiles import Mark, Profile, Rule, Side
from coldchain.words import Text

_MINUTE = 60_000


def _high(threshold: float, alarm_after_ms: int, hysteresis: float = 0.5) -> Rule:
    return Rule(
        name="high",
        side=Side.HIGH,
        threshold=threshold,
        inclusive=False,
        hysteresis=hysteresis,
        warning_after_ms=0,
        alarm_after_ms=alarm_after_ms,
    )


def _low(threshold: float, alarm_after_ms: int, *, inclusive: bool = False, hysteresis: float = 0.5) -> Rule:
    return Rule(
        name="low",
        side=Side.LOW,
        threshold=threshold,
        inclusive=inclusive,
        hysteresis=hysteresis,
        warning_after_ms=0,
        alarm_after_ms=alarm_after_ms,
    )


_PROFILES = (
    Profile(
        name="vaccine-2-8",
        version=1,
        title=Text(en="Vaccine, 2 to 8 °C", zh="疫苗 2–8 °C"),
        rules=(
            _high(8.0, 30 * _MINUTE),
            _low(2.0, 30 * _MINUTE),
            Rule(
                name="freeze",
                side=Side.LOW,
                threshold=-0.5,
                inclusive=True,
                hysteresis=0.5,
                alarm_after_ms=60 * _MINUTE,
            ),
        ),
        citation="WHO 30-day refrigerator logger: 2 to 8 °C, ≤ −0.5 °C for 60 min; other delays proposed",
        mark=Mark.PROPOSED,
    ),
    Profile(
        name="medicine-cold-cn",
        version=1,
        title=Text(en="Medicine, cold store (China)", zh="药品冷库 2–10 °C"),
        rules=(_high(10.0, 0), _low(2.0, 0)),
        citation="GSP annex 3, art. 6: alarm at once beyond limits; range 2 to 10 °C by industry page",
        mark=Mark.PRACTICE,
    ),
    Profile(
        name="frozen-food",
        version=1,
        title=Text(en="Quick-frozen food", zh="速冻食品 −18 °C"),
        rules=(_high(-18.0, 30 * _MINUTE, hysteresis=1.0),),
        citation="ATP: −18 °C or colder; delay proposed",
        mark=Mark.PROPOSED,
    ),
    Profile(
        name="chilled-food",
        version=1,
        title=Text(en="Chilled food", zh="冷藏食品 0–8 °C"),
        rules=(_high(8.0, 30 * _MINUTE), _low(0.0, 30 * _MINUTE, hysteresis=0.3)),
        citation="GB/T 24616: ≤ 8 °C, above the freezing point; delays and lower limit proposed",
        mark=Mark.PROPOSED,
    ),
    Profile(
        name="demo",
        version=1,
        title=Text(en="Demonstration, shortened delays", zh="演示（延时已缩短）"),
        rules=(_high(8.0, 10_000), _low(0.0, 10_000)),
        citation="none: limits and delays are shortened for the demonstration",
        mark=Mark.PROPOSED,
        note=Text(
            en="Delays are shortened for the demonstration: never use it for goods.",
            zh="延时已为演示缩短，切勿用于实际货物。",
        ),
    ),
)

BUILTIN: Mapping[str, Profile] = MappingProxyType({profile.name: profile for profile in _PROFILES})
