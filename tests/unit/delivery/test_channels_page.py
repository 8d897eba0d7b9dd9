"""docs/channels.md is read by people who copy from it: samples are loaded, tables are what the code does."""

import re
from pathlib import Path

from coldchain_backend.config import BackendConfig
from coldchain_backend.delivery.channels import CHANNELS
from coldchain_backend.fleet import Channels, Receiver
from coldchain_backend.fleet.templates import MESSAGE, SHORT
from coldchain_backend.fleetfile import parse
from coldchain_runtime.documents import toml_text
from support.tellings import SETTINGS

PAGE = (Path(__file__).parents[3] / "docs" / "channels.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_samples_are_a_fleet_file() -> None:
    first, *others = blocks("yaml")
    plan = parse("organisation: demo\n" + first + "".join(others))
    kinds = {one.kind for one in plan.receivers}
    assert kinds >= {
        "webhook",
        "alertmanager",
        "pagerduty",
        "slack",
        "email",
        "sms",
        "mqtt",
        "apprise",
        "dingtalk",
    }


def test_the_sample_of_backend_toml_is_read() -> None:
    [sample] = blocks("toml")
    config = toml_text('[backend]\norganisation = "demo"\n' + sample, BackendConfig, file="backend.toml")
    assert (config.delivery.overdue_after, config.delivery.apprise) == (300_000, False)


def test_the_table_names_every_channel_with_its_rate() -> None:
    rows = dict(
        re.findall(r"^\| `([a-z]+)` \|.*\| ([0-9]+/[a-z]+(?:, [0-9]+/s)?)[^|]*\|$", PAGE, re.MULTILINE)
    )
    wanted = {}
    for kind in CHANNELS:
        receiver = Receiver(name="r", **{kind: SETTINGS[kind]})
        assert isinstance(receiver, Channels)
        wanted[kind] = ", ".join(str(one) for one in (receiver.allowed_rate, receiver.pace) if one)
    assert rows == wanted


def test_every_variable_is_named() -> None:
    for name in (MESSAGE | SHORT) - {"text"}:
        assert f"{{{name}}}" in PAGE, name
