"""Which keys are revoked, and the acts that did it."""

from dataclasses import asdict

from sqlalchemy import delete

from coldchain_backend.judging.revocations import Revocation
from coldchain_backend.sql import schema
from coldchain_backend.sql.alert_books import AlertBooks


class RevocationBooks(AlertBooks):
    """Judging's memory of revoked keys."""

    def put_revoked(self, key: str, from_ms: int | None) -> None:
        if from_ms is None:
            self._pages.flush("revoked_key")
            self._connection.execute(
                delete(schema.revoked_key).where(schema.revoked_key.c.fingerprint == key)
            )
        else:
            self._pages.put(schema.revoked_key, {"fingerprint": key, "from_ms": from_ms})

    def put_revocation(self, act: Revocation) -> None:
        self._pages.put(schema.revocation, asdict(act))
