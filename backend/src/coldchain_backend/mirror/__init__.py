"""The mirror: what judging committed, written to InfluxDB for Grafana and others; nothing waits for it."""

from coldchain_backend.mirror.consumer import Mirror, MirrorPorts
from coldchain_backend.mirror.contracts import Precision
from coldchain_backend.mirror.guard import Guard
from coldchain_backend.mirror.influx import Influx, Place, Wires, wires
from coldchain_backend.mirror.outcome import Left, MirrorTrouble, Trouble
from coldchain_backend.mirror.shape import SHAPES, Field, FieldKind, Shape
from coldchain_backend.mirror.state import CONDITIONS, MirrorState

__all__ = [
    "CONDITIONS",
    "SHAPES",
    "Field",
    "FieldKind",
    "Guard",
    "Influx",
    "Left",
    "Mirror",
    "MirrorPorts",
    "MirrorState",
    "MirrorTrouble",
    "Place",
    "Precision",
    "Shape",
    "Trouble",
    "Wires",
    "wires",
]
