"""Any question about what was measured, judged and told. Pure reads, outside the consumer's thread."""

import threading
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from coldchain.errors import InvalidInput, Unavailable
from coldchain.marks import MarkKind
from coldchain_backend.fleet import Fleet, ZoneTest
from coldchain_backend.judging.alert_answers import AlertAnswers
from coldchain_backend.judging.as_of import ReadingsAsOf
from coldchain_backend.judging.board import board_of
from coldchain_backend.judging.compliance import Compliance, Kept
from coldchain_backend.judging.contracts import GatewayState, Progress, SensorState, StoredExcursion
from coldchain_backend.judging.explained import explanation
from coldchain_backend.judging.inquiry import Answer, Asked, Examined, Gaps, Inquiry
from coldchain_backend.judging.revocations import Revocation
from coldchain_backend.judging.traces import spells_at, sums_show_gaps, trace_of_samples, trace_of_sums
from coldchain_backend.judging.versions import with_record, with_said
from coldchain_backend.judging.views import Board, Counts, Recall, Trace
from coldchain_backend.judging.voided import stamped_before
from coldchain_backend.ledger import Ledger
from coldchain_backend.series import STEP_MS, SeriesReading

LATELY_MS: Final = 300_000
MOST_LATELY: Final = 1000


class Answers(AlertAnswers):
    """Asks `recall`, and the ledger for what was known earlier; keeps only the fleet."""

    def __init__(self, recall: Recall, organisation: str, ledger: Ledger | None = None) -> None:
        super().__init__(recall)
        self._ledger = ledger
        self._fleet = Fleet.empty(organisation)
        self._said = 0
        self._lately: dict[tuple[str, int], tuple[int, Answer]] = {}
        self._lock = threading.Lock()

    def fleet(self) -> Fleet:
        """The fleet as judging knows it."""
        with self._lock:
            for record in self._recall.fleets(self._fleet.current.number):
                self._fleet = with_record(self._fleet, record)
            said = self._recall.said(self._said)
            if said:
                self._fleet = with_said(self._fleet, said)
                self._said = max(one.number for one in said)
            return self._fleet

    def progress(self) -> Progress:
        """How far the log was judged."""
        return self._recall.progress()

    def gateways(self) -> Sequence[GatewayState]:
        """What is known of gateways: when they were heard, and their health."""
        return self._recall.gateways()

    def zone_tests(self, zone: str) -> Sequence[ZoneTest]:
        """Tests that people recorded of a zone, oldest first."""
        return self._recall.zone_tests(zone)

    def sensors(self) -> Sequence[SensorState]:
        """What is known of every sensor that ever spoke, also of those not in the fleet, by name."""
        return sorted(self._recall.facts().sensors.values(), key=lambda one: one.sensor)

    def lately(self, zone: str, span_ms: int) -> Answer | None:
        """The verdict on the last `span_ms` of a zone, at most five minutes old. None without points."""
        stamp_ms = self._recall.progress().stamp_ms
        made_ms, answer = self._lately.get((zone, span_ms), (0, None))
        if answer is None or not made_ms <= stamp_ms < made_ms + LATELY_MS:
            asked = Asked(zone=zone, from_ms=max(0, stamp_ms - span_ms), to_ms=stamp_ms)
            try:
                [answer] = self.verdicts([asked])
            except InvalidInput:
                return None
            if len(self._lately) >= MOST_LATELY:
                self._lately.clear()
            self._lately[zone, span_ms] = stamp_ms, answer
        return answer

    def unjudged(self) -> Mapping[str, int]:
        """How much is in evidence but not judged, by reason."""
        return self._recall.unjudged()

    def revocations(self) -> Sequence[Revocation]:
        """Acts that revoked keys, in the order of the log."""
        return self._recall.revocations()

    def counts(self) -> Counts:
        """How many alerts and deliveries there are."""
        return self._recall.counts()

    def board(self, now_ms: int) -> Board:
        """How every point stands at `now_ms`."""
        return board_of(self._recall.facts(), self.fleet(), now_ms)

    def trace(
        self, point: str, from_ms: int, to_ms: int, buckets: int, quantity: str = "temperature"
    ) -> Trace:
        """A quantity at a point over time, whichever sensors stood there, in at most so many buckets.

        Buckets of five minutes and more begin at full five minutes, so that summaries of the series serve;
        the first and last are cut at the edges of the time asked for.
        """
        spells = []
        for spell in spells_at(self.fleet(), point):
            start_ms = max(from_ms, spell.from_ms)
            end_ms = to_ms if spell.to_ms is None else min(to_ms, spell.to_ms)
            if start_ms < end_ms:
                spells.append((spell, start_ms, end_ms))
        width_ms = max(1, -(-(to_ms - from_ms) // max(1, buckets)))
        if width_ms >= STEP_MS and all(sums_show_gaps(spell) for spell, _, _ in spells):
            sums = [
                (spell, self._recall.overview(spell.sensor, quantity, start_ms, end_ms))
                for spell, start_ms, end_ms in spells
            ]
            return trace_of_sums(sums, from_ms, to_ms, width_ms)
        said = [
            (spell, self._recall.samples(spell.sensor, quantity, start_ms, end_ms))
            for spell, start_ms, end_ms in spells
        ]
        return trace_of_samples(said, from_ms, to_ms, width_ms)

    def readings(
        self, sensor: str, from_ms: int, to_ms: int, *, after_ms: int | None = None, limit: int = 1000
    ) -> Sequence[SeriesReading]:
        """What a sensor said in from_ms ≤ time < to_ms, by time, behind `after_ms`."""
        start_ms = from_ms if after_ms is None else max(from_ms, after_ms + 1)
        return self._recall.page(sensor, start_ms, to_ms, limit)

    def graded(
        self, sensor: str, quantity: str, from_ms: int, to_ms: int
    ) -> tuple[Sequence[tuple[int, float]], Sequence[int]]:
        """What a verdict on a sensor's quantity rests on: (time, value) by time, and the rank of each."""
        return self._recall.graded(sensor, quantity, from_ms, to_ms)

    def verdicts(
        self,
        legs: Sequence[Asked],
        profile: str | None = None,
        quantity: str = "temperature",
        as_of: int | None = None,
    ) -> list[Answer]:
        """The verdict on each leg, under one profile version or under each zone's own.

        `as_of`: as it was known when the ledger had so many records. Raises InvalidInput otherwise.
        """
        inquiry = self._inquiry(as_of)
        return [inquiry.answer(leg, profile, quantity) for leg in legs]

    def examined(self, zone: str, from_ms: int, to_ms: int, as_of: int | None = None) -> list[Examined]:
        """Each part of a zone's time with all that its verdict rests on, under the profile valid then."""
        return list(self._inquiry(as_of).examined(zone, from_ms, to_ms))

    def gaps(self, legs: Sequence[Asked], as_of: int | None = None) -> list[tuple[int, Gaps]]:
        """The unknown time of each point of each leg, with the number of the leg."""
        inquiry = self._inquiry(as_of)
        return [(index, one) for index, leg in enumerate(legs) for one in inquiry.gaps(leg)]

    def _inquiry(self, as_of: int | None) -> Inquiry:
        fleet = self.fleet()
        if as_of is None:
            return Inquiry(fleet=fleet, readings=self._recall)
        fleet = fleet.as_of(as_of)
        readings = ReadingsAsOf(recall=self._recall, ledger=self._evidence(), number=as_of)
        return Inquiry(fleet=fleet, readings=readings)

    def number_at(self, at_ms: int) -> int:
        """How many records the ledger had at an instant, by its own stamps."""
        ledger = self._evidence()
        return stamped_before(ledger, at_ms + 1, ledger.end)

    def _evidence(self) -> Ledger:
        if self._ledger is None:
            raise Unavailable("the ledger is not at hand here; ask without `as_of`")
        return self._ledger

    def compliance(
        self, points: Sequence[str], from_ms: int, to_ms: int, quantity: str = "temperature"
    ) -> list[Kept]:
        """How much of the required time was known and within limits, per point and profile version."""
        summing = Compliance(recall=self._recall, fleet=self.fleet(), quantity=quantity)
        return summing.of_points(points, from_ms, to_ms)

    def excursions(  # noqa: PLR0913 - a question has this many sides
        self,
        points: Collection[str] | None,
        from_ms: int,
        to_ms: int,
        *,
        after: str | None = None,
        limit: int = 100,
        as_of: int | None = None,
    ) -> Sequence[StoredExcursion]:
        """Excursions that overlap a time, newest first; None: of all points.

        `as_of`: as they stood when the ledger had so many records.
        """
        if as_of is not None:
            return self._recall.excursions_as_of(points, from_ms, to_ms, as_of, after, limit)
        found = self._recall.excursions(points, from_ms, to_ms, after, limit)
        if all(one.excursion.closed_ms is not None for one in found):
            return found
        current = self._current()
        return [current.excursion(one) for one in found]

    def history(self, excursion: str) -> Sequence[StoredExcursion]:
        """Every state in which an excursion was kept, oldest first; empty for one that never was."""
        return self._recall.history(excursion)

    def explained(self, excursion: StoredExcursion) -> MarkKind | None:
        """The defrost or open door that an excursion may come from, by the switches of its zone."""
        place = self.fleet().plan.place_of_point(excursion.point)
        opened_ms = excursion.excursion.opened_ms
        return None if place is None else explanation(self._recall, place.zone, opened_ms)
