"""Whether each sensor speaks often enough for what its profile has to prove, by the watch bundle on disk."""

from collections.abc import Iterator, Sequence
from typing import Final

from coldchain.errors import ColdchainError
from coldchain.watch import WatchBundle, WatchedSensor
from coldchain_gateway.config import Settings
from coldchain_gateway.local_alarm import read_watch_file
from coldchain_gateway.sources.intervals import Expected, expected_of
from coldchain_gateway.uplink import PinnedKey, bundle_on_disk
from coldchain_runtime.documents import duration_text

SHOWN: Final = 40


def watched(settings: Settings) -> WatchBundle | None:
    """What the gateway watches now; None where nobody has told it yet, or the file is refused elsewhere."""
    file = settings.config.local_alarm.watch_file
    if file is None:
        return bundle_on_disk(settings.data_dir, PinnedKey(settings.data_dir))
    try:
        return read_watch_file(file)
    except (OSError, ColdchainError):
        return None


def expected(settings: Settings) -> list[Expected]:
    """Every sensor of the configuration of which it is known how often it speaks."""
    return [one for source in settings.config.source for one in expected_of(source, settings.template_dirs)]


def too_slow(bundle: WatchBundle, known: Sequence[Expected]) -> Iterator[tuple[str, bool]]:
    """Sensors that cannot prove their profile's cadence, one sentence each; True where it is only a note."""
    by_name = {one.sensor: one for one in known if one.sensor}
    for sensor in bundle.sensors:
        profile = bundle.profile_named(sensor.profile)
        if profile is None or profile.cadence_ms is None:
            continue
        interval_ms, where = _interval(sensor, by_name.get(sensor.sensor))
        told = (
            f"{sensor.sensor}: expected every {duration_text(interval_ms)} ({where}), profile {profile.name}"
        )
        if interval_ms > profile.cadence_ms:
            yield f"{told} has to prove a reading every {duration_text(profile.cadence_ms)}", False
        elif profile.cadence_out_ms is not None and interval_ms > profile.cadence_out_ms:
            every = duration_text(profile.cadence_out_ms)
            yield f"{told} wants one every {every} while out of limits", True


def lines(known: Sequence[Expected]) -> Iterator[str]:
    """Sensors with their intervals and marks, for people."""
    for one in known[:SHOWN]:
        note = f", {one.note}" if one.note else ""
        name = one.sensor or "sensors that it names itself"
        yield f"{one.source}: {name} every {duration_text(one.interval_ms)} ({one.origin.value}){note}"
    if len(known) > SHOWN:
        yield f"and {len(known) - SHOWN} sensors more"


def _interval(sensor: WatchedSensor, one: Expected | None) -> tuple[int, str]:
    """The slower of what the fleet declares and what this gateway does."""
    if one is None or one.interval_ms <= sensor.interval_ms:
        return sensor.interval_ms, "fleet"
    return one.interval_ms, one.origin.value
