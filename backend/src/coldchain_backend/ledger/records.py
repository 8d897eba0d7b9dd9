"""Ledger records: what may stand in an organisation's log, and the JSON inside acts and marks.

Kinds and payloads:

batch   one JSON line (`BatchMeta`), a newline, then the sealed batch verbatim (`# cc1 …` and its body)
fleet   a fleet version: JSON, written and read by `fleet/versions`
act     what a person did: JSON {"act", "by", "reason", …}
mark    what the service itself noticed: JSON {"mark", …}
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import orjson

from coldchain.errors import IntegrityError

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
FOLLOWED: Final = "follow:"
"""Begins the name of a followed store where it stands for a gateway."""


class Kind(StrEnum):
    """What a record holds."""

    BATCH = "batch"
    FLEET = "fleet"
    ACT = "act"
    MARK = "mark"


class Grade(StrEnum):
    """How good a batch is as evidence."""

    SEALED = "sealed"  # by a gateway's own key
    RECEIPT = "receipt"  # by the backend, when it received an unsealed write
    FOLLOWED = "followed"  # by the backend, when it read it from a foreign store


class ActName(StrEnum):
    """Human acts."""

    ENROL = "enrol"  # gateway, key (base64 public key)
    REVOKE = "revoke"  # gateway, key (fingerprint), reason; from_ms where it is earlier than the record
    DECLARE_LOST = "declare_lost"  # run, first, last, reason
    ACKNOWLEDGE = "acknowledge"  # alert, reason, action; by a link: via "link", and its receiver
    COMMENT = "comment"  # alert, text
    DISPOSITION = "disposition"  # alert, decision, reason: quality decides about the goods
    SHELVE = "shelve"  # alert, reason, until (ms UTC) or one_shot
    UNSHELVE = "unshelve"  # alert, reason
    WINDOW = "window"  # asset, zone or sensor, from, to, times and time_zone, reason: nobody is called then
    WINDOW_ENDED = "window_ended"  # id, reason
    OUT_OF_SERVICE = "out_of_service"  # zone or sensor, from, to, work, reason
    RETURN_TO_SERVICE = "return_to_service"  # id, reason
    RESTORE = "restore"  # reason, backup, made_ms, end: the ledger came back from a backup and goes on here
    OLD_IS_OFF = "old_is_off"  # reason: the backend that was backed up is off; deliveries go out again
    EXPIRE = "expire"  # reason, first, last, retention_days, snapshot: records whose retention is over
    EVIDENCE = "evidence"  # zone or asset, from_ms, to_ms, sha256: an archive was taken
    REBUILD = "rebuild"  # reason, differences, gone: a rebuild that differs was accepted; alerts taken back
    ZONE_TEST = "zone_test"  # zone, test (test_alarm or power_cut), reason, person
    RECEIVER_TEST = "receiver_test"  # receiver, arrived, detail: somebody sent a test message
    RECEIVER_ENABLED = "receiver_enabled"  # receiver, reason: one that had said it was gone is told again
    REPLAY = "replay"  # count, reason; receiver, of (an alert), state, from, to, ids: queued again
    ZONE_STATE = "zone_state"  # zone, state, from and to (ms UTC, may be left out), reason


def revoked_from(act: Mapping[str, Json], at_ms: int) -> int:
    """From which stamp on what a key said does not count, by an act of the stamp `at_ms`: never behind it."""
    from_ms = act.get("from_ms")
    return min(from_ms, at_ms) if isinstance(from_ms, int) else at_ms


class MarkName(StrEnum):
    """Service marks. Those from `REPAIRED` on are told to the system receiver."""

    START = "start"
    STOP = "stop"
    ALIVE = "alive"
    REPAIRED = "repaired"  # bytes: cut from a torn tail at start
    CLOCK_BACK = "clock_back"  # by_ms: the host's clock stepped back; stamps stood still meanwhile
    CLONE = "clone"  # gateway, run, seq: two hashes for one number, or a number above the named head
    TWO_GATEWAYS = "two_gateways"  # gateway: two admitted keys write under one name
    FOREIGN_KEY = "foreign_key"  # gateway: a batch sealed by a key that is not admitted for this name
    DISK_FULL = "disk_full"
    DISK_RECOVERED = "disk_recovered"
    DISK_FILLING = "disk_filling"  # used_percent: 80 or more
    DISK_EASED = "disk_eased"  # used_percent: below 78 again
    DISK_NEARLY_FULL = "disk_nearly_full"  # used_percent: 90 or more
    DISK_ROOM = "disk_room"  # used_percent: below 88 again
    BACKUP = "backup"  # name, bytes, tested: a backup was made and read back, or even restored for a test
    BACKUP_FAILING = "backup_failing"  # reason
    DELIVERY_FAILING = "delivery_failing"  # receiver: alerts cannot be delivered to it
    HEARTBEAT_FAILING = "heartbeat_failing"  # reason: the heartbeat to the service outside is not heard
    HEARTBEAT_RECOVERED = "heartbeat_recovered"
    BEAT_MISSED = "beat_missed"  # beat, last_ms: an expected call from outside did not come
    BEAT_BACK = "beat_back"  # beat
    DELIVERY_RECOVERED = "delivery_recovered"  # receiver
    UNTOLD = "untold"  # count, alerts: alerts that go on and of which nobody was told, without a reason
    ALL_TOLD = "all_told"
    UNDELIVERED = "undelivered"  # receiver, alerts: ids of critical ones that it did not take for too long
    MIRROR_FAILING = "mirror_failing"  # trouble, reason: InfluxDB cannot be written to, or not all of it
    MIRROR_RECOVERED = "mirror_recovered"  # trouble
    FOLLOW_FAILING = "follow_failing"  # store, trouble, reason: it cannot be read, or not all of it
    FOLLOW_RECOVERED = "follow_recovered"  # store, trouble
    FOLLOW_IMPORTS = "follow_imports"  # store: what comes from it now is its past; nobody is called for it
    FOLLOW_CAUGHT_UP = "follow_caught_up"  # store: what comes from it from now on is new


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecord:
    """A record before the writer gave it its place and its stamp."""

    kind: Kind
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A durable record.

    offset       1, 2, 3 … without gaps
    received_ms  the writer's stamp, UTC ms, never below the stamp of the record before
    hash         64 hex digits over the previous record's hash, this header and the payload
    """

    offset: int
    kind: Kind
    received_ms: int
    payload: bytes
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMeta:
    """What ingest knows of a batch beside the batch itself.

    gateway   name of the gateway, or of the writer for a receipt, or FOLLOWED and the name of the store
    conflict  another batch with the same run and number, but other content, is in evidence
    unmapped  lines of an unsealed write that no mapping covers, per measurement; they are not stored
    unread    lines of an unsealed write that are not line protocol; they are not stored
    sample    the first of these lines
    read_to   of a followed store: up to this instant (ms UTC) everything that stood there has been read
    """

    gateway: str
    run: str
    seq: int
    grade: Grade = Grade.SEALED
    conflict: bool = False
    unmapped: Mapping[str, int] | None = None
    unread: int = 0
    sample: str | None = None
    read_to: int | None = None


