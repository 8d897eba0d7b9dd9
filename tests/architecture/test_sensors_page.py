"""docs/sensors.md says what the code does, and every format has golden lines and its place on it."""

import pytest

from coldchain_gateway.formats import MQTT_FAMILIES
from coldchain_gateway.formats.lorawan import CODECS
from coldchain_gateway.templates import known_templates
from tools import sensors_page


def test_the_page_is_as_the_code_makes_it() -> None:
    assert sensors_page.main(["--check"]) == 0, "run `make docs`"


def test_every_format_codec_and_template_stands_on_it() -> None:
    text = sensors_page.page()
    for name in (*MQTT_FAMILIES, *CODECS, *known_templates(())):
        assert f"| `{name}` |" in text


@pytest.mark.parametrize("name", MQTT_FAMILIES)
def test_every_family_has_golden_lines(name: str) -> None:
    assert sensors_page.golden_lines(name)


def test_every_template_has_golden_registers() -> None:
    assert [name for name in known_templates(()) if not sensors_page.golden_registers(name)] == []
