"""The mirror: what judging committed, written to InfluxDB for Grafana and others; nothing waits for it."""

from coldchain_backend.mirror.shape import SHAPES, Field, FieldKind, Shape

__all__ = ["SHAPES", "Field", "FieldKind", "Shape"]