def batch_record(meta: BatchMeta, batch: bytes) -> NewRecord:
    """The record of one encoded batch."""
    fields: dict[str, Json] = {
        "gateway": meta.gateway, "run": meta.run, "seq": meta.seq, "grade": meta.grade.value,
    }  # fmt: skip
    if meta.conflict:
        fields["conflict"] = True
    if meta.unmapped:
        fields["unmapped"] = dict(meta.unmapped)
    if meta.unread:
        fields["unread"] = meta.unread
    if meta.sample is not None:
        fields["sample"] = meta.sample
    if meta.read_to is not None:
        fields["read_to"] = meta.read_to
    return NewRecord(kind=Kind.BATCH, payload=orjson.dumps(fields) + b"\n" + batch)


def split_batch(payload: bytes) -> tuple[BatchMeta, bytes]:
    """Meta and encoded batch of a batch record. Raises IntegrityError if the payload is none."""
    line, newline, batch = payload.partition(b"\n")
    if not newline:
        raise IntegrityError("a batch record without its first line")
    fields = read_json(line)
    try:
        return (_plain_meta_of if len(fields) == _PLAIN_FIELDS else _meta_of)(fields), batch
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"a batch record with a wrong first line: {error!r}") from error


_PLAIN_FIELDS: Final = 4
_GRADES: Final[Mapping[Json, Grade]] = {grade.value: grade for grade in Grade}


def _plain_meta_of(fields: Mapping[str, Json]) -> BatchMeta:
    """What most first lines say: gateway, run, number, grade."""
    gateway, run, seq, grade = fields["gateway"], fields["run"], fields["seq"], fields["grade"]
    if type(seq) is not int or not isinstance(gateway, str) or not isinstance(run, str):
        return _meta_of(fields)
    return BatchMeta(gateway=gateway, run=run, seq=seq, grade=_GRADES[grade])


def _meta_of(fields: Mapping[str, Json]) -> BatchMeta:
    seq, unread, unmapped = fields["seq"], fields.get("unread", 0), fields.get("unmapped")
    if not isinstance(seq, int) or not isinstance(unread, int):
        raise TypeError("a number is not a number")
    counts = (
        {name: n for name, n in unmapped.items() if isinstance(n, int)}
        if isinstance(unmapped, dict)
        else None
    )
    sample, read_to = fields.get("sample"), fields.get("read_to")
    return BatchMeta(
        gateway=str(fields["gateway"]),
        run=str(fields["run"]),
        seq=seq,
        grade=Grade(str(fields["grade"])),
        conflict=fields.get("conflict") is True,
        unmapped=counts,
        unread=unread,
        sample=None if sample is None else str(sample),
        read_to=read_to if isinstance(read_to, int) else None,
    )


def act_record(act: str, by: str, details: Mapping[str, Json]) -> NewRecord:
    """A human act: what, by which person, and its details."""
    return NewRecord(kind=Kind.ACT, payload=orjson.dumps({"act": act, "by": by, **details}))


def mark_record(mark: MarkName, details: Mapping[str, Json] | None = None) -> NewRecord:
    """A service mark with its details."""
    return NewRecord(kind=Kind.MARK, payload=orjson.dumps({"mark": mark.value, **(details or {})}))


def read_json(payload: bytes) -> dict[str, Json]:
    """The JSON object of an act, a mark, a fleet version or a batch's first line."""
    try:
        value = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise IntegrityError(f"a record that is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise IntegrityError("a record that is not a JSON object")
    return value
