"""Which keys may seal under which name: admitted by fleet file or one-time code, revoked from a time."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from coldchain.errors import InvalidInput
from coldchain.seal import fingerprint


class AdmittedBy(StrEnum):
    """Through which door a key came."""

    FLEET = "fleet"
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayKey:
    """A public key and the name it may write under; times are received-at, UTC ms."""

    name: str
    public: bytes
    by: AdmittedBy
    admitted_ms: int
    revoked_ms: int | None = None
    reason: str = ""


def public_key(text: str) -> bytes:
    """A public key from base64. Raises InvalidInput if it is none."""
    try:
        public = b64decode(text, validate=True)
    except (NotBase64, ValueError) as error:
        raise InvalidInput("a public key is 32 bytes in base64") from error
    if len(public) != 32:
        raise InvalidInput("a public key is 32 bytes in base64")
    return public


class GatewayKeys:
    """Keys by fingerprint."""

    def __init__(self, keys: Sequence[GatewayKey] = ()) -> None:
        self._keys = {fingerprint(key.public): key for key in keys}

    def __iter__(self) -> Iterator[GatewayKey]:
        return iter(self._keys.values())

    def find(self, fingerprint_: str) -> GatewayKey | None:
        """The key, also if it is revoked."""
        return self._keys.get(fingerprint_)

    def revocable(self, name: str, from_ms: int) -> list[GatewayKey]:
        """Keys under a name that count at or behind a stamp."""
        keys = [key for key in self._keys.values() if key.name == name]
        return [key for key in keys if key.revoked_ms is None or from_ms < key.revoked_ms]

    def of(self, name: str) -> list[GatewayKey]:
        """Keys in force under a name."""
        return [key for key in self._keys.values() if key.name == name and key.revoked_ms is None]

    def admit(self, name: str, public: bytes, by: AdmittedBy, at_ms: int) -> None:
        """Admit a key; a revoked one stays revoked, one in force may change its name."""
        known = self._keys.get(fingerprint(public))
        if known is not None and (known.revoked_ms is not None or known.name == name):
            return
        key = GatewayKey(name=name, public=public, by=by, admitted_ms=at_ms)
        self._keys[fingerprint(public)] = key

    def revoke(self, fingerprint_: str, at_ms: int, reason: str) -> None:
        """Refuse the key; what was received from `at_ms` on does not count. An earlier instant than one that
        was said before takes its place."""
        known = self._keys.get(fingerprint_)
        if known is not None and (known.revoked_ms is None or at_ms < known.revoked_ms):
            self._keys[fingerprint_] = replace(known, revoked_ms=at_ms, reason=reason)

    def follow_fleet(self, declared: Sequence[tuple[str, str | None]], at_ms: int) -> None:
        """A fleet version came into force: its gateways as (name, key); keys it no longer names are out."""
        named = {(name, public_key(key)) for name, key in declared if key is not None}
        for fingerprint_, key in list(self._keys.items()):
            if key.by is AdmittedBy.FLEET and (key.name, key.public) not in named and key.revoked_ms is None:
                del self._keys[fingerprint_]
        for name, public in sorted(named):
            self.admit(name, public, AdmittedBy.FLEET, at_ms)
