"""What headings of columns tell: words of many languages, as logger programs write them."""

import re
from collections.abc import Sequence
from typing import Final

TEMPERATURE: Final = re.compile(
    r"temp|°\s?[cf]\b|℃|℉|温度|溫度|температ|온도|気温|nhiệt|sıcaklık|lämpö|hőm|θερμ|^t\d*$|probe|探头|探頭|通道|^(?:ch|no)\.?\s?\d|channel|kanal|canal"
    r"|^t\s?[(\[]|^_?value$|^wert$|^valeur$|^valor$|^messwert|reading|测量值|数值|sensor\s?\d"
    r"|^val$|^valore|^state$|^field_?\d+$|^measure(?:ment|d)?$|fridge|freezer|frigo|refriger|kühl|cabinet|chamber|ambient|冷库|冷藏|冷冻|车厢",
    re.IGNORECASE,
)
SURELY: Final = re.compile(
    r"temp|°\s?[cf]\b|℃|℉|温度|溫度|температ|온도|気温|nhiệt|sıcaklık|lämpö", re.IGNORECASE
)
OTHER: Final = re.compile(
    r"hum|湿|濕|feucht|%|\brh\b|влаж|습도|batt|电|volt|\bv\b|rssi|signal|信号|press|hpa|压|co2|lux|lat|lon|speed|速"
    r"|alarm|报警|警|status|状态|door|门|error|count|^table$|\blx\b|\buv\b|\bkg\b|\bppm\b|illumin|\bm/s\b",
    re.IGNORECASE,
)
NEVER: Final = re.compile(
    r"dew|\bdpt|露点|wet.?bulb|湿球|heat.?index|feels|humidex|vpd|taupunkt|rosée|limit|限|set\s?point|sollwert|设定|\bmkt\b|mean|avg|average|平均|\bmin|\bmax|最高|最低|differ|x\s?10+\b|tenth|\bm°c|milli",
    re.IGNORECASE,
)
NUMBERING: Final = re.compile(
    r"^(#|no\.?|nr\.?|n°|num.*|index|id|row|line|record|seq.*|序号|编号|行号|lfd.*|item)$", re.IGNORECASE
)
TIME: Final = re.compile(
    r"time|date|日付|時刻|stamp|zeit|datum|heure|hora|fecha|data|дата|время|时间|時間|日期|日時|시간|날짜|epoch|unix|^ts$",
    re.IGNORECASE,
)
NAMES: Final = re.compile(
    r"^(_field|_?measurement|topic|entity.?id|sensor|device|logger|serial.*|s/n|probe|point|location|channel.?name|传感器.*|设备.*|测点.*|探头名称|dev.?eui|sensor.?id|device.?id|device.?name|host|gateway|name"
    r"|transmitter|receiver|station|room|zone|asset|mac|mac.?addr.*|node|statistic_id|friendly.?name|vehicle|truck|container|fridge|freezer|equipment|appliance|site|area"
    r"|field|type|kind|parameter|quantity|metric|variable|measurand|property|类型|参数|指标|设备|名称)$",
    re.IGNORECASE,
)
"""Columns of words that say which sensor spoke, or what a row is a value of."""
NUMBERED: Final = re.compile(
    r"^(?:(?:sensor|device|logger|probe|point|channel|node|station|gateway|transmitter)"
    r"(?:[ ._-]?(?:id|no\.?|nr\.?|num(?:ber)?|#))?"
    r"|serial.*|s/n|dev.?eui|(?:传感器|设备|测点|探头|通道)(?:编号|号))$",
    re.IGNORECASE,
)
"""Likewise, where numbers stand for sensors."""
UNITS: Final = re.compile(
    r"^_?(?:units?|unit.of.measurement|uom|einheit|unité|unidad|unità|单位|單位)$", re.IGNORECASE
)
_WHEN: Final = re.compile(rf"{TIME.pattern}|start|begin|début|inicio|开始", re.IGNORECASE)
_FIGURE: Final = re.compile(r"[\s\W]*\d")


def is_heading(cells: Sequence[str]) -> bool:
    """Whether cells stand above a table of its own: one tells of time, another of a temperature, none is a
    figure."""
    told = [cell for cell in cells if cell]
    return (
        not any(_FIGURE.match(cell) for cell in told)
        and any(_WHEN.search(cell) for cell in told)
        and any(SURELY.search(cell) and not TIME.match(cell) for cell in told)
    )
