"""The mirror: what judging committed, written to InfluxDB for Grafana and others; nothing waits for it."""

from coldchain_backend.mirror.compare import Comparing, Comparison, Piece
from coldchain_backend.mirror.consumer import Mirror, MirrorPorts
from coldchain_backend.mirror.expected import Expected
from coldchain_backend.mirror.guard import Guard
from coldchain_backend.mirror.memory import load as load_position
from coldchain_backend.mirror.shape import SHAPES, Field, FieldKind, Shape
from coldchain_backend.mirror.state import CONDITIONS, MirrorState

__all__ = [
    "CONDITIONS",
    "SHAPES",
    "Comparing",
    "Comparison",
    "Expected",
    "Field",
    "FieldKind",
    "Guard",
    "Mirror",
    "MirrorPorts",
    "MirrorState",
    "Piece",
    "Shape",
    "load_position",
]
