"""Who should speak and does not: when a sensor is silent and a gateway offline."""

from dataclasses import replace
from typing import Final

from coldchain.profiles import Level
from coldchain_backend.alerts import Cause, Desk
from coldchain_backend.fleet import Asset, Fleet, Spell
from coldchain_backend.judging.contracts import GatewayState, SensorState
from coldchain_backend.judging.present import Settings

DEFAULT_OFFLINE_MS: Final = 300_000
"""How long a gateway of no asset may be unheard."""


def silence_delay_ms(interval_ms: int, settings: Settings) -> int:
    """How long a sensor may say nothing: 2.5 × its interval, at least 60 s, and what the upload may take."""
    return max(round(settings.silence_factor * interval_ms), settings.silence_ms) + settings.upload_ms


def silence_due_ms(
    spell: Spell,
    sensor: SensorState | None,
    gateway: GatewayState | None,
    started_ms: int,
    settings: Settings,
) -> int:
    """When a sensor's silence is due; never-seen ones count from when they were declared.

    Time in which we, or its gateway, could not hear it is not its silence.
    """
    heard = [spell.from_ms, started_ms]
    if sensor is not None and sensor.last_ms is not None and sensor.heard_ms is not None:
        heard.append(min(sensor.last_ms, sensor.heard_ms))
    if gateway is not None and gateway.returned_ms is not None:
        heard.append(gateway.returned_ms)
    return max(heard) + silence_delay_ms(spell.interval_ms, settings)


def with_uploads(settings: Settings, every_ms: int) -> Settings:
    """The settings for a gateway that sends only every so often: what waits for it waits so much longer."""
    if not every_ms:
        return settings
    return replace(settings, upload_ms=settings.upload_ms + every_ms, quiet_ms=settings.quiet_ms + every_ms)


def rise_ms(told_ms: int, now_ms: int, settings: Settings) -> int | None:
    """When the warning that was told at an instant becomes an alarm; None once it has."""
    due_ms = told_ms + settings.rise_ms
    return due_ms if due_ms > now_ms else None


def show(desk: Desk, cause: Cause, now_ms: int, fleet: Fleet) -> None:
    """Show a cause to the desk; an end changes no level: what was told as an alarm ends as one."""
    before = desk.alert_of(cause.id)
    if before is not None and (cause.end is not None or before.level is Level.ALARM):
        cause = replace(cause, level=before.level, reached_ms=before.cause.reached_ms)
    desk.look(cause, now_ms, fleet)


def missed_since_ms(sensor: SensorState, spell: Spell | None, now_ms: int) -> int:
    """Since when a silent sensor is missed: its last reading, or its declaration if it was never heard."""
    if sensor.last_ms is not None:
        return sensor.last_ms
    return now_ms if spell is None else spell.from_ms


def can_tell(gateway: GatewayState, now_ms: int, settings: Settings) -> bool:
    """Whether a gateway was heard late enough to have brought the reading that is missed at `now_ms`."""
    return gateway.heard_ms is not None and gateway.heard_ms >= now_ms - settings.upload_ms


def was_quiet(gateway: GatewayState, now_ms: int, settings: Settings) -> bool:
    """Whether a gateway that is heard again had been away, so that its readings come late."""
    heard_ms = gateway.known_ms if gateway.heard_ms is None else gateway.heard_ms
    return gateway.offline_ms is not None or now_ms - heard_ms > settings.quiet_ms


def offline_due_ms(
    gateway: GatewayState, asset: Asset | None, started_ms: int, uploads_every_ms: int = 0
) -> int:
    """When a gateway is to be told as offline."""
    after_ms = uploads_every_ms + (DEFAULT_OFFLINE_MS if asset is None else asset.offline_after_ms)
    heard_ms = gateway.known_ms if gateway.heard_ms is None else gateway.heard_ms
    return max(heard_ms, gateway.known_ms, started_ms) + after_ms
