"""Receivers in the fleet file: one channel each, secrets by reference, mistakes with line and key."""

from dataclasses import fields
from typing import get_type_hints

import orjson
import pytest

from coldchain.errors import ConfigError, InvalidInput
from coldchain_backend.fleet import Channels, Rate, Receiver, Webhook, canonical, fleet_record, version_of
from coldchain_backend.fleet.addresses import secret_address, secret_reference
from coldchain_backend.fleet.templates import filled
from coldchain_backend.fleetfile import parse, schema
from support.fleets import FLEET_FILE

GOOD = FLEET_FILE.read_text("utf-8")
HEAD = '    webhook: {url: "http://127.0.0.1:9100/hook", secret: "env:WHSEC"}\n'
SAMPLES = {
    "webhook": '{url: "https://x.example/h", secret: "file:a", previous_secret: "env:B", cloudevents: true}',
    "alertmanager": '{url: "https://x.example/h", authorization: "file:a"}',
    "pagerduty": '{routing_key: "file:a"}',
    "slack": '{url: "file:a"}',
    "teams": '{url: "file:a"}',
    "dingtalk": '{url: "file:a", secret: "file:b"}',
    "feishu": '{url: "file:a", secret: "file:b"}',
    "wecom": '{url: "file:a"}',
    "email": '{host: mail.example, sender: cold@x.example, to: [duty@x.example]}',
    "sms": '{url: "https://s.example/", body: \'{{"to": "{phone}", "text": "{text}"}}\', secret: "file:a"}',
    "voice": '{url: "https://voice.example/call?to={phone}", body: "{text}", content_type: text/plain}',
    "mqtt": '{host: broker.example, topic: "alerts/{asset}/{level}", username: u, password: "file:p"}',
    "apprise": '{url: "file:a"}',
}  # fmt: skip


def with_channel(kind: str, text: str, more: str = "") -> str:
    """The fleet file with another channel for its receiver."""
    assert HEAD in GOOD
    return GOOD.replace(HEAD, f"    {kind}: {text}\n{more}")


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return str(caught.value).splitlines()


def test_there_is_a_sample_of_every_channel() -> None:
    assert list(SAMPLES) == [one.name for one in fields(Channels)]


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_channel_is_read_and_kept_and_read_again(kind: str) -> None:
    plan = parse(with_channel(kind, SAMPLES[kind], "    persons: [wang.li]\n    rate: 5/min\n"))
    [receiver] = plan.receivers
    assert (receiver.kind, receiver.persons, receiver.rate) == (
        kind,
        ("wang.li",),
        Rate(count=5, per_ms=60_000),
    )
    payload = fleet_record(plan=plan, text="", by="admin", reason=None, base=0)
    assert version_of(offset=1, received_ms=0, payload=payload).plan == plan


@pytest.mark.parametrize("kind", SAMPLES)
def test_fields_that_are_references_are_named_as_secrets(kind: str) -> None:
    settings = parse(with_channel(kind, SAMPLES[kind])).receivers[0].channel
    hints = get_type_hints(type(settings), include_extras=True)
    secret = {
        name
        for name, hint in hints.items()
        for one in (hint, *getattr(hint, "__args__", ()))
        if {secret_reference, secret_address} & set(getattr(one, "__metadata__", ()))
    }
    assert secret == set(settings.SECRETS)


def test_a_channel_takes_its_own_rate_where_none_is_named() -> None:
    assert str(parse(with_channel("dingtalk", SAMPLES["dingtalk"])).receivers[0].allowed_rate) == "20/min"
    named = parse(with_channel("dingtalk", SAMPLES["dingtalk"], "    rate: 1/s\n"))
    assert str(named.receivers[0].allowed_rate) == "1/s"


