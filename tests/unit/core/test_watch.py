"""The watch bundle: round trip, signature, and whatever else may come instead."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.builtin_profiles import BUILTIN, first
from coldchain.errors import IntegrityError, InvalidInput
from coldchain.profiles import Mode, Rule, Side, Thermal
from coldchain.seal import Key, encode_public
from coldchain.watch import (
    MAX_ENVELOPE,
    WatchBundle,
    WatchedSensor,
    from_bytes,
    make_envelope,
    open_envelope,
    profile_document,
    profile_of,
    to_bytes,
)
from coldchain.words import Text

KEY, OTHER = Key.from_seed(bytes(range(32))), Key.from_seed(bytes(32))
BUNDLE = WatchBundle(
    version="7c9e66a1",
    organisation="demo",
    gateway="cq-store-gw",
    made_ms=1_795_376_500_000,
    sensors=(
        WatchedSensor(
            sensor="客厅",
            interval_ms=2_000,
            point="t7.box.front",
            point_name=Text(en="Front", zh="前部"),
            zone="t7.box",
            zone_name=Text(en="Box", zh="车厢"),
            asset="t7",
            asset_name=Text(en="Truck 7", zh="7号车"),
            in_use=True,
            profile="demo",
            contacts=("+86 23 0000 0000",),
        ),
    ),
    profiles=tuple(BUILTIN.values()),
)


def test_a_bundle_comes_back_whole() -> None:
    assert from_bytes(to_bytes(BUNDLE)) == BUNDLE
    assert open_envelope(make_envelope(BUNDLE, KEY), KEY.fingerprint) == BUNDLE
    assert open_envelope(make_envelope(BUNDLE, KEY), None) == BUNDLE


def test_a_profile_is_found_by_its_name() -> None:
    assert BUNDLE.profile_named("demo") is BUILTIN["demo"]
    assert BUNDLE.profile_named("none") is None


def test_another_key_than_the_pinned_one_is_not_trusted() -> None:
    with pytest.raises(IntegrityError, match=OTHER.fingerprint):
        open_envelope(make_envelope(BUNDLE, OTHER), KEY.fingerprint)


def envelope(**changes: object) -> bytes:
    return json.dumps({**json.loads(make_envelope(BUNDLE, KEY)), **changes}).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {"payload": to_bytes(BUNDLE).decode().replace('"threshold":8.0', '"threshold":18.0', 1)},
        {"signature": "A" * 86},
        {"key": OTHER.fingerprint},
        {"public_key": encode_public(OTHER.public)},
        {"public_key": encode_public(OTHER.public), "key": OTHER.fingerprint},
    ],
)
def test_a_loosened_limit_or_foreign_signature_is_found(changes: dict[str, object]) -> None:
    with pytest.raises(IntegrityError):
        open_envelope(envelope(**changes), None)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b"\xff", b"{}", b'{"payload": 1}', b"[" * 100_000, b"1" * 5000]
)
def test_what_is_no_envelope_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        open_envelope(data, None)
    with pytest.raises(InvalidInput):
        from_bytes(data)


def test_a_huge_envelope_is_not_read() -> None:
    with pytest.raises(InvalidInput, match="limit"):
        open_envelope(b" " * (MAX_ENVELOPE + 1), None)


WRONG = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**400),
    st.floats(),
    st.text(max_size=5),
    st.just([1]),
    st.just({}),
)


@given(st.data(), WRONG)
def test_a_bundle_with_a_wrong_part_is_read_or_refused(data: st.DataObject, wrong: object) -> None:
    document = json.loads(to_bytes(BUNDLE))
    inside = data.draw(
        st.sampled_from(
            [document, document["sensors"][0], document["profiles"][0], document["profiles"][0]["rules"][0]]
        )
    )
    name = data.draw(st.sampled_from(sorted(inside)))
    inside[name] = wrong
    try:
        from_bytes(json.dumps(document).encode())
    except InvalidInput:
        return
    del inside[name]
    if name in LATER:
        from_bytes(json.dumps(document).encode())
        return
    with pytest.raises(InvalidInput):
        from_bytes(json.dumps(document).encode())


LATER = {
    *("weighting", "counting", "activation_kj_mol", "required_coverage", "grades", "cadence_ms", "thermal"),
    *("cadence_out_ms", "indeterminate", "corrected", "more_rules"),
    *("mode", "window_ms", "reset", "irreversible", "ignore_at_start_ms"),
}
"""What the first format did not have: absent, it means what was meant then."""


def test_a_bundle_of_the_first_format_is_still_read() -> None:
    then = replace(BUNDLE, profiles=first.PROFILES)
    document = json.loads(to_bytes(then))
    for profile in document["profiles"]:
        for part in (profile, *profile["rules"]):
            for name in LATER & set(part):
                del part[name]
    assert from_bytes(json.dumps(document).encode()) == then


def test_rules_of_other_modes_stand_apart_for_gateways_that_know_none() -> None:
    mean = Rule(
        name="mkt",
        side=Side.HIGH,
        threshold=8.0,
        inclusive=False,
        alarm_after_ms=0,
        mode=Mode.MKT,
        window_ms=24 * 3_600_000,
    )
    profile = replace(BUILTIN["vaccine-2-8"], rules=(mean, *BUILTIN["vaccine-2-8"].rules))
    document = profile_document(profile)
    assert [rule["name"] for rule in document["rules"]] == ["high", "low", "freeze"]  # type: ignore[attr-defined]  # a list of tables
    assert profile_of(document) == profile


def test_the_drift_that_bounds_a_gap_travels_with_its_profile() -> None:
    drift = Thermal(ambient_high=38.5, ambient_low=-12.0, time_constant_ms=5_400_000)
    profile = replace(BUILTIN["vaccine-2-8"], thermal=drift, indeterminate=True, cadence_ms=600_000)
    assert profile_of(json.loads(json.dumps(profile_document(profile)))) == profile
