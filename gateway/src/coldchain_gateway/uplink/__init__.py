"""To the backend: two lanes of batches, the watch bundle, enrolment."""

from .access import TOKEN_FILE, Enrolled, PinnedKey, TokenFile, enrol, save
from .connection import Connection, Endpoint, Unreachable
from .sender import Sender, UplinkState
from .watch import WatchFetcher, bundle_on_disk

__all__ = [
    "TOKEN_FILE",
    "Connection",
    "Endpoint",
    "Enrolled",
    "PinnedKey",
    "Sender",
    "TokenFile",
    "Unreachable",
    "UplinkState",
    "WatchFetcher",
    "bundle_on_disk",
    "enrol",
    "save",
]
