"""What every other part of the running gateway stands on."""

from dataclasses import dataclass

from coldchain_gateway.clock_trust import ClockTrust
from coldchain_gateway.config import Settings
from coldchain_gateway.identity import Identity
from coldchain_gateway.outbox import SqliteOutbox
from coldchain_runtime.clock import Clock


@dataclass(slots=True, kw_only=True)
class Ground:
    """`settings` are those in force; a reload replaces them, all else stays for the life of the process."""

    settings: Settings
    clock: Clock
    identity: Identity
    outbox: SqliteOutbox
    trust: ClockTrust
