"""The local alarm: judges by the watch bundle's limits on monotonic time, tells those beside the goods."""

from .alarm import LocalAlarm
from .board import Board, PointView, SensorView, ZoneState, ZoneView
from .config import GpioOutputConfig, LocalAlarmConfig
from .latest import Heard
from .watch_file import read_watch_file

__all__ = [
    "Board",
    "GpioOutputConfig",
    "Heard",
    "LocalAlarm",
    "LocalAlarmConfig",
    "PointView",
    "SensorView",
    "ZoneState",
    "ZoneView",
    "read_watch_file",
]
