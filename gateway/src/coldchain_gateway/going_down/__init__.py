"""Inputs that announce the end of power: a UPS on battery, the ignition switched off."""

from .config import CommandInputConfig, FileInputConfig, GoingDownConfig, GpioInputConfig
from .watch import GoingDownWatch

__all__ = [
    "CommandInputConfig",
    "FileInputConfig",
    "GoingDownConfig",
    "GoingDownWatch",
    "GpioInputConfig",
]
