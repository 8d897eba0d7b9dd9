"""Convoys: batches of one run that were received together, judged as one where that changes nothing.

A gateway with few sensors seals small batches and sends a hundred of them in one request, and the ledger
stamps them alike. What their readings do is defined batch by batch; but where no reading opens anything and
nothing waits or is silent, the batches together do what they do one after another. A property test holds both
equal, whatever the log.
"""

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from operator import lt

from coldchain.seal import Batch
from coldchain_backend.judging.batches import WORST_RANK, Content, Framed, framed, read_body, samples_of
from coldchain_backend.judging.contracts import SensorState
from coldchain_backend.judging.devices import FIELDS
from coldchain_backend.judging.presence import silence_due_ms, was_quiet
from coldchain_backend.judging.present import Present, Settings
from coldchain_backend.ledger import Kind, Record

LONGEST_BYTES = 1 << 20
Convoy = Sequence[Framed]


def convoys(records: Sequence[Record]) -> Iterator[Convoy | Record]:
    """Runs of sealed batches that follow each other in number and stamp; everything else by itself."""
    convoy: list[Framed] = []
    size = 0
    for record in records:
        if record.kind is not Kind.BATCH:
            if convoy:
                yield convoy
            convoy, size = [], 0
            yield record
            continue
        one = framed(record)
        size += len(record.payload)
        if convoy and (size > LONGEST_BYTES or not _follows(one, convoy[-1])):
            yield convoy
            convoy, size = [], len(record.payload)
        convoy.append(one)
    if convoy:
        yield convoy


def _follows(one: Framed, before: Framed) -> bool:
    return (
        isinstance(one.batch, Batch)
        and isinstance(before.batch, Batch)
        and one.meta.seq == before.meta.seq + 1
        and one.meta.run == before.meta.run
        and one.meta.gateway == before.meta.gateway
        and one.batch.gateway == before.batch.gateway
        and one.record.received_ms == before.record.received_ms
        and one.sealed
        and before.sealed
    )


def together(convoy: Convoy, present: Present, settings: Settings, loud: Container[str]) -> Content | None:
    """The convoy as one, if its batches one after another would do the same; the log stands at its stamp.

    What `loud` sensors say touches others. The caller has seen that nobody waits for the gateway, nor for
    missing batches.
    """
    first, last = convoy[0], convoy[-1]
    run = present.runs.get(last.meta.run)
    in_order = first.meta.seq == (0 if run is None else run.held) + 1
    gateway = present.gateways.get(last.meta.gateway)
    if not in_order or (gateway is not None and was_quiet(gateway, present.now_ms, settings)):
        return None
    body = b"".join([one.batch.body for one in convoy if isinstance(one.batch, Batch)])
    content = read_body(last, first.meta.seq, body, present.known)
    if content.unjudged or content.others or content.key in present.revoked:
        return None
    quiet = not any(sensor in loud for sensor in content.readings) and all(
        _quiet(content, sensor, present, settings) for sensor in content.readings
    )
    return content if quiet else None


def _quiet(content: Content, sensor: str, present: Present, settings: Settings) -> bool:
    """Whether the readings of a sensor are of one kind and in order, and open, end and silence nothing."""
    part, *more = content.readings[sensor]
    times = part.times
    if more or part.rank > WORST_RANK or not FIELDS.isdisjoint(part.fields):
        return False
    in_order = bool(part.bounds) or all(map(lt, times, times[1:]))
    if not in_order or not _speaks_on(sensor, times[0], present, settings):
        return False
    stretch = present.stretch(sensor, times[0], times[-1])
    for spell, courses in stretch:
        if not (spell.holds(times[0]) and spell.holds(times[-1])):
            return False
        for course in courses:
            if not course.open and course.glance(part) is not None:
                continue
            samples = samples_of([part], course.key.quantity, spell.from_ms, spell.to_ms)
            if samples and not course.stays_quiet(course.seen(samples)):
                return False
    return True


def _speaks_on(sensor: str, first_ms: int, present: Present, settings: Settings) -> bool:
    """Whether a reading of `first_ms`, heard now, ends no silence and leaves none that is due now."""
    spell = present.watched.get(sensor)
    if spell is None:
        return True
    state = present.sensors.get(sensor) or SensorState(sensor=sensor)
    if state.silent_ms is not None:
        return False
    state = replace(state, last_ms=max(first_ms, state.last_ms or 0), heard_ms=present.now_ms)
    gateway = present.gateways.get(present.gateway_of(sensor) or "")
    return silence_due_ms(spell, state, gateway, present.progress.started_ms, settings) > present.now_ms
