"""How a changed entry is said: key by key, old → new, in the units people write."""

from __future__ import annotations

import pytest
from hypothesis import given

from coldchain_backend.fleet import Plan
from coldchain_backend.fleetfile import Kind, compare, parse
from support.fleets import FLEET_FILE, plans

GOOD = FLEET_FILE.read_text("utf-8")
BASE = parse(GOOD)

FASTER = ("chiller-front, interval: 60s", "chiller-front, interval: 90s")
HOOKS = "webhook: " + " → ".join(
    f"(url http://127.0.0.1:{port}/hook, secret env:WHSEC)" for port in (9100, 9200)
)
CHANGES = [
    (*FASTER, "sensor chiller-front", "interval: 1m → 1m30s"),
    ("accuracy: 0.5}", "accuracy: 0.2}", "sensor chiller-front", "accuracy: 0.5 → 0.2"),
    ("60s, accuracy: 0.5}", "60s, accuracy: 0.5, serial: X1}", "sensor chiller-front", "serial: none → X1"),
    ("plate: 渝A·00000", "plate: 渝A·11111", "asset truck-1", "plate: 渝A·00000 → 渝A·11111"),
    ("offline_after: 60m", "offline_after: 30m", "asset truck-1", "offline_after: 1h → 30m"),
    ("kind: vehicle", "kind: container", "asset truck-1", "kind: vehicle → container"),
    ('["+86 23 0000 0000"]', "[a, b]", "asset cq-store", "contacts: [+86 23 0000 0000] → [a, b]"),
    ("{en: Chiller, zh: 冷藏间}", "{en: Cooler}", "zone cq-store.chiller", "name: Chiller / 冷藏间 → Cooler"),
    ("state: empty", "state: planned", "zone cq-store.spare", "state: empty → planned"),
    (", sensor: dock-wall", "", "point cq-store.dock.wall", "sensor: dock-wall → none"),
    ("language: zh", "language: en", "receiver dispatch", "language: zh → en"),
    ("127.0.0.1:9100/hook", "127.0.0.1:9200/hook", "receiver dispatch", HOOKS),
    ("system_receiver: dispatch", "", "setting system_receiver", "dispatch → none"),
    ("allowed: true", "allowed: false", "setting unsealed.allowed", "True → False"),
    ("{temp: temperature}", "{t: temperature}", "mapping mqtt_consumer",
     "fields: {temp: temperature} → {t: temperature}"),
    ("{name: gw, asset: cq-store}", "{name: gw}", "gateway gw", "asset: cq-store → none"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "entry", "detail"), CHANGES)
def test_a_changed_key_is_said(old: str, new: str, entry: str, detail: str) -> None:
    assert old in GOOD
    found = compare(BASE, parse(GOOD.replace(old, new, 1))).entries
    changed = {f"{one.what} {one.id}": one.details for one in found if one.kind is Kind.CHANGED}
    assert changed == {entry: (detail,)}


@pytest.mark.parametrize(("old", "new", "entry", "detail"), CHANGES)
def test_the_way_back_changes_the_same_entry(old: str, new: str, entry: str, detail: str) -> None:
    found = compare(parse(GOOD.replace(old, new, 1)), BASE).entries
    changed = {f"{one.what} {one.id}": one.details for one in found if one.kind is Kind.CHANGED}
    assert list(changed) == [entry]
    assert changed[entry] != (detail,)


@given(plans(), plans())
def test_every_entry_is_named_once_in_each_way(old: Plan, new: Plan) -> None:
    entries = compare(old, new).entries
    for kind in (Kind.ADDED, Kind.REMOVED):
        named = [(one.what, one.id) for one in entries if one.kind is kind]
        assert len(named) == len(set(named))
    assert all(one.details for one in entries if one.kind is Kind.CHANGED)
    assert not any(one.details for one in entries if one.kind is not Kind.CHANGED)


@given(plans(), plans())
def test_only_taking_away_counts_as_removal(old: Plan, new: Plan) -> None:
    difference = compare(old, new)
    taken = any(one.kind is Kind.REMOVED for one in difference.entries)
    assert difference.removes == (taken or bool(difference.losing))
