"""Fruit and vegetables, by tables of carriers: too cold harms them as well as too warm."""

from coldchain.builtin_profiles.rules import PROPOSED, above, below, goods
from coldchain.profiles import Mark, Profile


def _produce(name: str, en: str, zh: str, low: float, high: float) -> Profile:
    rules = (above(high, PROPOSED, hysteresis=0.3), below(low, PROPOSED, hysteresis=0.3))
    note = "freezing point per crop" if low < 0 else "low limit: chilling injury"
    return goods(
        name,
        (en, f"{zh} {low:g}–{high:g} °C".replace("-", "−")),
        rules,
        f"carrier tables; {note}; delays proposed",
        Mark.PRACTICE,
    )


PROFILES = (
    _produce("banana-green", "Banana, green (set point 13.5 °C)", "青香蕉", 13.0, 14.0),
    _produce("mango", "Mango", "芒果", 10.0, 14.0),
    _produce("avocado", "Avocado", "牛油果", 4.0, 13.0),
    _produce("cucumber", "Cucumber", "黄瓜", 10.0, 13.0),
    _produce("leafy-vegetables", "Leafy vegetables, broccoli, grapes", "叶菜、西兰花、葡萄", -1.0, 2.0),
)
