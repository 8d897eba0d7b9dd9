"""The profiles of the first release, at the versions that stored verdicts name."""

from coldchain.builtin_profiles.rules import MINUTE, above, below
from coldchain.profiles import Mark, Profile, Rule, Side
from coldchain.words import Text

PROFILES = (
    Profile(
        name="vaccine-2-8",
        version=1,
        title=Text(en="Vaccine, 2 to 8 °C", zh="疫苗 2–8 °C"),
        rules=(
            above(8.0, 30 * MINUTE),
            below(2.0, 30 * MINUTE),
            Rule(
                name="freeze",
                side=Side.LOW,
                threshold=-0.5,
                inclusive=True,
                hysteresis=0.5,
                alarm_after_ms=60 * MINUTE,
            ),
        ),
        citation="WHO 30-day refrigerator logger: 2 to 8 °C, ≤ −0.5 °C for 60 min; other delays proposed",
        mark=Mark.PROPOSED,
    ),
    Profile(
        name="medicine-cold-cn",
        version=1,
        title=Text(en="Medicine, cold store (China)", zh="药品冷库 2–10 °C"),
        rules=(above(10.0, 0), below(2.0, 0)),
        citation="GSP annex 3, art. 6: alarm at once beyond limits; range 2 to 10 °C by industry page",
        mark=Mark.PRACTICE,
        recipients=3,
    ),
    Profile(
        name="frozen-food",
        version=1,
        title=Text(en="Quick-frozen food", zh="速冻食品 −18 °C"),
        rules=(above(-18.0, 30 * MINUTE, hysteresis=1.0),),
        citation="ATP: −18 °C or colder; delay proposed",
        mark=Mark.PROPOSED,
    ),
    Profile(
        name="chilled-food",
        version=1,
        title=Text(en="Chilled food", zh="冷藏食品 0–8 °C"),
        rules=(above(8.0, 30 * MINUTE), below(0.0, 30 * MINUTE, hysteresis=0.3)),
        citation="GB/T 24616: ≤ 8 °C, above the freezing point; delays and lower limit proposed",
        mark=Mark.PROPOSED,
    ),
    Profile(
        name="demo",
        version=1,
        title=Text(en="Demonstration, shortened delays", zh="演示（延时已缩短）"),
        rules=(above(8.0, 10_000), below(0.0, 10_000)),
        citation="none: limits and delays are shortened for the demonstration",
        mark=Mark.PROPOSED,
        note=Text(
            en="Delays are shortened for the demonstration: never use it for goods.",
            zh="延时已为演示缩短，切勿用于实际货物。",
        ),
    ),
)
