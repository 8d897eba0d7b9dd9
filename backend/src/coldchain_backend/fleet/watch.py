"""What a gateway must know to alarm by itself: the sensors of its asset, their limits, names and contacts."""

from dataclasses import replace
from hashlib import sha256

from coldchain.watch import WatchBundle, WatchedSensor, to_bytes
from coldchain_backend.fleet.assignments import Fleet
from coldchain_backend.fleet.things import Place, Plan


def bundle_for(fleet: Fleet, gateway: str, made_ms: int) -> WatchBundle:
    """The watch bundle of a gateway by the newest fleet version, as of the instant at which it is made.

    A gateway with an asset watches that asset, one without watches all; only zones in use are in it. The
    version is derived from the content alone, so an unchanged fleet gives an unchanged version.
    """
    plan = fleet.in_force(made_ms)
    declared = next((one for one in plan.gateways if one.name == gateway), None)
    asset = None if declared is None else declared.asset
    places = [p for p in plan.places() if p.in_use and (asset is None or p.asset.id == asset)]
    sensors = tuple(watched for place in places if (watched := _watched(plan, place)) is not None)
    used = {sensor.profile for sensor in sensors}
    bundle = WatchBundle(
        version="",
        organisation=fleet.organisation,
        gateway=gateway,
        made_ms=0,
        sensors=sensors,
        profiles=tuple(profile for profile in plan.profiles if profile.name in used),
    )
    return replace(bundle, version=sha256(to_bytes(bundle)).hexdigest()[:16], made_ms=made_ms)


def _watched(plan: Plan, place: Place) -> WatchedSensor | None:
    declared = None if place.point.sensor is None else plan.sensor(place.point.sensor)
    if declared is None:
        return None
    return WatchedSensor(
        sensor=declared.id,
        interval_ms=declared.interval_ms,
        point=place.point.id,
        point_name=place.point.name,
        zone=place.zone.id,
        zone_name=place.zone.name,
        asset=place.asset.id,
        asset_name=place.asset.name,
        in_use=place.in_use,
        profile=place.zone.profile,
        contacts=place.asset.contacts,
    )
