"""Frozen and chilled food, by ATP and Chinese practice."""

from coldchain.builtin_profiles.rules import MINUTE, PROPOSED, above, below, goods
from coldchain.profiles import Mark, Profile

_ATP = "ATP table"
_REVIEW = "PMC7529092 (ATP); delay proposed"


def _frozen(name: str, en: str, zh: str, threshold: float, citation: str) -> Profile:
    return goods(name, (en, zh), (above(threshold, PROPOSED, hysteresis=1.0),), citation, Mark.STANDARD)


def _chilled(name: str, en: str, zh: str, threshold: float, citation: str) -> Profile:
    return goods(name, (en, zh), (above(threshold, PROPOSED),), citation, Mark.STANDARD)


PROFILES = (
    goods(
        "quick-frozen-rail-cn",
        (
            "Quick-frozen food by rail (China): loaded at −18 °C, carried at −15 °C",
            "铁路速冻食品：装车 ≤−18 °C，运输 ≤−15 °C",
        ),
        (above(-15.0, PROPOSED, hysteresis=1.0),),
        "Chinese rail table: carry at most −18 °C, transport at most −15 °C; delay proposed",
        Mark.PRACTICE,
    ),
    goods(
        "ice-cream",
        ("Ice cream", "冰淇淋 ≤−20 °C"),
        (above(-20.0, 15 * MINUTE, hysteresis=1.0),),
        "PMC7529092 (ATP): at most −20 °C; trade −25 °C unverified; delay proposed",
        Mark.STANDARD,
    ),
    _frozen("frozen-other", "Other frozen food", "其他冷冻食品 ≤−12 °C", -12.0, _REVIEW),
    _frozen("butter", "Butter", "黄油 ≤−10 °C", -10.0, _REVIEW),
    goods(
        "chilled-meat",
        ("Chilled red meat (ATP)", "冷鲜红肉 0–7 °C（ATP）"),
        (above(7.0, PROPOSED), below(-1.7, PROPOSED, hysteresis=0.3)),
        f"{_ATP}: at most 7 °C, from 0 (−1.7) °C; delays proposed",
        Mark.STANDARD,
    ),
    goods(
        "chilled-meat-cn",
        ("Chilled red meat (Chinese practice)", "冷鲜红肉 0–4 °C"),
        (above(4.0, PROPOSED), below(-1.7, PROPOSED, hysteresis=0.3)),
        "Chinese practice: at most 4 °C, from 0 (−1.7) °C; delays proposed",
        Mark.PRACTICE,
    ),
    _chilled("poultry", "Poultry, game, rabbit", "禽肉、野味、兔肉 ≤4 °C", 4.0, f"{_ATP}; delay proposed"),
    _chilled("offal", "Red offal", "红色内脏 ≤3 °C", 3.0, f"{_ATP}; delay proposed"),
    _chilled("minced-meat", "Minced meat", "肉馅 ≤2 °C", 2.0, f"{_ATP}; delay proposed"),
    goods(
        "fish-on-ice",
        ("Fish on ice", "冰鲜鱼 0–2 °C"),
        (above(2.0, PROPOSED), below(0.0, PROPOSED, hysteresis=0.3)),
        f"{_ATP}: temperature of melting ice, 0 to 2 °C; delays proposed",
        Mark.STANDARD,
    ),
    _chilled("dairy", "Raw milk, dairy", "生乳、乳制品 ≤6 °C", 6.0, f"{_ATP}; delay proposed"),
    _chilled("milk-collection", "Milk, collection", "牧场收奶 ≤10 °C", 10.0, f"{_ATP}; delay proposed"),
)
