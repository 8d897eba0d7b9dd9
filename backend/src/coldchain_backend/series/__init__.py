"""The series store: what every known sensor said, by event time; judging's own memory."""

from coldchain_backend.series.blocks import Block, Columns
from coldchain_backend.series.compaction import compact
from coldchain_backend.series.graded import graded
from coldchain_backend.series.merge import Conflict, SeriesReading
from coldchain_backend.series.overview import overview
from coldchain_backend.series.store import SeriesStore
from coldchain_backend.series.summaries import STEP_MS, Summary

__all__ = [
    "STEP_MS",
    "Block",
    "Columns",
    "Conflict",
    "SeriesReading",
    "SeriesStore",
    "Summary",
    "compact",
    "graded",
    "overview",
]
