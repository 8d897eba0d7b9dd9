"""The receiver believes only what Standard Webhooks lets it believe."""

from http import HTTPStatus
from pathlib import Path

import pytest

from demo.receiver import Receiver, new_secret, verified
from support.acceptance import Figures

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
NOW_S = 1614265330.0


@pytest.mark.acceptance("T8")
def test_the_official_vector_verifies(figures: Figures) -> None:
    figures.add(vectors=1)
    assert verified(SECRET, HEADERS, BODY, NOW_S)


@pytest.mark.acceptance("T8")
def test_one_good_signature_among_others_is_enough() -> None:
    listed = {**HEADERS, "webhook-signature": "v1,AAAA nonsense " + HEADERS["webhook-signature"]}
    assert verified(SECRET, listed, BODY, NOW_S)


def test_header_names_have_no_case() -> None:
    assert verified(SECRET, {name.title(): value for name, value in HEADERS.items()}, BODY, NOW_S)


@pytest.mark.acceptance("T8")
@pytest.mark.parametrize(
    ("changed", "body", "now_s"),
    [
        ({}, BODY + b" ", NOW_S),
        ({}, BODY, NOW_S + 301),
        ({}, BODY, NOW_S - 301),
        ({"webhook-id": "msg_other"}, BODY, NOW_S),
        ({"webhook-timestamp": "1614265331"}, BODY, NOW_S),
        ({"webhook-timestamp": "soon"}, BODY, NOW_S),
        ({"webhook-signature": ""}, BODY, NOW_S),
        ({"webhook-signature": "v1"}, BODY, NOW_S),
        ({"webhook-id": ""}, BODY, NOW_S),
    ],
)
def test_anything_changed_is_not_verified(
    changed: dict[str, str], body: bytes, now_s: float, figures: Figures
) -> None:
    figures.add(refused=1)
    assert not verified(SECRET, {**HEADERS, **changed}, body, now_s)


def test_another_secret_does_not_verify() -> None:
    assert not verified(new_secret(), HEADERS, BODY, NOW_S)


def test_what_does_not_verify_is_kept_and_refused(tmp_path: Path) -> None:
    receiver = Receiver(port=0, secret=new_secret(), log=tmp_path / "log")
    assert receiver.take(HEADERS, BODY) == HTTPStatus.UNAUTHORIZED
    assert receiver.take({}, b"\xff not json") == HTTPStatus.UNAUTHORIZED
    assert receiver.take({}, b"[]") == HTTPStatus.UNAUTHORIZED
    assert [one.verified for one in receiver.received()] == [False, False, False]
    assert len((tmp_path / "log").read_text().splitlines()) == 3


def test_repeats_of_an_id_count_once(tmp_path: Path) -> None:
    receiver = Receiver(port=0, secret=new_secret(), log=tmp_path / "log")
    for _ in range(3):
        receiver.take(HEADERS, BODY)
    assert (len(receiver.received()), len(receiver.once())) == (3, 1)


def test_headers_that_are_not_ascii_are_refused_not_raised() -> None:
    stamp = {"webhook-id": "m", "webhook-timestamp": "\u00b2", "webhook-signature": "v1,x"}
    assert not verified("whsec_AAAA", stamp, b"{}", 0.0)
    signature = {"webhook-id": "m", "webhook-timestamp": "0", "webhook-signature": "v1,\u00e9"}
    assert not verified("whsec_AAAA", signature, b"{}", 0.0)
