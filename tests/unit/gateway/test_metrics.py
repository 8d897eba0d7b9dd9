"""Health as text metrics: every line is one that a scraper reads, whatever names say."""

import dataclasses
import re

from coldchain_gateway.health import SourceHealth
from coldchain_gateway.machine import Machine
from coldchain_gateway.metrics import metrics_text
from support.health import GOOD

SAMPLE = re.compile(
    r'coldchain_gateway_[a-z_]+(?:\{[a-z]+="(?:[^"\\\n]|\\[\\"n])*"(?:,[a-z]+="(?:[^"\\\n]|\\[\\"n])*")*\})? '
    r"-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?"
)
COMMENT = re.compile(r"# (?:HELP|TYPE) coldchain_gateway_[a-z_]+ .+")


def test_every_line_is_of_the_format() -> None:
    odd = SourceHealth(
        name='a"b\\c\nd', state="backing_off", error="", restarts=2, refused={"crc": 7}, down_s=61
    )
    health = dataclasses.replace(GOOD, sources=(odd,), machine=Machine(cpu_celsius=61.5, undervoltage=False))
    lines = metrics_text(health).splitlines()
    assert all(COMMENT.fullmatch(line) or SAMPLE.fullmatch(line) for line in lines)
    assert 'coldchain_gateway_source_down_seconds{source="a\\"b\\\\c\\nd"} 61' in lines
    assert "coldchain_gateway_cpu_celsius 61.5" in lines


def test_what_nobody_knows_is_left_out_and_not_zero() -> None:
    text = metrics_text(dataclasses.replace(GOOD, uplink=None))
    for name in ("hours_until_full", "cpu_celsius", "undervoltage", "uplink_connected"):
        assert f"coldchain_gateway_{name} " not in text


def test_each_name_has_one_type() -> None:
    types = re.findall(r"# TYPE (\S+)", metrics_text(GOOD))
    assert len(types) == len(set(types))
