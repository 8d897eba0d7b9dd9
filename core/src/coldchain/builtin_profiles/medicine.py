"""Medicine: vaccines, refrigerated and room-temperature medicine, by WHO, USP, CDC and Chinese GSP."""

from dataclasses import replace

from coldchain.builtin_profiles.rules import (
    DAY,
    HOUR,
    MEDICINE_GRADES,
    MINUTE,
    PROPOSED,
    Title,
    above,
    at_limit,
    below,
    beyond,
    goods,
    mean_kinetic,
)
from coldchain.profiles import Mark, Mode, Profile, Rule, Side

_FREEZE = replace(below(-0.5, 60 * MINUTE, name="freeze", inclusive=True), irreversible=True)
_BAND = (above(8.0, 10 * HOUR), below(2.0, 10 * HOUR))


def _medicine(name: str, title: Title, rules: tuple[Rule, ...], citation: str, mark: Mark) -> Profile:
    return replace(goods(name, title, rules, citation, mark), grades=MEDICINE_GRADES)


def _gsp(profile: Profile, *, transport: bool = False) -> Profile:
    """What GSP annex 3 demands: of the record by article 5 (30 min in store, 5 min on the road, 2 min out of
    limits), of the alarm by article 6 (a message to at least three named people)."""
    cadence_ms = (5 if transport else 30) * MINUTE
    return replace(profile, cadence_ms=cadence_ms, cadence_out_ms=2 * MINUTE, recipients=3)


def _gsp_rules(low: float | None, high: float | None) -> tuple[Rule, ...]:
    """A warning at the limit itself and an alarm beyond it, both at once."""
    warm = (
        ()
        if high is None
        else (at_limit("at-high", Side.HIGH, high), replace(above(high, 0), hysteresis=0.0))
    )
    cold = () if low is None else (at_limit("at-low", Side.LOW, low), replace(below(low, 0), hysteresis=0.0))
    return (*warm, *cold)


_HUMIDITY = tuple(
    Rule(
        name=name,
        side=side,
        threshold=threshold,
        inclusive=False,
        hysteresis=2.0,
        warning_after_ms=0,
        alarm_after_ms=PROPOSED,
        quantity="humidity",
    )
    for name, side, threshold in (("damp", Side.HIGH, 75.0), ("dry", Side.LOW, 35.0))
)

