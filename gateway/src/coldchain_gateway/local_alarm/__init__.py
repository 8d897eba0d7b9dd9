"""The local alarm: judges by the watch bundle's limits on monotonic time, and tells a log or a command."""

from .alarm import LocalAlarm
from .config import LocalAlarmConfig

__all__ = ["LocalAlarm", "LocalAlarmConfig"]
