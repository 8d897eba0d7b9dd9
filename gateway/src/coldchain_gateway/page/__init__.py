"""The status page for a driver's phone: one screen, nothing from elsewhere, and a button that hushes."""

from .config import PageConfig
from .server import PageServer, Shows

__all__ = ["PageConfig", "PageServer", "Shows"]
