"""Signatures of Standard Webhooks 1.0.0: base64 of HMAC-SHA256 over id, time of the attempt and body."""

import base64
import binascii
import hashlib
import hmac
from typing import Final

from coldchain.errors import InvalidInput
from coldchain_runtime.secrets import Secret

PREFIX: Final = "whsec_"


def key_of(secret: Secret) -> bytes:
    """The raw key in a shared secret. Raises InvalidInput if it is not `whsec_` and base64 of 24–64 bytes."""
    text = secret.reveal()
    if not text.startswith(PREFIX):
        raise InvalidInput("a webhook's secret begins with whsec_")
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise InvalidInput("a webhook's secret is not base64 behind whsec_") from error
    if not 24 <= len(key) <= 64:
        raise InvalidInput(f"a webhook's secret has 24 to 64 bytes, not {len(key)}")
    return key


def signature(key: bytes, webhook_id: str, timestamp_s: int, body: bytes) -> str:
    """The value of `webhook-signature` for one key."""
    signed = f"{webhook_id}.{timestamp_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
