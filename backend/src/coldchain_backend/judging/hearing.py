"""Whether the backend itself hears nothing: gateways that fell silent together are one fault, not many."""

from typing import Final

from coldchain.conditions import hears_nothing
from coldchain.profiles import Level
from coldchain_backend.alerts import AlertKind, EndKind
from coldchain_backend.judging.contracts import GatewayState
from coldchain_backend.judging.device_conditions import Conditions, beginning
from coldchain_backend.judging.present import Present, Settings

SUBJECT: Final = "hears_nothing"
HEARS_NOTHING: Final = "the backend hears nothing: gateways fell silent together"
MOST_NAMED: Final = 8
"""So many assets are named in the alert."""

ASK_AGAIN_MS: Final = 60_000
"""While the backend hears nothing, each gateway's own absence is looked at again after this time."""


class Hearing:
    """Counts the gateways that were last heard at about one time and not since."""

    def __init__(self, present: Present, conditions: Conditions, settings: Settings) -> None:
        self._present, self._conditions, self._settings = present, conditions, settings

    def nothing(self, gateway: GatewayState) -> bool:
        """Whether the absence of a gateway is part of a silence of many; that is told instead, once."""
        expected = self._expected()
        silent = [one for one in expected if self._silent(one) and self._with(one, gateway)]
        if not hears_nothing(len(silent), len(expected)):
            return False
        since_ms = min(_heard_ms(one) for one in silent)
        state = self._conditions.state(AlertKind.SYSTEM, SUBJECT)
        detail = f"{HEARS_NOTHING} ({len(silent)}/{len(expected)}: {self._assets(silent)})"
        self._conditions.tell(
            state or beginning(AlertKind.SYSTEM, SUBJECT, since_ms), Level.ALARM, detail=detail
        )
        return True

    def heard(self) -> None:
        """A gateway was heard: perhaps few enough are silent now for each to be told by itself."""
        state = self._conditions.state(AlertKind.SYSTEM, SUBJECT)
        if state is None:
            return
        expected = self._expected()
        if not hears_nothing(sum(self._silent(one) for one in expected), len(expected)):
            self._conditions.end(state, EndKind.RESOLVED, self._present.now_ms)

    def _assets(self, silent: list[GatewayState]) -> str:
        """Whose gateways they are, by id: who reads it, is shown names; the first ones, and how many more."""
        of_gateway = {one.name: one.asset for one in self._present.fleet.gateways}
        ids = dict.fromkeys(of_gateway.get(one.gateway) or one.gateway for one in silent)
        shown = ", ".join(list(ids)[:MOST_NAMED])
        return shown + (f" +{len(ids) - MOST_NAMED}" if len(ids) > MOST_NAMED else "")

    def _expected(self) -> list[GatewayState]:
        """Gateways that should speak: they bring sensors in use, and did not go down in order."""
        names = {self._present.gateway_of(sensor) for sensor in self._present.watched}
        states = (self._present.gateways.get(name or "") for name in sorted(names, key=str))
        return [one for one in states if one is not None and not one.going_down]

    def _silent(self, gateway: GatewayState) -> bool:
        since_ms = max(_heard_ms(gateway), self._present.progress.started_ms)
        return self._present.now_ms - since_ms > self._settings.quiet_ms

    def _with(self, one: GatewayState, other: GatewayState) -> bool:
        return abs(_heard_ms(one) - _heard_ms(other)) <= self._settings.quiet_ms


def _heard_ms(gateway: GatewayState) -> int:
    return gateway.known_ms if gateway.heard_ms is None else gateway.heard_ms
