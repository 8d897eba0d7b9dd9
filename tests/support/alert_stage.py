"""A stage for the desk: causes fire and end, people act, time passes; then who heard what is looked at."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import orjson

from coldchain.profiles import Level
from coldchain_backend.alerts import (
    Act,
    Alert,
    AlertKind,
    Cause,
    Desk,
    End,
    EndKind,
    Subject,
    alert_id_of,
    follow_act,
)
from coldchain_backend.fleet import Alerting, Fleet, FleetVersion, Rate
from coldchain_backend.ledger import Json
from support.alert_book import Book
from support.judged_log import T0, plan

ENDS = {"alert.resolved", "alert.closed", "alert.withdrawn", "alert.merged"}
MINUTE = 60_000
HOUR = 60 * MINUTE


def fleet_of(
    *receivers: str, alerting: Alerting | None = None, rate: Rate | None = None, number: int = 1
) -> Fleet:
    """A fleet of one store with these receivers, the first for the system."""
    what = plan({"s": 1000, "t": 1000}, receivers=receivers)
    what = replace(
        what,
        alerting=alerting or Alerting(),
        receivers=tuple(replace(one, rate=rate) for one in what.receivers),
    )
    version = FleetVersion(number=number, from_ms=T0, digest="", plan=what, text="", by="admin")
    return Fleet.empty("demo").with_version(version)


def cause(
    name: str,
    level: Level = Level.ALARM,
    *,
    kind: AlertKind = AlertKind.EXCURSION,
    sensor: str = "s",
    rule: str = "high",
    asset: str = "store",
    opened_ms: int = T0,
    known_ms: int = T0,
) -> Cause:
    """An excursion at a point of the store, or another kind of cause there."""
    subject = Subject(asset=asset, zone="z", point=f"p.{sensor}", sensor=sensor)
    return Cause(
        id=name, kind=kind, subject=subject, opened_ms=opened_ms, known_ms=known_ms, reached_ms=opened_ms,
        level=level, rule=rule, value=9.0, limit=8.0, peak=9.0, peak_ms=opened_ms,
    )  # fmt: skip


@dataclass
class Stage:
    """One desk over one book; `now_ms` is the log's stamp."""

    fleet: Fleet = field(default_factory=lambda: fleet_of("a"))
    book: Book = field(default_factory=Book)
    now_ms: int = T0
    number: int = 0
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """A new process that knows only what was kept."""
        self.desk = Desk(self.book, "http://page", self.book, None, self.book.remembered())

    def go(self, by_ms: int) -> None:
        """Let time pass, and what becomes due."""
        self.now_ms += by_ms
        self.book.run(self.desk, self.now_ms, self.fleet)

    def fire(self, what: Cause) -> Alert:
        """A cause as it stands now."""
        what = replace(what, known_ms=max(what.known_ms, self.now_ms))
        alert = self.desk.look(what, self.now_ms, self.fleet)
        assert alert is not None
        return alert

    def end(self, what: Cause, kind: EndKind = EndKind.RESOLVED, by: str | None = None) -> None:
        """The cause ends now."""
        known = self.desk.alert_of(what.id)
        was = what if known is None else replace(known.cause, end=None)
        end = End(kind=kind, event_ms=self.now_ms, value=4.0, by=by)
        self.desk.look(replace(was, end=end), self.now_ms, self.fleet)

    def act(self, name: str, alert: str = "", by: str = "Li", reason: str = "seen", **fields: Json) -> int:
        """The act of a person, as the ledger brings it; its number."""
        self.number += 1
        said: dict[str, Json] = {"act": name, "by": by, "reason": reason, **fields}
        if alert:
            said["alert"] = alert
        act = Act(number=self.number, fields=said, now_ms=self.now_ms, fleet=self.fleet)
        assert follow_act(self.desk, act)
        return self.number

    def alert(self, name: str) -> Alert:
        """The alert of a cause."""
        return self.book.alerts[alert_id_of(name)]

    def steps(self, name: str) -> list[str]:
        """The kinds of the steps of a cause's alert."""
        mine = alert_id_of(name)
        return [step.kind.value for (of, _), step in sorted(self.book.steps.items()) if of == mine]

    def heard(self, receiver: str, name: str | None = None) -> list[str]:
        """What a receiver heard of a cause's alert, or of all, by itself and in digests, in order."""
        return [event for who, _, event in self._heard(name) if who == receiver]

    def stories(self) -> dict[tuple[str, str], list[str]]:
        """What each receiver heard of each alert, in order."""
        found: dict[tuple[str, str], list[str]] = {}
        for who, alert, event in self._heard(None):
            found.setdefault((who, alert), []).append(event)
        return found

    def _heard(self, name: str | None) -> list[tuple[str, str, str]]:
        rows: list[tuple[int, int, str, str, str]] = []
        for one in self.book.deliveries.values():
            event = orjson.loads(one.body)["type"]
            if event != "alert.digest" and not one.alert.startswith(("gr_", "dg_")):  # these have entries
                rows.append((one.at_ms, one.sequence, one.receiver, one.alert, event))
        rows += [
            (one.at_ms, one.sequence, one.receiver, one.alert, one.type)
            for one in self.book.told_in_digests.values()
            if one.digest is not None
        ]
        rows.sort(key=lambda row: (row[0], row[3], row[1]))
        wanted = None if name is None else alert_id_of(name)
        return [(who, of, event) for _, _, who, of, event in rows if wanted in {None, of}]
