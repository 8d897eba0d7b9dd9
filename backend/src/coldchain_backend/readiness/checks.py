"""What a zone lacks before it may be in use: points, sensors, calibration, recipients, tests. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final

from coldchain.readings import Grade
from coldchain_backend.access import People
from coldchain_backend.alerts import AlertKind
from coldchain_backend.alerts.reach import alarms_of, gaps, said_times, week, week_begin
from coldchain_backend.alerts.recipients import Uncounted, reached_by, recipients_of
from coldchain_backend.alerts.routing import on_call, route
from coldchain_backend.fleet import Asset, Plan, TestKind, Zone, ZoneTest
from coldchain_backend.ledger import FOLLOWED


class Lack(StrEnum):
    """What is missing."""

    NO_POINT = "no_point"
    UNASSIGNED = "unassigned"
    NEVER_SEEN = "never_seen"
    NO_CERTIFICATE = "no_certificate"
    CERTIFICATE_EXPIRED = "certificate_expired"
    TEMPLATE_UNVERIFIED = "template_unverified"
    GATEWAY_WITHOUT_KEY = "gateway_without_key"
    UNSEALED = "unsealed"
    FOREIGN_STORE = "foreign_store"
    NOBODY_TOLD = "nobody_told"
    NOBODY_ON_CALL = "nobody_on_call"
    RECEIVER_WITHOUT_PERSON = "receiver_without_person"
    TOO_FEW_PERSONS = "too_few_persons"
    PERSON_UNKNOWN = "person_unknown"
    PERSON_DISABLED = "person_disabled"
    PERSON_WITHOUT_ADDRESS = "person_without_address"
    NO_TEST_ALARM = "no_test_alarm"
    NO_POWER_CUT = "no_power_cut"


_ABSENT: Final = {
    Uncounted.UNKNOWN: Lack.PERSON_UNKNOWN,
    Uncounted.DISABLED: Lack.PERSON_DISABLED,
    Uncounted.NO_ADDRESS: Lack.PERSON_WITHOUT_ADDRESS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """One thing that is missing, about `subject`, with a figure or name in `detail`."""

    lack: Lack
    subject: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a sensor said last: when (ms UTC), and through which gateway."""

    at_ms: int | None = None
    gateway: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """All that is known when somebody asks whether a zone is ready, at `now_ms`.

    people  whom receivers may name
    seen    of each sensor that ever spoke
    keys    fingerprint of each gateway's admitted key, None where there is none
    tests   that were recorded of the zone
    """

    plan: Plan
    asset: Asset
    zone: Zone
    now_ms: int
    people: People
    seen: Mapping[str, Seen] = field(default_factory=dict)
    keys: Mapping[str, str | None] = field(default_factory=dict)
    tests: Sequence[ZoneTest] = ()

    def gateways(self) -> list[str]:
        """The gateways that bring the sensors of the zone, or that stand at its asset."""
        heard = [self.seen[one].gateway for one in self._sensors() if one in self.seen]
        standing = [one.name for one in self.plan.gateways if one.asset == self.asset.id]
        return sorted({one for one in (*heard, *standing) if one is not None})

    def _sensors(self) -> Iterator[str]:
        return (point.sensor for point in self.zone.points if point.sensor is not None)


def missing(asked: Asked) -> tuple[Missing, ...]:
    """Everything that is missing, in the order in which it is mended."""
    return (*_points(asked), *_gateways(asked), *_recipients(asked), *_tests(asked))


def _points(asked: Asked) -> Iterator[Missing]:
    if not asked.zone.points:
        yield Missing(lack=Lack.NO_POINT, subject=asked.zone.id)
    for point in asked.zone.points:
        if point.sensor is None:
            yield Missing(lack=Lack.UNASSIGNED, subject=point.id)
            continue
        seen = asked.seen.get(point.sensor)
        if seen is None or seen.at_ms is None:
            yield Missing(lack=Lack.NEVER_SEEN, subject=point.id, detail=point.sensor)
        yield from _calibration(asked, point.sensor)


