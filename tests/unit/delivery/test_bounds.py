"""Bounds of delivery: when it is tried again, where it may go, what is signed."""

import base64
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.errors import InvalidInput
from coldchain_backend.delivery.request import Fate, Outcome
from coldchain_backend.delivery.retry import (
    ASKED_AT_MOST_MS,
    GIVE_UP_MS,
    SCHEDULE_MS,
    SLOW_MS,
    Again,
    Done,
    GiveUp,
    asked,
    decide,
)
from coldchain_backend.delivery.senders.guard import networks, permitted
from coldchain_backend.delivery.signing import PREFIX, key_of, signature
from coldchain_runtime.secrets import Secret

RETRY, SLOW = Outcome(fate=Fate.RETRY), Outcome(fate=Fate.SLOW)
KEYS = st.binary(min_size=24, max_size=64)
CHANCE = st.floats(0, 1)
V4 = st.integers(0, 2**32 - 1).map(IPv4Address)


def mapped(address: IPv4Address) -> IPv6Address:
    return IPv6Address(0xFFFF << 32 | int(address))


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(1, 5), (2, 15), (3, 30), (4, 60), (5, 120), (6, 300), (7, 600), (8, 1200), (9, 1800), (10, 3600),
     (11, 3600), (500, 3600)],
)  # fmt: skip
@pytest.mark.parametrize(("random01", "per_mille"), [(0.0, 800), (0.5, 1000), (1.0, 1200)])
def test_the_schedule_as_promised(attempts: int, seconds: int, random01: float, per_mille: int) -> None:
    assert decide(RETRY, attempts, 0, 7, random01) == Again(due_ms=7 + seconds * per_mille)


@given(st.integers(1, 200), CHANCE)
def test_what_needs_a_person_is_never_tried_within_the_slow_delay(attempts: int, random01: float) -> None:
    slow, soon = decide(SLOW, attempts, 0, 0, random01), decide(RETRY, attempts, 0, 0, random01)
    assert isinstance(slow, Again)
    assert isinstance(soon, Again)
    assert slow.due_ms >= max(soon.due_ms, SLOW_MS * 8 // 10)


@given(st.sampled_from([RETRY, SLOW]), st.integers(1, 20), CHANCE, CHANCE)
def test_more_chance_is_never_sooner(outcome: Outcome, attempts: int, one: float, other: float) -> None:
    early, late = (decide(outcome, attempts, 0, 0, chance) for chance in sorted((one, other)))
    assert isinstance(early, Again)
    assert isinstance(late, Again)
    assert early.due_ms <= late.due_ms


@pytest.mark.parametrize(("beyond_ms", "wanted"), [(0, Again(due_ms=GIVE_UP_MS + 9)), (1, GiveUp())])
def test_the_last_instant_counts_from_when_it_was_made(beyond_ms: int, wanted: Again | GiveUp) -> None:
    now_ms = 9 + GIVE_UP_MS - SCHEDULE_MS[-1] + beyond_ms
    assert decide(RETRY, 80, 9, now_ms, 0.5) == wanted


@given(st.integers(1, 200), st.integers(0, 2**41), CHANCE)
def test_what_is_delivered_is_done_however_old(attempts: int, now_ms: int, random01: float) -> None:
    wish = Outcome(fate=Fate.DELIVERED, retry_after_ms=1)
    assert decide(wish, attempts, 0, now_ms, random01) == Done()


@pytest.mark.parametrize(
    ("asked_ms", "base_ms", "wanted"),
    [
        (0, 5_000, 5_000),
        (5_001, 5_000, 5_001),
        (ASKED_AT_MOST_MS, 5_000, ASKED_AT_MOST_MS),
        (ASKED_AT_MOST_MS + 1, 5_000, ASKED_AT_MOST_MS),
        (2**62, 3_600_000, 7_200_000),
        (1, 3_600_000, 3_600_000),
    ],
)
def test_a_wish_between_its_bounds_is_granted_to_the_millisecond(
    asked_ms: int, base_ms: int, wanted: int
) -> None:
    assert asked(asked_ms, base_ms) == wanted


@given(st.integers(1, 20), st.integers(0, 10**9), CHANCE, CHANCE)
def test_a_wish_leaves_nothing_to_chance(attempts: int, asked_ms: int, one: float, other: float) -> None:
    wish = Outcome(fate=Fate.SLOW, retry_after_ms=asked_ms)
    assert decide(wish, attempts, 0, 0, one) == decide(wish, attempts, 0, 0, other)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("0.0.0.1", "0.255.255.255"),
        ("10.0.0.0", "10.255.255.255"),
        ("100.64.0.0", "100.127.255.255"),
        ("127.0.0.0", "127.255.255.255"),
        ("169.254.0.0", "169.254.255.255"),
        ("172.16.0.0", "172.31.255.255"),
        ("192.0.2.0", "192.0.2.255"),
        ("192.168.0.0", "192.168.255.255"),
        ("198.18.0.0", "198.19.255.255"),
        ("224.0.0.0", "255.255.255.255"),
        ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ],
)
def test_a_range_inside_is_refused_from_end_to_end(first: str, last: str) -> None:
    ends = [ip_address(first), ip_address(last)]
    ends += [mapped(end) for end in ends if isinstance(end, IPv4Address)]
    assert not [end for end in ends if permitted(end, ())]


@pytest.mark.parametrize(
    "address",
    ["9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
     "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0"],
)  # fmt: skip
def test_the_public_neighbours_of_those_ranges_pass(address: str) -> None:
    assert permitted(ip_address(address), ())


@given(V4, st.none() | st.integers(0, 32))
def test_mapped_into_v6_an_address_stands_as_it_does_in_v4(address: IPv4Address, bits: int | None) -> None:
    allowed = () if bits is None else networks([f"{address}/{bits}"])
    assert permitted(mapped(address), allowed) == permitted(address, allowed)
    assert permitted(address, allowed) or bits is None


@pytest.mark.parametrize("text", ["", "10.0.0.0/33", "10.0.0.256", "fd00::/129", "10.0.0.0/8 ", "example"])
def test_what_is_no_network_is_refused_beside_good_ones(text: str) -> None:
    with pytest.raises(InvalidInput, match="not a network"):
        networks(["10.0.0.0/8", text])


@given(KEYS, st.binary(max_size=300), st.integers(0, 299), st.integers(1, 255))
def test_a_changed_byte_id_time_or_key_changes_the_signature(
    key: bytes, body: bytes, position: int, flip: int
) -> None:
    signed = signature(key, "msg_1", 1_700_000_000, body)
    other = bytearray(body or b"\0")
    other[position % len(other)] ^= flip
    assert signed == signature(key, "msg_1", 1_700_000_000, body)
    assert len(base64.b64decode(signed.removeprefix("v1,"), validate=True)) == 32
    assert signed not in {
        signature(key, "msg_1", 1_700_000_000, bytes(other)),
        signature(key, "msg_2", 1_700_000_000, body),
        signature(key, "msg_1", 1_700_000_001, body),
        signature(bytes([key[0] ^ flip]) + key[1:], "msg_1", 1_700_000_000, body),
    }


@given(st.binary(max_size=80))
def test_a_secret_has_24_to_64_bytes(key: bytes) -> None:
    secret = Secret(PREFIX + base64.b64encode(key).decode())
    if 24 <= len(key) <= 64:
        assert key_of(secret) == key
    else:
        with pytest.raises(InvalidInput, match=f"not {len(key)}$"):
            key_of(secret)
