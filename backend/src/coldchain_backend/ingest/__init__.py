"""Ingest: the door through which measurements come, in front of the ledger."""

from coldchain_backend.ingest.acts import Lost
from coldchain_backend.ingest.admit import Admission
from coldchain_backend.ingest.contracts import BatchFate, Fate, NotAdmitted, Written
from coldchain_backend.ingest.keys import GatewayKey, public_key
from coldchain_backend.ingest.register import RunHead
from coldchain_backend.ingest.unsealed import Precision

__all__ = [
    "Admission",
    "BatchFate",
    "Fate",
    "GatewayKey",
    "Lost",
    "NotAdmitted",
    "Precision",
    "RunHead",
    "Written",
    "public_key",
]
