"""Channels: pure; a telling → requests, an answer → what it means. One file each, one line each below."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from coldchain_backend.delivery.channels import standard_webhook
from coldchain_backend.delivery.request import NoResponse, Outcome, Request, Response
from coldchain_backend.delivery.telling import Telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """compose   raises InvalidInput for what the receiver's settings or secrets do not allow
    read      what an answer means
    """

    compose: Callable[[Telling], Request]
    read: Callable[[Response | NoResponse], Outcome]


CHANNELS: Final[Mapping[str, Channel]] = {
    "webhook": Channel(compose=standard_webhook.compose, read=standard_webhook.read),
}
"""By the receiver's key in the fleet file."""