PROFILES = (
    _medicine(
        "vaccine-who",
        ("Vaccine, WHO refrigerator logger", "疫苗（WHO 冰箱记录仪）"),
        (
            above(8.0, 10 * HOUR),
            beyond("low", Side.LOW, 2.0),
            below(-0.5, 60 * MINUTE, name="freeze", inclusive=True),
        ),
        "WHO 30-day refrigerator temperature logger: above 8 °C for 10 h, at or below −0.5 °C for 60 min;"
        " the warning below 2 °C is proposed",
        Mark.STANDARD,
    ),
    _medicine(
        "vaccine-freeze-sensitive",
        ("Freeze-sensitive vaccine (aluminium adjuvant)", "怕冻疫苗（含铝佐剂）"),
        (*_BAND, _FREEZE),
        "WHO: at or below −0.5 °C for 60 min, irreversible; above 8 °C for 10 h; 10 h below 2 °C proposed",
        Mark.STANDARD,
    ),
    _medicine(
        "cct-medicine-usp",
        ("Medicine at controlled cold temperature (USP)", "冷藏药品（USP 控制冷温）"),
        (
            above(8.0, DAY),
            above(15.0, 0, name="peak"),
            below(2.0, PROPOSED),
            mean_kinetic(8.0, DAY),
        ),
        "USP <659>, <1079.2>: 2 to 8 °C, excursions to 15 °C for up to 24 h, 24 h MKT at most 8 °C;"
        " the delay below 2 °C is proposed",
        Mark.STANDARD,
    ),
    _gsp(
        _medicine(
            "cct-medicine-gsp",
            ("Refrigerated medicine, store (China GSP)", "冷藏药品 2–8 °C（GSP 储存）"),
            _gsp_rules(2.0, 8.0),
            "GSP annex 3, art. 5 and 6: alarm at once at or beyond the limit, records every 30 min,"
            " every 2 min out of limits; 2 to 8 °C by label",
            Mark.LAW,
        )
    ),
    _gsp(
        _medicine(
            "cct-medicine-gsp-transport",
            ("Refrigerated medicine, transport (China GSP)", "冷藏药品 2–8 °C（GSP 运输）"),
            _gsp_rules(2.0, 8.0),
            "GSP annex 3, art. 5 and 6: alarm at once at or beyond the limit, records every 5 min,"
            " every 2 min out of limits; 2 to 8 °C by label",
            Mark.LAW,
        ),
        transport=True,
    ),
    _gsp(
        _medicine(
            "medicine-cool-cn",
            ("Medicine, cool store (China)", "药品阴凉库 ≤20 °C"),
            _gsp_rules(None, 20.0),
            "GSP annex 3, art. 5 and 6; at most 20 °C by industry page",
            Mark.PRACTICE,
        )
    ),
    _gsp(
        _medicine(
            "medicine-ambient-cn",
            ("Medicine, ambient store (China)", "药品常温库 10–30 °C"),
            (*_gsp_rules(10.0, 30.0), *_HUMIDITY),
            "GSP annex 3, art. 5 and 6; 10 to 30 °C by industry page; 35 to 75 %RH unverified"
            " (older pages 45 to 75)",
            Mark.PRACTICE,
        )
    ),
    _medicine(
        "crt-medicine-usp",
        ("Medicine at controlled room temperature (USP)", "常温药品（USP 控制室温）"),
        (
            beyond("above-25", Side.HIGH, 25.0),
            beyond("below-20", Side.LOW, 20.0),
            above(30.0, DAY, name="excursion"),
            above(40.0, 0, name="spike"),
            below(15.0, DAY),
            mean_kinetic(25.0, 30 * DAY),
        ),
        "USP <659>, <1079.2>: 20 to 25 °C, excursions 15 to 30 °C, spikes to 40 °C for at most 24 h,"
        " 30-day MKT at most 25 °C; the delay below 15 °C is proposed",
        Mark.STANDARD,
    ),
    _medicine(
        "frozen-vaccine",
        ("Frozen vaccine, −50 to −15 °C", "冷冻疫苗 −50 至 −15 °C"),
        (above(-15.0, PROPOSED), below(-50.0, PROPOSED)),
        "CDC (secondary page): −50 to −15 °C; delays proposed",
        Mark.PROPOSED,
    ),
    _medicine(
        "mrna-frozen",
        ("mRNA vaccine, frozen, −25 to −15 °C", "mRNA 疫苗冷冻 −25 至 −15 °C"),
        (above(-15.0, PROPOSED), below(-25.0, PROPOSED)),
        "unverified: −25 to −15 °C; delays proposed",
        Mark.PROPOSED,
    ),
    _medicine(
        "ultra-cold",
        ("Ultra-cold, −80 to −60 °C", "超低温 −80 至 −60 °C"),
        (above(-60.0, 15 * MINUTE, hysteresis=1.0), below(-80.0, 15 * MINUTE, hysteresis=1.0)),
        "unverified: −80 to −60 °C (CDC −90 to −60 °C); delays proposed",
        Mark.PROPOSED,
    ),
    _medicine(
        "who-indicator-1",
        ("Vaccine in transit, WHO indicator type I", "疫苗运输（WHO I 型指示器）"),
        (
            replace(above(45.0, HOUR, name="hot", inclusive=True), irreversible=True),
            above(30.0, 10 * HOUR, name="warm", inclusive=True, mode=Mode.CUMULATIVE, irreversible=True),
            _FREEZE,
        ),
        "WHO electronic shipping indicator, type I: at or above 45 °C 1 h, at or above 30 °C 10 h in sum,"
        " at or below −0.5 °C 1 h",
        Mark.STANDARD,
    ),
    _medicine(
        "who-indicator-2",
        ("Vaccine in transit, WHO indicator type II", "疫苗运输（WHO II 型指示器）"),
        (
            replace(above(45.0, HOUR, name="hot", inclusive=True), irreversible=True),
            above(30.0, 10 * HOUR, name="warm", inclusive=True, mode=Mode.CUMULATIVE, irreversible=True),
            above(10.0, 20 * HOUR, name="mild", inclusive=True, mode=Mode.CUMULATIVE, irreversible=True),
        ),
        "WHO electronic shipping indicator, type II: at or above 45 °C 1 h, at or above 30 °C 10 h in sum,"
        " at or above 10 °C 20 h in sum",
        Mark.STANDARD,
    ),
)
