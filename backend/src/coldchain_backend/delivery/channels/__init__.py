"""Channels: pure; a telling → calls, an answer → what it means. One file each, one line each below."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from coldchain_backend.delivery.channels import (
    alertmanager,
    apprise,
    dingtalk,
    email,
    feishu,
    mqtt,
    pagerduty,
    slack,
    sms,
    standard_webhook,
    teams,
    voice,
    wecom,
)
from coldchain_backend.delivery.request import Answer, Outcome, Part
from coldchain_backend.delivery.telling import Telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """compose   the calls of one attempt, none where there is nothing to tell this way; raises InvalidInput
              for what the receiver's settings or secrets do not allow
    read      what the answer to one of the calls means
    """

    compose: Callable[[Telling], tuple[Part, ...]]
    read: Callable[[Answer, Telling], Outcome]


CHANNELS: Final[Mapping[str, Channel]] = {
    "webhook": Channel(compose=standard_webhook.compose, read=standard_webhook.read),
    "alertmanager": Channel(compose=alertmanager.compose, read=alertmanager.read),
    "pagerduty": Channel(compose=pagerduty.compose, read=pagerduty.read),
    "slack": Channel(compose=slack.compose, read=slack.read),
    "teams": Channel(compose=teams.compose, read=teams.read),
    "dingtalk": Channel(compose=dingtalk.compose, read=dingtalk.read),
    "feishu": Channel(compose=feishu.compose, read=feishu.read),
    "wecom": Channel(compose=wecom.compose, read=wecom.read),
    "email": Channel(compose=email.compose, read=email.read),
    "sms": Channel(compose=sms.compose, read=sms.read),
    "voice": Channel(compose=voice.compose, read=voice.read),
    "mqtt": Channel(compose=mqtt.compose, read=mqtt.read),
    "apprise": Channel(compose=apprise.compose, read=apprise.read),
}
"""By the receiver's key in the fleet file."""
