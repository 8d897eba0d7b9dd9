"""A rule test → what happens, step by step: batches that arrive, restarts, fleets, acts."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

from coldchain.errors import InvalidInput
from coldchain.lineprotocol import encode
from coldchain.words import Text
from coldchain_backend.fleet import AssetKind, Webhook
from coldchain_backend.fleetfile import plan_of
from coldchain_backend.fleetfile.document import (
    AssetEntry,
    FleetDocument,
    GatewayEntry,
    PointEntry,
    ReceiverEntry,
    SensorEntry,
    ZoneEntry,
)
from coldchain_backend.ledger import Kind, MarkName, mark_record
from coldchain_backend.ruletests.calendar import Calendar
from coldchain_backend.ruletests.document import CaseEntry, EventEntry, RuleTestFile, SeriesEntry
from coldchain_backend.ruletests.drafts import MAX_BATCHES, Draft, arrivals, reading_line
from coldchain_backend.ruletests.steps import (
    SETTLE_MS,
    Acknowledge,
    Action,
    BackUp,
    Down,
    Put,
    Restart,
    Restored,
    Script,
    Shelve,
    Step,
    Unheard,
    fleet_put,
)

RECEIVER = "dispatch"
QUIET_MS = 60_000
ALIVE_MS = 10_000
LOOK_MS = 60_000
"""How often the courier looks for what waits too long."""


def calendar_of(file: RuleTestFile) -> Calendar:
    """The day and zone of a file."""
    return Calendar(day=date.fromisoformat(file.day), zone=ZoneInfo(file.time_zone))


def script_of(case: CaseEntry, file: RuleTestFile) -> Script:
    """The steps of a case. Raises InvalidInput where instants are wrong or it is too large."""
    return _Writer(case, file).script()


class _Writer:
    def __init__(self, case: CaseEntry, file: RuleTestFile) -> None:
        self.case, self.file, self.calendar = case, file, calendar_of(file)
        self.document = fleet_of(case, file)
        self.drafts: dict[str, list[Draft]] = {}

    def script(self) -> Script:
        starts = [self.calendar.instant(one.start) for one in self.case.series.values()]
        begin_ms = min(starts) - self.file.transit
        self._series()
        self._extras()
        last_ms = max(draft.sealed_ms for drafts in self.drafts.values() for draft in drafts)
        end_ms = last_ms + self.file.transit
        if self.case.until is not None:
            end_ms = max(end_ms, self.calendar.instant(self.case.until))
        self._heartbeats(begin_ms, end_ms)
        self._absences()
        steps = [Step(at_ms=begin_ms, action=fleet_put(plan_of(self.document)))]
        for gateway, drafts in sorted(self.drafts.items()):
            steps += arrivals(self.document.organisation, gateway, drafts)
        steps += self._events()
        steps = self._downtimes(self._restored(steps))
        end_ms = max([end_ms, *(step.at_ms for step in steps)]) + SETTLE_MS
        steps.append(Step(at_ms=end_ms, action=Put(record=mark_record(MarkName.ALIVE))))
        steps.sort(key=lambda step: step.at_ms)
        steps = self._alive(steps)
        return Script(
            organisation=self.document.organisation,
            steps=tuple(steps),
            end_ms=end_ms,
            down=tuple(down for down, _ in self._unreachable()),
        )

    def _draft(self, gateway: str, sealed_ms: int, arrives_ms: int | None = None) -> Draft:
        usual_ms = sealed_ms + self.file.transit
        draft = Draft(sealed_ms=sealed_ms, arrives_ms=usual_ms if arrives_ms is None else arrives_ms)
        drafts = self.drafts.setdefault(gateway, [])
        drafts.append(draft)
        if len(drafts) > MAX_BATCHES:
            raise InvalidInput(f"more than {MAX_BATCHES} batches")
        return draft

    def _series(self) -> None:
        moments: dict[tuple[str, int], Draft] = {}
        for sensor, entry in self.case.series.items():
            start_ms = self.calendar.instant(entry.start)
            for number, value in enumerate(entry.values):
                time_ms = start_ms + number * entry.every
                if value is None:
                    continue
                key = entry.gateway, time_ms
                if key not in moments:
                    moments[key] = self._draft(*key)
                moments[key].lines.append(reading_line(sensor, entry.quantity, value, time_ms))

    def _extras(self) -> None:
        for late in self.case.late:
            at_ms = self.calendar.instant(late.at)
            arrives_ms = self.calendar.behind(late.arrives, at_ms)
            draft = self._draft(self._gateway_of(late.sensor), at_ms, arrives_ms)
            draft.lines.append(reading_line(late.sensor, late.quantity, late.value, at_ms))
        for again in self.case.duplicates:
            at_ms = self.calendar.instant(again.at)
            entry, value = self._said(again.sensor, at_ms)
            arrives = None if again.arrives is None else self.calendar.behind(again.arrives, at_ms)
            for _ in range(again.times):
                draft = self._draft(entry.gateway, at_ms, arrives)
                draft.lines.append(reading_line(again.sensor, entry.quantity, value, at_ms))

    def _said(self, sensor: str, at_ms: int) -> tuple[SeriesEntry, float]:
        """What a series says at an instant."""
        entry = self.case.series.get(sensor)
        if entry is not None:
            number, rest = divmod(at_ms - self.calendar.instant(entry.start), entry.every)
            value = entry.values[number] if not rest and 0 <= number < len(entry.values) else None
            if value is not None:
                return entry, value
        raise InvalidInput(f"{sensor} says nothing at {self.calendar.clock(at_ms)} that could be doubled")

    def _gateway_of(self, sensor: str) -> str:
        entry = self.case.series.get(sensor)
        return "gw" if entry is None else entry.gateway

    def _heartbeats(self, begin_ms: int, end_ms: int) -> None:
        for gateway in list(self.drafts):
            for at_ms in range(begin_ms, end_ms, self.file.heartbeat):
                self._draft(gateway, at_ms).lines.append(encode("gateway", {}, {"outbox_batches": 0}, at_ms))

    def _absences(self) -> None:
        for event in self.case.events:
            if event.gateway_offline is not None:
                self._hold_back(event.gateway, *self.calendar.span(event.gateway_offline))
            elif event.lost is not None:
                self._lose(event, *self.calendar.span(event.lost))
            elif event.going_down is not None:
                at_ms = self.calendar.instant(event.going_down)
                line = encode("going_down", {}, {"reason": "sigterm"}, at_ms)
                self._draft(event.gateway, at_ms).lines.append(line)

    def _hold_back(self, gateway: str, begin_ms: int, end_ms: int) -> None:
        """The newest batch comes first, then the backlog from its oldest, as the two lanes send it."""
        waiting = [
            draft
            for draft in self.drafts.get(gateway, ())
            if draft.arrives_ms is not None and begin_ms <= draft.arrives_ms < end_ms
        ]
        waiting.sort(key=lambda draft: draft.sealed_ms)
        for place, draft in enumerate(waiting[-1:] + waiting[:-1]):
            draft.arrives_ms = end_ms + place

    def _lose(self, event: EventEntry, begin_ms: int, end_ms: int) -> None:
        for draft in self.drafts.get(event.gateway, ()):
            if begin_ms <= draft.sealed_ms < end_ms:
                draft.arrives_ms = None
        if event.declared is not None:
            draft = self._draft(event.gateway, self.calendar.instant(event.declared))
            draft.declares = begin_ms, end_ms

    def _events(self) -> Iterator[Step]:
        for event in self.case.events:
            if event.restart_at is not None:
                at_ms = self.calendar.instant(event.restart_at)
                yield Step(at_ms=at_ms, action=Put(record=mark_record(MarkName.STOP)))
                yield Step(at_ms=at_ms, action=Restart())
                yield Step(at_ms=at_ms, action=Put(record=mark_record(MarkName.START)))
            elif event.fleet_at is not None and event.fleet is not None:
                plan = plan_of(event.fleet)
                yield Step(at_ms=self.calendar.instant(event.fleet_at), action=fleet_put(plan, event.by))
            elif event.acknowledge is not None:
                act = Acknowledge(by=event.by, reason=event.reason)
                yield Step(at_ms=self.calendar.instant(event.acknowledge), action=act)
            elif event.shelve is not None:
                at_ms, until_ms = self.calendar.span(event.shelve)
                shelve = Shelve(by=event.by, reason=event.reason, until_ms=until_ms)
                yield Step(at_ms=at_ms, action=shelve)
        for down, after_ms in self._unreachable():
            looks = Unheard(receiver=down.receiver, since_ms=down.from_ms, after_ms=after_ms)
            for at_ms in range(down.from_ms + after_ms, down.to_ms, LOOK_MS):
                yield Step(at_ms=at_ms, action=looks)

    def _unreachable(self) -> Iterator[tuple[Down, int]]:
        """Receivers that take nothing for a time, and how long critical alerts may wait for them."""
        for event in self.case.events:
            if event.receiver_down is not None and event.receiver is not None:
                from_ms, to_ms = self.calendar.span(event.receiver_down)
                yield Down(receiver=event.receiver, from_ms=from_ms, to_ms=to_ms), event.undelivered_after

    def _restored(self, steps: list[Step]) -> list[Step]:
        """What came since the backup comes again, the newest first, then the rest from its oldest."""
        for event in self.case.events:
            if event.restored is None:
                continue
            begin_ms, end_ms = self.calendar.span(event.restored)
            steps.append(Step(at_ms=begin_ms - 1, action=BackUp()))
            steps.append(Step(at_ms=end_ms, action=Restored(by=event.by, reason=event.reason)))
            came = [
                step
                for step in steps
                if begin_ms <= step.at_ms <= end_ms
                and isinstance(step.action, Put)
                and step.action.record.kind is Kind.BATCH
            ]
            came.sort(key=lambda step: step.at_ms)
            steps += [
                Step(at_ms=end_ms + 1 + place, action=step.action)
                for place, step in enumerate(came[-1:] + came[:-1])
            ]
        return steps

    def _alive(self, steps: list[Step]) -> list[Step]:
        """While nothing comes, the service says now and then that it is there; not while it is down."""
        down = [
            self.calendar.span(one.service_down) for one in self.case.events if one.service_down is not None
        ]
        found: list[Step] = []
        for before, after in pairwise(steps):
            found.append(before)
            if after.at_ms - before.at_ms > QUIET_MS:
                found += [
                    Step(at_ms=at_ms, action=Put(record=mark_record(MarkName.ALIVE)))
                    for at_ms in range(before.at_ms + ALIVE_MS, after.at_ms, ALIVE_MS)
                    if not any(begin_ms <= at_ms < end_ms for begin_ms, end_ms in down)
                ]
        return found + steps[-1:]

    def _downtimes(self, steps: list[Step]) -> list[Step]:
        """While the backend is down nothing arrives; all of it does when it is back."""
        for event in self.case.events:
            if event.service_down is None:
                continue
            begin_ms, end_ms = self.calendar.span(event.service_down)
            moved = [
                Step(at_ms=end_ms, action=step.action) if begin_ms <= step.at_ms < end_ms else step
                for step in steps
            ]
            start: list[Action] = [Restart(), Put(record=mark_record(MarkName.START))]
            steps = [Step(at_ms=end_ms, action=action) for action in start] + moved
        return steps


def fleet_of(case: CaseEntry, file: RuleTestFile) -> FleetDocument:
    """The fleet of a case; without one of its own, a store with a point for each series."""
    if case.fleet is not None:
        return case.fleet
    points = tuple(
        PointEntry(id=f"point.{number}", name=Text(en=sensor, zh=sensor), sensor=sensor)
        for number, sensor in enumerate(case.series, start=1)
    )
    zone = ZoneEntry(
        id="zone", name=Text(en="Zone", zh="温区"), profile=case.profile or "", state=case.zone_state,
        points=points,
    )  # fmt: skip
    asset = AssetEntry(
        id="store", kind=AssetKind.COLD_STORE, name=Text(en="Cold store", zh="冷库"),
        time_zone=file.time_zone, zones=(zone,),
    )  # fmt: skip
    webhook = Webhook(url="http://127.0.0.1:9/", secret="env:UNUSED")  # noqa: S106 - a reference, never resolved
    return FleetDocument(
        organisation="rule-tests",
        receivers=(ReceiverEntry(name=RECEIVER, webhook=webhook),),
        system_receiver=RECEIVER,
        profiles=file.profiles,
        assets=(asset,),
        sensors=tuple(
            SensorEntry(id=sensor, interval=entry.interval or entry.every)
            for sensor, entry in case.series.items()
        ),
        gateways=tuple(
            GatewayEntry(name=name, asset="store")
            for name in sorted({entry.gateway for entry in case.series.values()})
        ),
    )
