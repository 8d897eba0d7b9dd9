"""Acts about gateways: enrolment, revocation, numbers that will never come."""

from collections.abc import Sequence
from dataclasses import dataclass

from coldchain.seal import encode_public, fingerprint
from coldchain_backend.ingest.conditions import Conditions
from coldchain_backend.ingest.keys import AdmittedBy, GatewayKey
from coldchain_backend.ingest.register import Register
from coldchain_backend.ledger import ActName, Json, MarkName, Record, act_record, revoked_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Numbers of a run that will never come; `key` is the gateway key's fingerprint."""

    key: str
    run: str
    first: int
    last: int
    reason: str


class GatewayActs:
    """Each is a record of the ledger before it holds; all raise Unavailable if it cannot be."""

    def __init__(self, register: Register, conditions: Conditions) -> None:
        self._register = register
        self._conditions = conditions

    async def enrol(self, name: str, public: bytes, by: str) -> None:
        """Admit a key under a name by a one-time code; told where another key is in force under it."""
        keys = self._register.keys
        others = [key for key in keys.of(name) if key.public != public]
        details: dict[str, Json] = {"gateway": name, "key": encode_public(public)}
        await self._register.append(
            [act_record(ActName.ENROL.value, by, details)],
            lambda placed: keys.admit(name, public, AdmittedBy.CODE, placed[-1].received_ms),
        )
        if others:
            await self._conditions.tell(MarkName.TWO_GATEWAYS, name, name)

    async def revoke(self, key: GatewayKey, by: str, reason: str, from_ms: int | None = None) -> None:
        """Refuse a key from now on; what was received from an earlier stamp `from_ms` on counts no more."""
        name, keys = fingerprint(key.public), self._register.keys
        details: dict[str, Json] = {"gateway": key.name, "key": name, "reason": reason}
        if from_ms is not None:
            details["from_ms"] = from_ms

        def revoked(placed: Sequence[Record]) -> None:
            keys.revoke(name, revoked_from(details, placed[-1].received_ms), reason)

        await self._register.append([act_record(ActName.REVOKE.value, by, details)], revoked)

    async def declare_lost(self, lost: Lost, by: str) -> None:
        """A person says that numbers of a run will never come."""
        details: dict[str, Json] = {
            "key": lost.key,
            "run": lost.run,
            "first": lost.first,
            "last": lost.last,
            "reason": lost.reason,
        }
        sequences = self._register.sequences
        await self._register.append(
            [act_record(ActName.DECLARE_LOST.value, by, details)],
            lambda _: sequences.declare_lost(lost.key, lost.run, lost.first, lost.last),
        )
