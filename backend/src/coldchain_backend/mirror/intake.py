"""Ledger records → what has to be written: readings in order at once, the rest by what is touched.

A reading that lies behind all that its sensor said before is its own winner and goes as it came. Whatever
else comes (late, twice, contradicting, by a key that was revoked once) names a time that is written again
from the series, where the winners are.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import lt, sub
from typing import Final

from coldchain.gaps import gap_limit_ms
from coldchain.lineprotocol import Line
from coldchain.readings import Value
from coldchain.spans import Span
from coldchain_backend.fleet import Fleet, Spell
from coldchain_backend.judging.batches import Content, Spoken, framed, read
from coldchain_backend.ledger import ActName, Kind, Record, read_json, revoked_from
from coldchain_backend.mirror.contracts import Layout, Position
from coldchain_backend.mirror.gathering import EVERYTHING, Gathered, gathered
from coldchain_backend.mirror.points import gateway_line, reading_lines
from coldchain_backend.mirror.standing import Stand, judged_spells, stands
from coldchain_backend.series.blocks import quality_of

LEAP_MS: Final = 3_600_000
MOST_LAYOUTS: Final = 16
MOST_BROUGHT: Final = 32
ANY: Final[Layout] = ("*", -1)
"""Stands for all layouts of a sensor that has too many to tell apart."""


@dataclass(slots=True, kw_only=True)
class Taken:
    """What records brought.

    heaps   readings in order, by sensor, layout, gateway and place
    late    times of sensors that are written again
    gaps    times of sensors whose gaps are written again; `stale`: of these, points may stand there already
    lines   lines of gateways
    """

    heaps: dict[tuple[str, Layout, str, Stand], tuple[list[int], dict[str, list[Value]]]] = field(
        default_factory=dict
    )
    late: dict[str, list[Span]] = field(default_factory=dict)
    gaps: dict[str, list[Span]] = field(default_factory=dict)
    stale: set[str] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)
    readings: int = 0

    def reading_lines(self, organisation: str, sensors: Container[str]) -> Iterator[tuple[list[str], bool]]:
        """The lines of readings in order, and whether they are of one of these sensors."""
        for (sensor, (_, rank), gateway, stand), (times, columns) in self.heaps.items():
            tags = stand.tags(organisation, sensor)
            lines = reading_lines(tags, times, columns, quality_of(rank), gateway)
            yield lines, sensor in sensors


class Intake:
    """Takes records in order; what it knows between them is the position."""

    def __init__(self, fleet: Fleet, position: Position) -> None:
        self._fleet, self._position = fleet, position
        self._stands: dict[str, list[Stand]] = {}
        self._spells: dict[str, list[tuple[Spell, str]]] = {}
        self._since: dict[str, int] = {}
        for version in reversed(fleet.versions):
            self._since.update((sensor.id, version.number) for sensor in version.plan.sensors)

    def take(self, records: Sequence[Record]) -> Taken:
        """Take records; the position says how far."""
        taken = Taken()
        for one in gathered(records):
            if isinstance(one, Record):
                self._note(one, taken)
            else:
                self._take_together(one, taken)
        if records:
            self._position.ledger, self._position.stamp_ms = records[-1].offset, records[-1].received_ms
        return taken

    def _take_together(self, one: Gathered, taken: Taken) -> None:
        content = one.content()
        if content is None:
            for record in one.records:
                told = read(framed(record), EVERYTHING)
                self._take(told, record, taken)
                self._say(told.meta.gateway, [(line, record.received_ms) for line in told.others], taken)
        else:
            self._take(content, one.records[0], taken)
            self._say(content.meta.gateway, one.others, taken)

    def _note(self, record: Record, taken: Taken) -> None:
        if record.kind is Kind.ACT:
            fields = read_json(record.payload)
            if fields.get("act") == ActName.REVOKE.value:
                self._position.revoked.add(str(fields.get("key")))
                from_ms = revoked_from(fields, record.received_ms)
                if from_ms < record.received_ms:
                    self._take_out(str(fields.get("gateway")), from_ms, record.received_ms, taken)

    def _take_out(self, gateway: str, from_ms: int, to_ms: int, taken: Taken) -> None:
        """What a gateway brought since then counts no more: its sensors' time is written again."""
        span = max(0, from_ms - LEAP_MS), to_ms + LEAP_MS
        for sensor, told in self._position.brought.items():
            if any(name == gateway for _, name in told):
                taken.late.setdefault(sensor, []).append(span)
                taken.gaps.setdefault(sensor, []).append(span)
                taken.stale.add(sensor)

    def _take(self, content: Content, record: Record, taken: Taken) -> None:
        """Take readings; `record`: the first that brought some of them."""
        doubtful = content.key in self._position.revoked
        for sensor, parts in content.readings.items():
            trusted = not doubtful and self._since.get(sensor, record.offset) < record.offset
            for part in parts:
                self._take_part(sensor, part, content.meta.gateway, taken, trusted=trusted)

    def _say(self, gateway: str, lines: Iterable[tuple[Line, int]], taken: Taken) -> None:
        """What a gateway says of itself, each line with its stamp."""
        for line, received_ms in lines:
            if line.measurement == "gateway" and line.time is not None:
                taken.lines.append(self._gateway(gateway, line, received_ms))

    def _gateway(self, name: str, line: Line, received_ms: int) -> str:
        plan = self._fleet.plan
        asset = next((one.asset for one in plan.gateways if one.name == name), None) or ""
        return gateway_line(plan.organisation, name, asset, line.fields, (line.time or 0, received_ms))

    def _take_part(self, sensor: str, part: Spoken, gateway: str, taken: Taken, *, trusted: bool) -> None:
        first_ms, last_ms = part.times[0], part.times[-1]
        layout = ",".join(part.fields), part.rank
        heard = self._position.heard.setdefault(sensor, {})
        stand = self._stand(sensor, first_ms, last_ms)
        in_order = trusted and _ascends(part.times) and first_ms > _behind(heard, layout)
        taken.readings += len(part.times)
        if stand is not None and not stand.point:
            pass  # it stands nowhere: a later fleet version may say where
        elif not in_order or stand is None:
            taken.late.setdefault(sensor, []).extend(_spans(part.times))
        else:
            self._bring(sensor, first_ms, gateway)
            heap = taken.heaps.get((sensor, layout, gateway, stand))
            if heap is None:
                heap = taken.heaps[sensor, layout, gateway, stand] = [], {name: [] for name in part.fields}
            heap[0].extend(part.times)
            for name, values in part.fields.items():
                heap[1][name].extend(values)
        self._look_for_gaps(sensor, part, taken, in_order=in_order)
        _hear(heard, layout, last_ms)

    def _stand(self, sensor: str, first_ms: int, last_ms: int) -> Stand | None:
        """Where a sensor stood all that time; a stand without a point: nowhere; None: it moved."""
        known = self._stands.get(sensor)
        if known is None:
            known = self._stands[sensor] = stands(self._fleet, sensor)
        touched = [
            one for one in known if one.from_ms <= last_ms and (one.to_ms is None or first_ms < one.to_ms)
        ]
        if not touched:
            return Stand(0, None, "", "", "", "")
        one = touched[-1]
        whole = one.from_ms <= first_ms and (one.to_ms is None or last_ms < one.to_ms)
        return one if len(touched) == 1 and whole else None

    def _bring(self, sensor: str, from_ms: int, gateway: str) -> None:
        told = self._position.brought.setdefault(sensor, [])
        if not told or told[-1][1] != gateway:
            told.append((from_ms, gateway))
            del told[:-MOST_BROUGHT]

    def _ended(self, key: tuple[str, str], tail: int | None, first_ms: int) -> bool:
        """Whether a gap is marked up to the end of a spell into which a reading falls now."""
        sensor, quantity = key
        return any(
            spell.to_ms is not None
            and max(first_ms, -1 if tail is None else tail) < spell.to_ms <= self._position.ticked_ms
            for spell, name in self._spells[sensor]
            if name == quantity
        )

    def _look_for_gaps(self, sensor: str, part: Spoken, taken: Taken, *, in_order: bool) -> None:
        known = self._spells.get(sensor)
        if known is None:
            known = self._spells[sensor] = judged_spells(self._fleet, sensor)
        first_ms, last_ms = part.times[0], part.times[-1]
        tails, unknown = self._position.tails, self._position.unknown
        for quantity in {quantity for _, quantity in known if quantity in part.fields}:
            key = sensor, quantity
            tail = tails.get(key)
            spell = next((one for one, name in known if name == quantity and one.holds(last_ms)), None)
            if in_order and spell is not None and (tail is None or tail < spell.from_ms):
                taken.gaps.setdefault(sensor, []).append((tail or 0, last_ms + 1))
                taken.stale.update({sensor} if key in unknown else ())
            elif not in_order or key in unknown or self._ended(key, tail, first_ms):
                taken.stale.add(sensor)
                taken.gaps.setdefault(sensor, []).extend(_spans(part.times))
            elif spell is None or not spell.holds(first_ms) or _gapes(part.times, tail, spell):
                taken.gaps.setdefault(sensor, []).append((first_ms, last_ms + 1))
            tails[key] = last_ms if tail is None else max(tail, last_ms)