def _calibration(asked: Asked, name: str) -> Iterator[Missing]:
    sensor = asked.plan.sensor(name)
    certificate = None if sensor is None else sensor.certificate
    today = datetime.fromtimestamp(asked.now_ms / 1000, UTC).date()
    if certificate is None:
        yield Missing(lack=Lack.NO_CERTIFICATE, subject=name)
    elif date.fromisoformat(certificate.due) <= today:
        yield Missing(lack=Lack.CERTIFICATE_EXPIRED, subject=name, detail=certificate.due)
    if sensor is not None and sensor.grade is Grade.TEMPLATE_UNVERIFIED:
        yield Missing(lack=Lack.TEMPLATE_UNVERIFIED, subject=name)


def _gateways(asked: Asked) -> Iterator[Missing]:
    declared = {one.name for one in asked.plan.gateways}
    for name in asked.gateways():
        if name.startswith(FOLLOWED):
            yield Missing(lack=Lack.FOREIGN_STORE, subject=asked.zone.id, detail=name.removeprefix(FOLLOWED))
        elif name not in asked.keys and name not in declared:  # the name of a token
            yield Missing(lack=Lack.UNSEALED, subject=asked.zone.id, detail=name)
        elif asked.keys.get(name) is None:
            yield Missing(lack=Lack.GATEWAY_WITHOUT_KEY, subject=name)


def receivers_of(asked: Asked) -> tuple[str, ...]:
    """All who hear of the zone's alarms at some hour of the week, those of escalations too."""
    plan, matter = asked.plan, alarms_of(asked.asset, asked.zone, AlertKind.EXCURSION)
    begin_ms = week_begin(asked.asset.time_zone, asked.now_ms)
    found: dict[str, None] = {}
    for stretch in week(plan, matter, begin_ms):
        found.update(dict.fromkeys(stretch.receivers))
        for rung in route(matter, plan, stretch.from_ms).rungs:
            found.update(dict.fromkeys(on_call(rung.calls, plan, stretch.from_ms)))
    return tuple(found)


def _recipients(asked: Asked) -> Iterator[Missing]:
    zone, names = asked.zone, receivers_of(asked)
    if not names:
        yield Missing(lack=Lack.NOBODY_TOLD, subject=zone.id)
        return
    begin_ms = week_begin(asked.asset.time_zone, asked.now_ms)
    for gap in gaps(asked.plan, begin_ms):
        if gap.zone == zone.id:
            when = said_times(gap.times, asked.asset.time_zone)
            yield Missing(lack=Lack.NOBODY_ON_CALL, subject=zone.id, detail=when)
            break
    for receiver in asked.plan.receivers:
        if receiver.name in names and receiver.persons and not reached_by([receiver], asked.people):
            yield Missing(lack=Lack.RECEIVER_WITHOUT_PERSON, subject=receiver.name)
    yield from _persons(asked)


def _persons(asked: Asked) -> Iterator[Missing]:
    """Whether as many different persons hear of alarms as the profile demands, and who is named in vain."""
    found = recipients_of(asked.plan, asked.asset, asked.zone, asked.people, asked.now_ms)
    if found.enough:
        return
    yield Missing(lack=Lack.TOO_FEW_PERSONS, subject=asked.zone.id, detail=found.said)
    for one in found.absent:
        yield Missing(lack=_ABSENT[one.why], subject=one.person, detail=one.receiver)


def _tests(asked: Asked) -> Iterator[Missing]:
    done = {one.kind for one in asked.tests}
    if TestKind.TEST_ALARM not in done:
        yield Missing(lack=Lack.NO_TEST_ALARM, subject=asked.zone.id)
    if TestKind.POWER_CUT not in done:
        yield Missing(lack=Lack.NO_POWER_CUT, subject=asked.zone.id)
