"""To the backend: two lanes of batches, the watch bundle, enrolment."""

from .access import TOKEN_FILE, Enrolled, PinnedKey, TokenFile, enrol, save
from .connection import Connection, Endpoint, Unreachable
from .sender import Sender, UplinkState
from .tls import Tls
from .watch import WatchFetcher, bundle_on_disk
from .window import Window, WindowConfig, default_interface

__all__ = [
    "TOKEN_FILE",
    "Connection",
    "Endpoint",
    "Enrolled",
    "PinnedKey",
    "Sender",
    "Tls",
    "TokenFile",
    "Unreachable",
    "UplinkState",
    "WatchFetcher",
    "Window",
    "WindowConfig",
    "bundle_on_disk",
    "default_interface",
    "enrol",
    "save",
]
