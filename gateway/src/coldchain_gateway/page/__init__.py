"""The status page for a driver's phone: one screen, nothing from elsewhere, and a button that hushes.

The server is in `page.server`, loaded only where a page is configured.
"""

from .config import PageConfig
from .shows import Shows

__all__ = ["PageConfig", "Shows"]
