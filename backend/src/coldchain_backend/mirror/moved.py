"""What a change of the fleet touches, deleted and written again by the pen for the fleet that holds now."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from coldchain.spans import Span
from coldchain_backend.mirror.pen import Pen
from coldchain_backend.mirror.retag import EVER_MS, Retag, merged
from coldchain_backend.mirror.standing import HOUR_MS, judged_spells

DAYS_MS: Final = 48 * HOUR_MS
"""A local day that reaches into a time begins no earlier before it than this."""


def write_again(pen: Pen, touched: Retag) -> None:
    """Delete and write again what a change of the fleet touches."""
    for sensor, spans in touched.readings.items():
        for from_ms, to_ms in _mirrored(pen, sensor, spans):
            pen.delete("reading", {"sensor": sensor}, (from_ms, to_ms))
            pen.readings(sensor, [(from_ms, to_ms)])
    for sensor, spans in touched.gaps.items():
        _gaps(pen, sensor, spans)
    for zone, spans in touched.limits.items():
        for from_ms, to_ms in spans:
            if from_ms <= pen.position.ticked_ms:  # what begins at the end of a span may begin no more
                span = from_ms, min(to_ms, pen.position.ticked_ms) + 1
                pen.delete("limit", {"zone": zone}, span)
                pen.writer.put(list(pen.expected.limits(zone, *span)))
    for point, spans in touched.compliance.items():
        for from_ms, to_ms in spans:
            if from_ms <= pen.position.stamp_ms:
                span = from_ms - DAYS_MS, min(to_ms, pen.position.stamp_ms + DAYS_MS)
                pen.delete("compliance", {"point": point}, span)
                pen.writer.put(list(pen.expected.compliance(point, *span)))
    _zones(pen, touched.compliance)
    for point in sorted(touched.points | touched.compliance.keys()):
        pen.delete("excursion", {"point": point}, (0, EVER_MS))
        pen.put_tied(pen.expected.excursions([point], 0, EVER_MS))
    for point in sorted(touched.points):
        pen.delete("alert", {"point": point}, (0, EVER_MS))
        pen.put_tied(pen.expected.alerts([point], 0, EVER_MS))


def _zones(pen: Pen, touched: Mapping[str, Sequence[Span]]) -> None:
    """The cells of the zones that these points are or were in."""
    spans: dict[str, list[Span]] = {}
    for point, ones in touched.items():
        for zone in pen.points.get(point, ()):
            spans.setdefault(zone, []).extend(one for one in ones if one[0] <= pen.position.stamp_ms)
    for zone, ones in spans.items():
        for from_ms, to_ms in merged(ones):
            span = from_ms - DAYS_MS, min(to_ms, pen.position.stamp_ms + DAYS_MS)
            pen.delete("zone_compliance", {"zone": zone}, span)
            pen.writer.put(list(pen.expected.zone_compliance(zone, *span)))


def _mirrored(pen: Pen, sensor: str, spans: Iterable[Span]) -> list[Span]:
    """The spans as far as readings of the sensor are mirrored."""
    newest_ms = pen.position.newest_ms(sensor)
    if newest_ms is None:
        return []
    return [(from_ms, min(to_ms, newest_ms + 1)) for from_ms, to_ms in spans if from_ms <= newest_ms]


def _gaps(pen: Pen, sensor: str, spans: Iterable[Span]) -> None:
    known_ms = max(pen.position.newest_ms(sensor) or 0, pen.position.ticked_ms)
    for quantity in {quantity for _, quantity in judged_spells(pen.fleet, sensor)}:
        tail = pen.expected.unknown.newest_of(sensor, quantity)
        if tail is not None:
            pen.position.tails[sensor, quantity] = tail
    for from_ms, to_ms in spans:
        if from_ms <= known_ms:
            span = from_ms - 1, min(to_ms, known_ms) + 1  # also of spells that end or begin there
            pen.delete("gap", {"sensor": sensor}, span)
            for key in [key for key in pen.position.unknown if key[0] == sensor]:
                pen.position.unknown.pop(key)
            pen.gaps(sensor, [span], stale=True)
