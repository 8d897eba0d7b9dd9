"""Files of loggers of any make, read into readings: what is recognised, what was named, what was refused
and why."""

from coldchain_backend.loggerfiles.cadence import proposed_interval_ms
from coldchain_backend.loggerfiles.cells import Unit
from coldchain_backend.loggerfiles.judged import NOT_EVIDENCE, Ask, JudgedChannel, JudgedFile, judge_file
from coldchain_backend.loggerfiles.layout import Wish
from coldchain_backend.loggerfiles.plot import plot
from coldchain_backend.loggerfiles.recorded import Channel, Recorded, ZoneNeeded, read_file
from coldchain_backend.loggerfiles.rows import Form
from coldchain_backend.loggerfiles.stamps import DateOrder
from coldchain_backend.loggerfiles.taken import Wanted
from coldchain_backend.loggerfiles.zones import zone_named

__all__ = [
    "NOT_EVIDENCE",
    "Ask",
    "Channel",
    "DateOrder",
    "Form",
    "JudgedChannel",
    "JudgedFile",
    "Recorded",
    "Unit",
    "Wanted",
    "Wish",
    "ZoneNeeded",
    "judge_file",
    "plot",
    "proposed_interval_ms",
    "read_file",
    "zone_named",
]
