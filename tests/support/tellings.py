"""Tellings for tests of channels: a receiver of each kind, with secrets, persons and a link."""

from __future__ import annotations

from typing import Any

from coldchain.words import Language
from coldchain_backend.delivery.channels import CHANNELS
from coldchain_backend.delivery.notice import read_notice
from coldchain_backend.delivery.request import Answer, Outcome, Part
from coldchain_backend.delivery.telling import Addressee, Link, Telling
from coldchain_backend.fleet import (
    Alertmanager,
    Apprise,
    DingTalk,
    Email,
    Feishu,
    Mqtt,
    PagerDuty,
    Receiver,
    Slack,
    Sms,
    Success,
    Teams,
    Voice,
    Webhook,
    WeCom,
)
from coldchain_runtime.secrets import Secret
from support.notices import document

NOW_MS = 1_795_338_060_000
"""2026-11-22T09:01:00Z, a minute after the step."""

VECTOR = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SETTINGS: dict[str, Any] = {
    "webhook": Webhook(url="https://hooks.example/x", secret="file:a", cloudevents=True),
    "alertmanager": Alertmanager(url="https://hooks.example/am", authorization="file:a"),
    "pagerduty": PagerDuty(routing_key="file:a"),
    "slack": Slack(url="file:a"),
    "teams": Teams(url="file:a"),
    "dingtalk": DingTalk(url="file:a", secret="file:b"),
    "feishu": Feishu(url="file:a", secret="file:b"),
    "wecom": WeCom(url="file:a"),
    "email": Email(host="mail.example", sender="cold@corp.example", to=("duty@corp.example",)),
    "sms": Sms(
        url="https://sms.example/send",
        body='{{"to": "{phone}", "params": {{"place": "{place}", "value": "{value}", "code": "{code}"}}}}',
        headers={"Authorization": "Bearer {secret}"},
        secret="file:a",
        success=Success(field="status", equals="OK"),
    ),
    "voice": Voice(
        url="https://voice.example/call?to={phone}", body="{text}", content_type="text/plain; charset=utf-8"
    ),
    "mqtt": Mqtt(host="broker.example", topic="alerts/{asset}/{level}", username="u", password="file:a"),
    "apprise": Apprise(url="file:a"),
}
SECRETS: dict[str, dict[str, str]] = {
    "webhook": {"secret": VECTOR},
    "alertmanager": {"authorization": "Bearer s3cret-authorization"},
    "pagerduty": {"routing_key": "0123456789abcdef0123456789abcdef"},
    "slack": {"url": "https://hooks.slack.example/services/T0/B0/s3cret-slack"},
    "teams": {"url": "https://teams.example/workflows/s3cret-teams"},
    "dingtalk": {
        "url": "https://oapi.dingtalk.example/robot/send?access_token=s3cret-dingtalk",
        "secret": "SEC0s3cret-sign",
    },
    "feishu": {
        "url": "https://open.feishu.example/open-apis/bot/v2/hook/s3cret-feishu",
        "secret": "s3cret-sign",
    },
    "wecom": {"url": "https://qyapi.weixin.example/cgi-bin/webhook/send?key=s3cret-wecom"},
    "email": {},
    "sms": {"secret": "s3cret-sms"},
    "voice": {},
    "mqtt": {"password": "s3cret-mqtt"},
    "apprise": {"url": "json://hooks.example/s3cret-apprise"},
}
PEOPLE = (
    Addressee(id="wang.li", name="王丽", email="wang.li@corp.example", mobile="+8613800000001"),
    Addressee(id="zhao.min", name="赵敏", mobile="13800000002"),
)
LINK = Link(url="https://cold.example/a/x1y2z3", code="408153")


def telling(
    kind: str,
    body: bytes | None = None,
    *,
    language: Language = Language.ZH,
    settings: object = None,
    secrets: dict[str, str] | None = None,
    message: str | None = None,
    people: tuple[Addressee, ...] = PEOPLE,
    link: Link | None = LINK,
    now_ms: int = NOW_MS,
) -> Telling:
    """A telling for a receiver of a kind; by default everything is there."""
    body = document() if body is None else body
    channel: dict[str, Any] = {kind: SETTINGS[kind] if settings is None else settings}
    given = SECRETS[kind] if secrets is None else secrets
    return Telling(
        id="msg_0123456789abcdef01234567",
        body=body,
        notice=read_notice(body),
        receiver=Receiver(name="dispatch", language=language, message=message, **channel),
        secrets={name: Secret(value) for name, value in given.items()},
        now_ms=now_ms,
        people=people,
        link=link,
    )


def composed(kind: str, body: bytes | None = None, **how: Any) -> tuple[Part, ...]:  # noqa: ANN401 - as `telling`
    """The parts of a telling."""
    return CHANNELS[kind].compose(telling(kind, body, **how))


def judged(kind: str, answer: Answer) -> Outcome:
    """What an answer means to a channel."""
    return CHANNELS[kind].read(answer, telling(kind))
