"""Plans and versions that tests of the fleet draw from."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from coldchain.builtin_profiles import BUILTIN
from coldchain.words import Text
from coldchain_backend.fleet import (
    Asset,
    AssetKind,
    Fleet,
    FleetVersion,
    Gateway,
    Plan,
    Point,
    Sensor,
    Zone,
    ZoneState,
    digest_of,
    fleet_record,
    version_of,
)

FLEET_FILE = Path(__file__).parents[1] / "data" / "fleet" / "chongqing.yaml"
SENSORS = ("s1", "s2", "s3")
PROFILES = tuple(sorted(BUILTIN))[:3]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Up to three sensors on up to three points in two zones of one asset."""
    sensors = draw(st.lists(st.sampled_from(SENSORS), unique=True))
    places = draw(st.permutations([*sensors, None, None, None]))[:3]
    zones = tuple(
        Zone(
            id=f"z{index}",
            name=Text(en=f"Zone {index}"),
            profile=draw(st.sampled_from(PROFILES)),
            state=draw(st.sampled_from(ZoneState)),
            points=tuple(
                Point(id=f"p{number}", name=Text(zh="测点"), sensor=places[number])
                for number in range(3)
                if number % 2 == index
            ),
        )
        for index in range(2)
    )
    asset = Asset(
        id="a", kind=AssetKind.COLD_STORE, name=Text(en="Store"), time_zone="Asia/Shanghai",
        offline_after_ms=draw(st.sampled_from([300_000, 900_000])), zones=zones,
    )  # fmt: skip
    return Plan(
        organisation="demo",
        profiles=tuple(BUILTIN[name] for name in sorted({zone.profile for zone in zones})),
        assets=(asset,),
        sensors=tuple(Sensor(id=one, interval_ms=draw(st.sampled_from([2000, 60_000]))) for one in sensors),
        gateways=(Gateway(name="gw", asset="a"), Gateway(name="other")),
        unsealed_allowed=draw(st.booleans()),
    )


def version(plan: Plan, number: int, from_ms: int) -> FleetVersion:
    """A plan as the ledger would give it back."""
    payload = fleet_record(plan=plan, text="", by="admin", reason=None, base=0)
    made = version_of(offset=number, received_ms=from_ms, payload=payload)
    assert made.digest == digest_of(plan)
    return made


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    """A fleet of up to five versions, some at the same instant."""
    fleet, at_ms = Fleet.empty("demo"), 0
    for number, plan in enumerate(draw(st.lists(plans(), max_size=5)), start=1):
        at_ms += draw(st.sampled_from([0, 1, 1000]))
        fleet = fleet.with_version(version(plan, number, at_ms))
    return fleet
