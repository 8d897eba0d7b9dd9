"""The watch document written by hand: short, checked, and the one of the documentation."""

import json
import re
from pathlib import Path

import pytest

from coldchain.builtin_profiles import BUILTIN
from coldchain.errors import InvalidInput
from coldchain.words import Text
from coldchain_gateway.config import load
from coldchain_gateway.local_alarm import read_watch_file

DOCS = Path(__file__).resolve().parents[3] / "docs" / "local-alarm.md"


def block(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", DOCS.read_text(), re.DOTALL)


def test_the_documents_example_watches_by_the_built_in_profile(tmp_path: Path) -> None:
    file = tmp_path / "watch.json"
    file.write_text(block("json")[0])
    bundle = read_watch_file(file)
    (sensor,) = bundle.sensors
    assert bundle.profiles == (BUILTIN["vaccine-2-8"],)
    assert sensor.zone_name == Text(en="Rear box", zh="后厢")
    assert sensor.asset_name == Text(en="truck-7", zh="truck-7")
    assert sensor.in_use
    first = bundle.version
    file.write_text(block("json")[0].replace("10000", "20000"))
    assert read_watch_file(file).version != first


def test_the_documents_tables_are_a_good_configuration(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text('[gateway]\nname = "g"\norganisation = "o"\n' + "\n".join(block("toml")))
    config = load(file).config
    assert [one.kind for one in config.local_alarm.output] == ["gpio", "gpio", "command", "mqtt"]
    assert [one.name for one in config.going_down] == ["ignition", "ups", "supervisor"]


SENSOR = {"sensor": "a", "interval_ms": 1, "asset": "x", "zone": "z", "point": "p", "profile": "vaccine-2-8"}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "not a watch document"),
        ({}, "needs a list `sensors`"),
        ({"sensors": [], "profiles": 1}, "needs a list `profiles`"),
        ({"sensors": [], "profiles": ["vaccine-2-9"]}, "did you mean `vaccine-2-8`"),
        ({"sensors": [SENSOR], "profiles": []}, "no 'vaccine-2-8' in `profiles`"),
        ({"sensors": [{**SENSOR, "interval_ms": "1"}], "profiles": ["vaccine-2-8"]}, "not a whole number"),
        ({"sensors": ["a"], "profiles": []}, "not a watch bundle"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, document: object, said: str) -> None:
    file = tmp_path / "watch.json"
    file.write_text(json.dumps(document))
    with pytest.raises(InvalidInput, match=re.escape(said)):
        read_watch_file(file)
