"""Blood components, by transfusion guidelines."""

from coldchain.builtin_profiles.rules import MINUTE, PROPOSED, above, below, goods
from coldchain.profiles import Mark

PROFILES = (
    goods(
        "red-cells",
        ("Red cells, storage", "红细胞（储存）2–6 °C"),
        (above(6.0, 30 * MINUTE), below(2.0, 30 * MINUTE)),
        "transfusion guideline: 2 to 6 °C, at most 30 min at room temperature per occasion",
        Mark.PRACTICE,
    ),
    goods(
        "red-cells-transport",
        ("Red cells, transport", "红细胞（运输）2–10 °C"),
        (above(10.0, 30 * MINUTE), below(2.0, 30 * MINUTE)),
        "transfusion guideline: at most 30 min at room temperature per occasion; 10 °C in transport"
        " unverified",
        Mark.PRACTICE,
    ),
    goods(
        "platelets",
        ("Platelets (agitation is not seen by a thermometer)", "血小板 20–24 °C（温度计无法监测振荡）"),
        (above(24.0, PROPOSED), below(20.0, PROPOSED)),
        "transfusion guideline: 20 to 24 °C under agitation; delays proposed",
        Mark.PRACTICE,
    ),
    goods(
        "plasma",
        ("Fresh frozen plasma, cryoprecipitate", "新鲜冰冻血浆、冷沉淀 ≤−25 °C"),
        (above(-25.0, 15 * MINUTE, hysteresis=1.0),),
        "transfusion guideline: at most −25 °C; delay proposed",
        Mark.PRACTICE,
    ),
    goods(
        "plasma-cn",
        ("Fresh frozen plasma (China)", "新鲜冰冻血浆 ≤−18 °C"),
        (above(-18.0, 15 * MINUTE, hysteresis=1.0),),
        "unverified: WS 399, at most −18 °C; delay proposed",
        Mark.PROPOSED,
    ),
)