def _ascends(times: Sequence[int]) -> bool:
    return len(times) == 1 or all(map(lt, times, times[1:]))


def _behind(heard: dict[Layout, int], layout: Layout) -> int:
    """The newest time at which something was said that a reading of this layout could contradict."""
    if len(heard) == 1 and layout in heard:
        return heard[layout]
    names = frozenset(layout[0].split(","))
    return max(
        (
            at_ms
            for (others, rank), at_ms in heard.items()
            if others == "*" or rank != layout[1] or not names.isdisjoint(others.split(","))
        ),
        default=-1,
    )


def _hear(heard: dict[Layout, int], layout: Layout, last_ms: int) -> None:
    heard[layout] = max(heard.get(layout, -1), last_ms)
    if len(heard) > MOST_LAYOUTS:
        newest = max(heard.values())
        heard.clear()
        heard[ANY] = newest


def _spans(times: Sequence[int]) -> list[Span]:
    """The times, joined where they lie less than an hour apart."""
    found: list[Span] = []
    for at_ms in sorted(times):
        if found and at_ms - found[-1][1] < LEAP_MS:
            found[-1] = found[-1][0], at_ms + 1
        else:
            found.append((at_ms, at_ms + 1))
    return found


def _gapes(times: Sequence[int], tail: int | None, spell: Spell) -> bool:
    """Whether unknown time lies in front of or between readings in order."""
    limit_ms = gap_limit_ms(spell.profile, spell.interval_ms)
    since_ms = spell.from_ms if tail is None else max(tail, spell.from_ms)
    if times[0] - since_ms > limit_ms:
        return True
    return len(times) > 1 and max(map(sub, times[1:], times)) > limit_ms
