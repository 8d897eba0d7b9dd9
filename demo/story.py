"""What the demonstration shows, act by act, and what it finds out on the way."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from demo import summary
from demo.api import ApiError, Json
from demo.evidence import BrokenLedger, Name, Tally, compare, from_api, from_ledger
from demo.neighbour import ASSETS
from demo.programs import ProgramFailed
from demo.receiver import SYSTEM
from demo.stage import ORDER, Stage
from demo.stage import Name as Program
from demo.summary import Check
from demo.waiting import NotInTime

ORGANISATION = "demo"
LIVE_WITHIN_S = 90.0
ACT_WITHIN_S = 60.0
CUT_S = 30.0
FILLED_WITHIN_S = 30.0
LOOK_EVERY_S = 0.25
SENSORS = {"serial": "chiller-front", "modbus": "freezer-md02", "mqtt": "配送车/前"}


@dataclass(slots=True)
class Story:
    """Told once on a stage; `tell` prints one sentence."""

    stage: Stage
    tell: Callable[[str], None]
    done: list[Check] = field(default_factory=list, init=False)
    warned: set[str] = field(default_factory=set, init=False)
    over: bool = field(default=False, init=False)

    def live(self) -> None:
        """Values of all three wires are in the backend."""
        for wire, sensor in SENSORS.items():
            celsius = self._until(f"a {wire} reading", partial(self._latest, sensor), LIVE_WITHIN_S)
            self.tell(f"live over {wire}: {sensor} {celsius:.1f} °C")

    def door(self) -> None:
        """The door is left open: warning on the page, alarm by webhook, return, resolve by webhook."""
        self.tell("somebody is about to leave the chiller's door open …")
        self._until("the door to be opened", lambda: self._happened("door_opens"), ACT_WITHIN_S)
        self.tell("the chiller's door is open")
        self._until("a warning on the page", self._warning, ACT_WITHIN_S)
        self.tell("warning on the page (people are not messaged yet)")
        self._until("the alarm's webhook", lambda: self._webhook("alert.fired"), ACT_WITHIN_S)
        self.tell("alarm: webhook received, signature verified")
        self._until("the door to be closed", lambda: self._happened("door_closes"), ACT_WITHIN_S)
        self.tell("the door is closed, the air comes back")
        self._until("the resolve's webhook", lambda: self._webhook("alert.resolved"), ACT_WITHIN_S)
        self.tell("back within limits: resolve received, signature verified")

    def outage(self) -> None:
        """The uplink is cut for 30 s; what was measured meanwhile fills in afterwards."""
        self.stage.uplink.cut()
        self.tell(f"the uplink is cut for {CUT_S:.0f} s; the gateway goes on reading and keeps everything")
        cut_at = time.monotonic()
        self._until("the outage to pass", lambda: time.monotonic() - cut_at >= CUT_S, CUT_S + 5.0)
        behind = len(self._missing())
        self.stage.uplink.mend()
        self.tell(f"the uplink is back; {behind} readings are still to come")
        mended_at = time.monotonic()
        known = {one.name for one in self.stage.truth()}
        self._until("the backlog", lambda: not self._missing() & known, FILLED_WITHIN_S)
        took = time.monotonic() - mended_at
        self.tell(f"the backlog has filled in after {took:.1f} s")
        self.done.append(
            Check(
                statement="uplink cut for 30 s, backlog filled in",
                found=f"{behind} readings",
                holds=behind > 0,
            )
        )

    def checks(self) -> list[Check]:
        """End the devices, let everything arrive, and compare; the stage must still run."""
        self.over = True
        self.stage.stop("simulator")
        try:
            self._until("the last readings", lambda: not self._missing(), FILLED_WITHIN_S)
        except NotInTime as error:
            self.tell(str(error))
        found = [*summary.tallies("the API", self._in_api()), *self._ledger_checks()]
        found.append(self._warning_check())
        found += [*summary.webhooks(self.stage.receiver.once()), *self.done, self._verify()]
        return found

    def watch(self) -> None:
        """Note alerts that have stood on the page as warnings."""
        for alert in self._alerts():
            if any(level == "warning" for level in self._levels(str(alert["id"]))):
                self.warned.add(str(alert["id"]))

    # --- looking ---

    @property
    def alive(self) -> tuple[Program, ...]:
        """The programs that must run at this point of the story."""
        return tuple(name for name in ORDER if not (self.over and name == "simulator"))

    def _until(self, what: str, look: Callable[[], Json], within_s: float) -> float:
        def looked() -> float | None:
            try:
                found = look()
            except ApiError:
                return None
            if found is None or found is False:
                return None
            return float(found) if isinstance(found, (int, float)) else 1.0

        return self.stage.until(what, looked, within_s=within_s, alive=self.alive, every_s=LOOK_EVERY_S)

    def _latest(self, sensor: str) -> float | None:
        for item in self.stage.api.items("/api/v1/readings", sensor=sensor):
            value = item.get("temperature")
            if isinstance(value, (int, float)):
                return float(value)
        return None

    def _alerts(self) -> list[Mapping[str, Json]]:
        """All alerts, but for those about the product and its machine, and those of a neighbour."""
        found = [one for one in self.stage.api.items("/api/v1/alerts") if one.get("kind") != SYSTEM]
        if self.stage.settings.foreign is None:
            return found
        return [one for one in found if one.get("asset") not in {*ASSETS, None}]

    def _happened(self, event: str) -> bool:
        return any(one.event == event for one in self.stage.events())

    def _warning(self) -> bool:
        self.watch()
        return bool(self.warned)

    def _levels(self, alert: str) -> list[Json]:
        """The levels that this alert has had, by its own history."""
        told = self.stage.api.get(f"/api/v1/alerts/{alert}")
        steps = told.get("timeline") if isinstance(told, dict) else None
        if not isinstance(steps, list):
            return []
        return [step.get("level") for step in steps if isinstance(step, dict)]

    def _webhook(self, kind: str) -> bool:
        return any(one.type == kind and one.verified for one in self.stage.receiver.received())

    def _in_api(self) -> list[Tally]:
        truth = self.stage.truth()
        return compare(truth, from_api(self.stage.api, {one.sensor for one in truth}))

    def _missing(self) -> frozenset[Name]:
        return frozenset().union(*(tally.missing for tally in self._in_api()))

    def _ledger_checks(self) -> list[Check]:
        try:
            held = list(from_ledger(self.stage.backend_data / "ledger", ORGANISATION))
        except BrokenLedger as error:
            return [Check(statement="the ledger's files hold together", found=str(error), holds=False)]
        return summary.tallies("the ledger", compare(self.stage.truth(), held))

    def _warning_check(self) -> Check:
        alerts = {str(alert["id"]) for alert in self._alerts()}
        return Check(
            statement="one warning on the page",
            found=f"{len(self.warned)} seen, {len(alerts)} alerts in all",
            holds=len(self.warned) == 1 and alerts == self.warned,
        )

    def _verify(self) -> Check:
        try:
            said = self.stage.backend("verify").strip()
        except ProgramFailed as error:
            return Check(statement="verify", found=str(error), holds=False)
        return Check(statement="verify", found=said.splitlines()[0] if said else "", holds="intact" in said)
