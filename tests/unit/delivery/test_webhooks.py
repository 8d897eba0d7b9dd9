"""Standard Webhooks: the official vector, what answers mean, when it is tried again."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain.errors import InvalidInput
from coldchain_backend.delivery.channels.standard_webhook import compose
from coldchain_backend.delivery.notice import Notice
from coldchain_backend.delivery.request import Fate, Outcome, Request
from coldchain_backend.delivery.retry import (
    GIVE_UP_MS,
    LEAST_ATTEMPTS,
    SCHEDULE_MS,
    Again,
    Done,
    GiveUp,
    decide,
)
from coldchain_backend.delivery.signing import key_of, signature
from coldchain_backend.delivery.telling import Telling
from coldchain_backend.fleet import Receiver, Webhook
from coldchain_runtime.secrets import Secret
from support.acceptance import FIGURES, Figures

VECTOR_SECRET = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
VECTOR_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"


@pytest.mark.acceptance("T8")
def test_the_official_vector(figures: Figures) -> None:
    figures.add(vectors=1)
    signed = signature(key_of(VECTOR_SECRET), VECTOR_ID, 1_614_265_330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "text", ["abc", "whsec_", "whsec_%%%", "whsec_" + base64.b64encode(bytes(8)).decode()]
)
def test_what_is_no_secret_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        key_of(Secret(text))
    assert text == "whsec_" or text not in str(caught.value)


def telling(body: bytes, keys: list[bytes], now_ms: int) -> Telling:
    named = zip(Webhook.SECRETS, keys, strict=False)
    return Telling(
        id=VECTOR_ID,
        body=body,
        notice=Notice(type="alert.fired", at_ms=0),
        receiver=Receiver(name="r", webhook=Webhook(url="https://x/hook", secret="env:A")),
        secrets={name: Secret("whsec_" + base64.b64encode(key).decode()) for name, key in named},
        now_ms=now_ms,
    )


@pytest.mark.acceptance("T8")
@settings(suppress_health_check=FIGURES)
@given(
    body=st.binary(max_size=200),
    now_ms=st.integers(0, 2**41),
    keys=st.lists(st.binary(min_size=24, max_size=64), min_size=1, max_size=2),
)
def test_the_exact_bytes_are_signed_with_every_key_at_the_time_of_the_attempt(
    body: bytes, now_ms: int, keys: list[bytes], figures: Figures
) -> None:
    figures.add(signatures=len(keys))
    [part] = compose(telling(body, keys, now_ms))
    request = part.call
    assert isinstance(request, Request)
    assert request.body == body
    stamp = request.headers["webhook-timestamp"]
    assert stamp == str(now_ms // 1000)
    for key, one in zip(keys, request.headers["webhook-signature"].split(" "), strict=True):
        digest = hmac.new(key, f"{VECTOR_ID}.{stamp}.".encode() + body, hashlib.sha256).digest()
        assert one == "v1," + base64.b64encode(digest).decode()


RETRY = Outcome(fate=Fate.RETRY)


@given(st.integers(1, 200), st.integers(0, GIVE_UP_MS * 2), st.floats(0, 0.999))
def test_delays_follow_the_schedule_within_a_fifth_and_end_after_three_days(
    attempts: int, age_ms: int, random01: float
) -> None:
    decision = decide(RETRY, attempts, 0, age_ms, random01)
    base_ms = SCHEDULE_MS[min(attempts, len(SCHEDULE_MS)) - 1]
    if isinstance(decision, Again):
        assert 0.8 * base_ms - 1 <= decision.due_ms - age_ms <= 1.2 * base_ms + 1
        assert decision.due_ms <= GIVE_UP_MS or attempts < LEAST_ATTEMPTS
    else:
        assert isinstance(decision, GiveUp)
        assert age_ms + 1.2 * base_ms >= GIVE_UP_MS
        assert attempts >= LEAST_ATTEMPTS


@given(st.integers(1, 20), st.integers(0, 10**9))
def test_a_receivers_wish_is_kept_within_bounds(attempts: int, asked_ms: int) -> None:
    decision = decide(Outcome(fate=Fate.RETRY, retry_after_ms=asked_ms), attempts, 0, 0, 0.5)
    base_ms = SCHEDULE_MS[min(attempts, len(SCHEDULE_MS)) - 1]
    assert isinstance(decision, Again)
    assert base_ms <= decision.due_ms <= max(2 * base_ms, 900_000)


def test_delivered_is_done() -> None:
    assert decide(Outcome(fate=Fate.DELIVERED), 9, 0, GIVE_UP_MS * 2, 0.5) == Done()
