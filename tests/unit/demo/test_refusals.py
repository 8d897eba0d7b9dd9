"""Edited ledgers are refused, forged deliveries are not believed, and what is not one to one is said so."""

import base64
import hashlib
import hmac
import json
from http import HTTPStatus
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.evidence import BrokenLedger, Name, Truth, batches, compare, from_ledger
from demo.receiver import TOLERANCE_S, Receiver, new_secret, verified
from demo.summary import table, tallies

NOW_S = 1_795_376_523
SECRET = "whsec_" + base64.b64encode(b"a secret of this test").decode()
WIRES = ("modbus", "mqtt", "serial")


def ledger(folder: Path, payloads: list[bytes], *, per_segment: int = 2, organisation: str = "demo") -> None:
    """Segments as docs/ledger.md describes them, `per_segment` batches in each."""
    folder.mkdir(parents=True, exist_ok=True)
    previous = hashlib.sha256(f"ccl1 organisation={organisation}\n".encode()).digest()
    for start in range(0, len(payloads), per_segment):
        first = start + 1
        data = f"ccl1-segment organisation={organisation} first={first} previous={previous.hex()}\n".encode()
        for number, payload in enumerate(payloads[start : start + per_segment], start=first):
            header = f"ccl1 {number} batch {NOW_S}000 {len(payload)}"
            previous = hashlib.sha256(previous + header.encode() + b"\n" + payload).digest()
            data += f"{header} {previous.hex()}\n".encode() + payload + b"\n"
        (folder / f"{first:08}.seg").write_bytes(data)


def signed(body: bytes, stamp: str, secret: str = SECRET, sent: str = "msg_1") -> dict[str, str]:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{sent}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": sent, "webhook-timestamp": stamp, "webhook-signature": signature}


def given_out(counters: set[int]) -> list[Truth]:
    return [
        Truth(transport=wire, sensor=f"{wire}-1", counter=counter, temperature=4.0, time_ms=counter)
        for wire in WIRES
        for counter in sorted(counters)
    ]


@given(payloads=st.lists(st.binary(max_size=40), max_size=7), per_segment=st.integers(1, 4))
def test_every_batch_comes_back_across_segments(
    tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes], per_segment: int
) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    ledger(folder, payloads, per_segment=per_segment)
    assert list(batches(folder, "demo")) == payloads


@given(payloads=st.lists(st.binary(max_size=20), min_size=2, max_size=4), cut=st.integers(1, 500))
def test_a_segment_cut_short_is_refused_or_ends_with_a_whole_record(
    tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    ledger(folder, payloads, per_segment=len(payloads))
    segment = folder / "00000001.seg"
    data = segment.read_bytes()
    segment.write_bytes(data[: -min(cut, len(data))])
    held: list[bytes] = []
    try:
        held.extend(batches(folder, "demo"))
    except BrokenLedger:
        return
    assert held == payloads[: len(held)]
    assert len(held) < len(payloads)


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        ("00000001.seg", "00000003.seg: does not go on with record 1"),
        ("00000003.seg", "00000005.seg: does not go on with record 3"),
    ],
)
def test_a_missing_segment_is_named_by_the_next(tmp_path: Path, gone: str, message: str) -> None:
    ledger(tmp_path, [b"a", b"b", b"c", b"d", b"e"])
    (tmp_path / gone).unlink()
    with pytest.raises(BrokenLedger, match=message):
        list(batches(tmp_path, "demo"))


