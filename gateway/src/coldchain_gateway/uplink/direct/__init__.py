"""Straight to an InfluxDB, beside the backend: its own progress, and it never holds anything back."""

from .config import InfluxConfig
from .dead_letters import DEAD_LETTERS, DeadLetters
from .follower import DirectState, Follower

__all__ = ["DEAD_LETTERS", "DeadLetters", "DirectState", "Follower", "InfluxConfig"]
