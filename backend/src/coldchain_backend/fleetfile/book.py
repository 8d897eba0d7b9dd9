"""The fleet in force: what the ledger's fleet records said, and the one way to add to them."""

from asyncio import Lock
from collections.abc import Mapping, Sequence

from coldchain_backend.fleet import (
    Fleet,
    FleetVersion,
    StateEntry,
    entry_of_act,
    fleet_record,
    version_of,
)
from coldchain_backend.fleetfile.apply import Decision, Ready, Wish, decide
from coldchain_backend.fleetfile.diff import OpenAlert
from coldchain_backend.ledger import ActName, Kind, Ledger, NewRecord, Record, read_json


class FleetBook:
    """Holds the newest fleet; a version is in the ledger before anything here knows it."""

    def __init__(self, ledger: Ledger, organisation: str) -> None:
        self._ledger = ledger
        self._fleet = Fleet.empty(organisation)
        self._lock = Lock()

    @property
    def fleet(self) -> Fleet:
        """All versions so far."""
        return self._fleet

    def see(self, record: Record) -> None:
        """Take a record of the ledger, at start in the ledger's order; the same again changes nothing."""
        if record.kind is Kind.ACT:
            self._see_act(record)
        if record.kind is not Kind.FLEET or record.offset <= self._fleet.current.number:
            return
        self._fleet = self._fleet.with_version(
            version_of(offset=record.offset, received_ms=record.received_ms, payload=record.payload)
        )

    def _see_act(self, record: Record) -> None:
        fields = read_json(record.payload)
        if fields.get("act") == ActName.ZONE_STATE.value:
            entry = entry_of_act(fields, record.offset, record.received_ms)
            if entry is not None:
                self._fleet = self._fleet.with_state(entry)

    def know(self, said: Mapping[str, Sequence[StateEntry]]) -> None:
        """Take what is known already about the states of zones, before newer records are seen."""
        for entries in said.values():
            for entry in entries:
                self._fleet = self._fleet.with_state(entry)

    async def apply(
        self, wish: Wish, text: str, by: str, alerts: tuple[OpenAlert, ...]
    ) -> tuple[Decision, FleetVersion]:
        """Decide and, if nothing stands against it, write the new version; one at a time.

        Gives the decision and the version that is newest after it. Raises Unavailable if the ledger cannot
        take it: then nothing has changed.
        """
        async with self._lock:
            newest = self._fleet.current
            decision = decide(newest, wish, alerts)
            if isinstance(decision, Ready):
                payload = fleet_record(
                    plan=wish.plan,
                    text=text,
                    by=by,
                    reason=wish.reason,
                    base=newest.number,
                    from_ms=wish.from_ms,
                )
                for record in await self._ledger.append([NewRecord(kind=Kind.FLEET, payload=payload)]):
                    self.see(record)
            return decision, self._fleet.current
