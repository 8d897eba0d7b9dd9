"""Fleet versions in the ledger."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given

from coldchain.errors import IntegrityError
from coldchain_backend.fleet import Plan, canonical, digest_of, fleet_record, version_of
from coldchain_backend.fleetfile import parse_file
from support.fleets import FLEET_FILE, plans


@given(plans())
def test_a_plan_comes_back_from_its_record(plan: Plan) -> None:
    payload = fleet_record(plan=plan, text="text: 冷", by="陈静", reason="new store", base=3)
    version = version_of(offset=7, received_ms=1000, payload=payload)
    assert version.plan == plan
    assert (version.number, version.from_ms, version.by, version.reason, version.text) == (
        7, 1000, "陈静", "new store", "text: 冷",
    )  # fmt: skip


@given(plans(), plans())
def test_digests_are_equal_exactly_for_equal_plans(one: Plan, other: Plan) -> None:
    assert (digest_of(one) == digest_of(other)) == (one == other)


def test_a_whole_fleet_file_comes_back() -> None:
    plan = parse_file(FLEET_FILE)
    payload = fleet_record(plan=plan, text="", by="admin", reason=None, base=0)
    assert version_of(offset=1, received_ms=1, payload=payload).plan == plan


def test_the_built_in_profiles_in_use_stand_in_the_record() -> None:
    """What was judged then stays judged so, also when a later program has other built-in limits."""
    names = [profile["name"] for profile in orjson.loads(canonical(parse_file(FLEET_FILE)))["profiles"]]
    assert names == ["chilled-food", "frozen-food", "vaccine-2-8"]


@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b"{}", b'{"format":2}', b'{"format":1,"by":"","text":"","reason":null,"plan":{"assets":3}}'],
)
def test_what_is_no_fleet_version_is_told(payload: bytes) -> None:
    with pytest.raises(IntegrityError):
        version_of(offset=1, received_ms=1, payload=payload)
