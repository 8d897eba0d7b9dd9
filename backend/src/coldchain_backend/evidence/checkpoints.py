"""The daily checkpoint: made once a UTC day, kept, copied to a folder elsewhere and sent to receivers."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

import orjson

from coldchain.seal import Key
from coldchain_backend.ingest import RunHead
from coldchain_backend.ledger import EVENT, FileLedger, Head, Statement, make_statement
from coldchain_runtime.clock import Clock
from coldchain_runtime.durable import make_folder, write_file_atomic
from coldchain_runtime.logs import Log

LOOK_S: Final = 600.0
_log = Log("checkpoints")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Where checkpoints go.

    kept        this backend's own folder of them
    copies      a folder elsewhere, or None
    receivers   names of the receivers that the fleet file gives now
    send        queues a telling: id, what it is about, receiver, created (ms UTC), body
    """

    kept: Path
    copies: Path | None
    receivers: Callable[[], Sequence[str]]
    send: Callable[[str, str, str, int, bytes], None]


def statement_of(ledger: FileLedger, key: Key, heads: Sequence[RunHead]) -> Statement:
    """Sign the head of the log, which is noted beside it, and those of all gateways. Raises OSError."""
    return make_statement(key, ledger.checkpoint(key), [Head(**asdict(head)) for head in heads])


class DailyCheckpoints:
    """`heads` gives the gateways' last numbers, on the event loop; `sign` signs them with the log's head."""

    def __init__(
        self,
        heads: Callable[[], Sequence[RunHead]],
        sign: Callable[[Sequence[RunHead]], Statement],
        outside: Outside,
        clock: Clock,
    ) -> None:
        self._heads, self._sign, self._outside, self._clock = heads, sign, outside, clock
        self._not_copied = ""

    async def run(self) -> None:
        """Make one a day until cancelled."""
        while True:
            await self.turn()
            await self._clock.sleep(LOOK_S)

    async def turn(self) -> bool:
        """Make and send that of today if it is not there; whether it was made. Raises OSError."""
        now_ms = self._clock.now_ms()
        day = f"{datetime.fromtimestamp(now_ms // 1000, UTC):%Y-%m-%d}"
        path = self._outside.kept / f"{day}.json"
        made = not await asyncio.to_thread(path.exists)
        if made:
            await asyncio.to_thread(self._make, path, self._heads(), now_ms)
        await asyncio.to_thread(self._copy)
        return made

    def _make(self, path: Path, heads: Sequence[RunHead], now_ms: int) -> None:
        statement = self._sign(heads)
        data, about = statement.encode(), f"checkpoint-{path.stem}"
        for receiver in self._outside.receivers():
            name = sha256(f"{statement.log.organisation}\n{about}\n{receiver}".encode()).hexdigest()[:24]
            self._outside.send(f"msg_{name}", about, receiver, now_ms, _body(statement, data))
        make_folder(path.parent)
        write_file_atomic(path, data)
        _log.event("checkpoints.made", day=path.stem, offset=statement.log.offset)

    def _copy(self) -> None:
        """Every checkpoint that the folder elsewhere has not; that it cannot be reached is told once."""
        copies = self._outside.copies
        if copies is None:
            return
        try:
            make_folder(copies, private=False)
            for path in sorted(self._outside.kept.glob("*.json")):
                if not (copies / path.name).exists():
                    write_file_atomic(copies / path.name, path.read_bytes())
        except OSError as error:
            if self._not_copied != str(error):
                self._not_copied = str(error)
                _log.error("checkpoints.not_copied", folder=str(copies), reason=str(error))
        else:
            self._not_copied = ""


def _body(statement: Statement, data: bytes) -> bytes:
    at = datetime.fromtimestamp(statement.log.at_ms // 1000, UTC)
    fields = {"type": EVENT, "timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}", "data": orjson.Fragment(data)}
    return orjson.dumps(fields)