WRONG = [
    ("slack", '{url: "https://hooks.slack.example/T0/B0/x"}', "slack.url: the address of a robot"),
    ("webhook", '{url: "https://x.example/h", secret: abc}', "receivers[0].webhook.secret: secrets stand"),
    ("webhook", '{url: "ftp://x.example/h", secret: "env:A"}', "webhook.url: 'ftp://x.example/h' is"),
    ("email", "{host: h.example, sender: nobody}", "receivers[0].email.sender: 'nobody' is not a plain"),
    ("email", '{host: h.example, sender: a@b.example, username: u}', "`username` and `password` go together"),
    ("email", '{host: h.example, sender: a@b.example, security: none, username: u, password: "file:p"}',
     "a password is not sent without TLS"),
    ("email", "{host: h.example, sender: a@b.example, port: 0}", "a port is from 1 to 65535"),
    ("sms", '{url: "https://s.example/", body: "{text}"}', "neither `body` nor `url` says where {phone}"),
    ("sms", '{url: "https://s.example/", body: "{phone} {wether}"}', "unknown variable {wether}; known:"),
    ("sms", '{url: "https://s.example/", body: "{phone} {"}', "`body`: "),
    ("sms", '{url: "https://s.example/", body: "{phone} {text!r}"}', "`body`: {text} is not the name"),
    ("sms", '{url: "https://s.example/", body: "{phone}", headers: {"X Y": a}}', "'X Y' is not a header"),
    ("mqtt", '{host: b.example, topic: "a/#"}', "a topic is published to"),
    ("mqtt", '{host: b.example, topic: "{plate}"}', "`topic`: unknown variable {plate}"),
    ("mqtt", '{host: b.example, topic: a, qos: 3}', "receivers[0].mqtt.qos: 3 is not one of: 0, 1, 2"),
    ("pager", '{routing_key: "file:a"}', "receivers[0].pager: unknown key; did you mean `pagerduty`?"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "said"), WRONG)
def test_a_mistake_is_named_with_file_line_and_key(kind: str, text: str, said: str) -> None:
    found = mistakes(with_channel(kind, text))
    assert any(said in line and line.startswith("fleet.yaml:") for line in found), found


def test_exactly_one_channel() -> None:
    [none] = mistakes(GOOD.replace(HEAD, ""))
    assert none.startswith(
        "fleet.yaml:4: receivers[0]: a receiver has exactly one channel, found none; one of:"
    )
    [two] = mistakes(with_channel("slack", SAMPLES["slack"], f"    wecom: {SAMPLES['wecom']}\n"))
    assert "found `slack` and `wecom`" in two


@pytest.mark.parametrize("rate", ["20", "0/min", "20/week", "-1/s", "1.5/s", "20 / min"])
def test_what_is_no_rate_is_refused(rate: str) -> None:
    [found] = mistakes(with_channel("slack", SAMPLES["slack"], f'    rate: "{rate}"\n'))
    assert "receivers[0].rate" in found
    assert "is not a rate such as 20/min" in found


def test_a_fallback_is_another_receiver_of_the_file() -> None:
    [unknown] = mistakes(with_channel("slack", SAMPLES["slack"], "    fallback: nobody\n"))
    assert "receivers[0].fallback: unknown receiver `nobody`" in unknown
    [itself] = mistakes(with_channel("slack", SAMPLES["slack"], "    fallback: dispatch\n"))
    assert "cannot stand in for itself" in itself


def test_a_version_of_the_first_format_is_read_and_has_the_same_digest() -> None:
    plan = parse(GOOD)
    kept = orjson.loads(canonical(plan))
    first = {"name": "dispatch", "webhook": {"url": "http://127.0.0.1:9100/hook", "secret": "env:WHSEC"}}
    assert kept["receivers"] == [{**first, "language": "zh"}]


def test_the_schema_says_that_one_channel_is_needed() -> None:
    definitions = schema()["$defs"]
    assert isinstance(definitions, dict)
    assert [one["required"] for one in definitions["ReceiverEntry"]["oneOf"]] == [[name] for name in SAMPLES]


def test_a_receiver_cannot_be_made_without_a_channel() -> None:
    with pytest.raises(InvalidInput):
        Receiver(name="x")
    assert Receiver(name="x", webhook=Webhook(url="https://x/", secret="env:A")).kind == "webhook"


def test_templates_are_filled_without_being_evaluated() -> None:
    assert filled('{{"to": "{phone}"}} {text}', {"phone": "1", "text": "{phone}"}) == '{"to": "1"} {phone}'
