"""InfluxDB over HTTP: connections, statements, what answers mean; for whoever writes to one or reads one."""

from coldchain_backend.influx.client import Influx, Place, Table, Wires, literal, quoted, wires
from coldchain_backend.influx.outcome import (
    Answer,
    InfluxTrouble,
    Left,
    Trouble,
    Written,
    trouble_of,
    written,
)
from coldchain_backend.influx.settings import StoreSection, influx_of, reached
from coldchain_backend.influx.values import BucketFacts, Cell, Fields, Points, Precision, SeriesTags
from coldchain_backend.influx.wire import Wire

__all__ = [
    "Answer",
    "BucketFacts",
    "Cell",
    "Fields",
    "Influx",
    "InfluxTrouble",
    "Left",
    "Place",
    "Points",
    "Precision",
    "SeriesTags",
    "StoreSection",
    "Table",
    "Trouble",
    "Wire",
    "Wires",
    "Written",
    "influx_of",
    "literal",
    "quoted",
    "reached",
    "trouble_of",
    "wires",
    "written",
]