@pytest.mark.parametrize(
    ("was", "now", "message"),
    [
        (b"\nwarm\n", b"\ncold\n", "record 2 was changed"),
        (b" batch ", b" botch ", "record 1 was changed"),
        (b"ccl1 2 batch", b"ccl1 3 batch", "no record 2 at byte"),
        (b"ccl1 2 batch", b"ccl2 2 batch", "no record 2 at byte"),
        (f"{NOW_S}000 4 ".encode(), f"{NOW_S}000 9 ".encode(), "record 1 was changed"),
        (f"{NOW_S}000 4 ".encode(), f"{NOW_S}000 -4 ".encode(), "record 1 was changed"),
        (b"organisation=demo", b"organisation=else", "does not go on with record 1"),
    ],
)
def test_an_edit_is_told_with_its_record(tmp_path: Path, was: bytes, now: bytes, message: str) -> None:
    ledger(tmp_path, [b"mild", b"warm"])
    segment = tmp_path / "00000001.seg"
    data = segment.read_bytes()
    assert was in data
    segment.write_bytes(data.replace(was, now, 1))
    with pytest.raises(BrokenLedger, match=f"^00000001.seg: .*{message}"):
        list(batches(tmp_path, "demo"))


def test_another_organisations_log_is_not_taken_for_ours(tmp_path: Path) -> None:
    ledger(tmp_path / "demo", [b"{}\nreading,sensor=a counter=1i 1"], organisation="other")
    with pytest.raises(BrokenLedger):
        list(from_ledger(tmp_path, "demo"))


@given(body=st.binary(max_size=200), away=st.integers(-2 * TOLERANCE_S, 2 * TOLERANCE_S))
def test_only_a_timestamp_within_five_minutes_is_believed(body: bytes, away: int) -> None:
    assert verified(SECRET, signed(body, str(NOW_S + away)), body, NOW_S) is (abs(away) <= TOLERANCE_S)


@given(body=st.binary(min_size=1, max_size=60), place=st.integers(0, 59), change=st.integers(1, 255))
def test_any_changed_byte_of_a_body_is_not_believed(body: bytes, place: int, change: int) -> None:
    forged = bytearray(body)
    forged[place % len(body)] ^= change
    assert not verified(SECRET, signed(body, str(NOW_S)), bytes(forged), NOW_S)


@pytest.mark.parametrize("stamp", ["", "now", "-1795376523", "1795376523.0", " 1795376523"])
def test_a_timestamp_that_is_no_whole_number_is_not_believed(stamp: str) -> None:
    assert not verified(SECRET, signed(b"{}", stamp), b"{}", NOW_S)


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"7", b"\xff\xfe", b'{"data": 3}', b'{"data": []}'])
def test_a_strangers_nonsense_is_kept_and_refused(tmp_path: Path, body: bytes) -> None:
    receiver = Receiver(port=0, secret=SECRET, log=tmp_path / "log")
    old = signed(body, str(NOW_S - 10**9), new_secret())
    assert receiver.take(old, body) is HTTPStatus.UNAUTHORIZED
    (one,) = receiver.received()
    assert (one.verified, one.type, one.alert_id, one.level) == (False, "", "", "")
    (line,) = (tmp_path / "log").read_text("utf-8").splitlines()
    assert json.loads(line) == {"id": "msg_1", "verified": False, "body": one.body}


@given(
    counters=st.sets(st.integers(0, 50), min_size=1, max_size=12),
    spoilt=st.sampled_from(WIRES),
    fault=st.sampled_from(["missing", "doubled", "unknown"]),
)
def test_one_fault_on_one_wire_spoils_the_verdict(counters: set[int], spoilt: str, fault: str) -> None:
    truth = given_out(counters)
    held = [one.name for one in truth]
    assert table(tallies("the ledger", compare(truth, held))).endswith("\nAll of it is true.")
    victim = Name(f"{spoilt}-1", max(counters))
    match fault:
        case "missing":
            held.remove(victim)
        case "doubled":
            held.append(victim)
        case _:
            held.append(Name(victim.sensor, victim.counter + 1))
    checks = tallies("the ledger", compare(truth, held))
    (wrong,) = [check for check in checks if not check.holds]
    assert wrong.statement == f"{spoilt}: read = in the ledger"
    assert f"{fault} 1" in wrong.found
    said = table(checks).splitlines()
    assert said[-1] == "NOT all of it is true."
    assert sum(line.startswith("  NO ") for line in said) == 1
