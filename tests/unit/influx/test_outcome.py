"""What answers of InfluxDB mean: those seen on 2.7.12 and 1.6.7, and what else may come."""

from __future__ import annotations

import json

import pytest

from coldchain_backend.influx import Answer, InfluxTrouble, Left, Trouble, trouble_of, written

CONFLICT_2 = (
    'failure writing points to database: partial write: field type conflict: input field "t" on measurement '
    '"reading" is type integer, already exists as type float dropped=2'
)
CONFLICT_1 = (
    'partial write: field type conflict: input field "t" on measurement "reading" is type integer, '
    "already exists as type float dropped=2"
)
RETENTION_2 = (
    "failure writing points to database: partial write: dropped 1 points outside retention policy of "
    "duration 24h0m0s - oldest point reading,asset=store,organisation=demo,point=store.room.p1,sensor=a,"
    "zone=store.room at 2026-11-23T02:09:06.214Z dropped because it violates a Retention Policy Lower Bound "
    "at 2026-11-25T02:09:06.443812246Z dropped=1 for database: x for retention policy: autogen"
)
RETENTION_1 = "partial write: points beyond retention policy dropped=1"


def answer(status: int, said: object = None, **headers: str) -> Answer:
    body = b"" if said is None else json.dumps(said).encode()
    return Answer(status=status, body=body, headers=headers)


@pytest.mark.parametrize(
    ("status", "said", "left", "dropped"),
    [
        (204, None, None, 0),
        (200, None, None, 0),
        (422, {"code": "unprocessable entity", "message": CONFLICT_2}, Left.TYPE, 2),
        (400, {"error": CONFLICT_1}, Left.TYPE, 2),
        (422, {"code": "unprocessable entity", "message": RETENTION_2}, Left.RETENTION, 1),
        (400, {"error": RETENTION_1}, Left.RETENTION, 1),
        (400, {"code": "invalid", "message": "unable to parse 'xx yy zz': bad"}, Left.OTHER, None),
        (400, {"error": "partial write: unable to parse 'xx': invalid dropped=0"}, Left.OTHER, None),
        (413, {"message": "too large"}, Left.OTHER, None),
        (400, "not an object", Left.OTHER, None),
        (400, ["a list"], Left.OTHER, None),
    ],
)
def test_a_body_is_taken_or_taken_in_part(
    status: int, said: object, left: Left | None, dropped: int | None
) -> None:
    found = written(answer(status, said))
    assert (found.left, found.dropped) == (left, dropped)


@pytest.mark.parametrize(
    ("status", "said", "trouble"),
    [
        (401, {"code": "unauthorized", "message": "unauthorized access"}, Trouble.TOKEN),
        (401, {"error": "authorization failed"}, Trouble.TOKEN),
        (403, {"message": "insufficient permissions for write"}, Trouble.TOKEN),
        (404, {"code": "not found", "message": 'bucket "nix" not found'}, Trouble.BUCKET),
        (404, {"error": 'database not found: "nix"'}, Trouble.BUCKET),
        (429, None, Trouble.FULL),
        (503, {"message": "overloaded"}, Trouble.FULL),
        (507, None, Trouble.FULL),
        (500, {"error": "write /data: no space left on device"}, Trouble.FULL),
        (500, {"error": "engine: cache-max-memory-size exceeded: (1/1)"}, Trouble.FULL),
        (500, {"error": "internal"}, Trouble.DOWN),
        (502, None, Trouble.DOWN),
        (302, None, Trouble.REFUSED),
        (418, None, Trouble.REFUSED),
    ],
)
def test_a_trouble_is_named(status: int, said: object, trouble: Trouble) -> None:
    with pytest.raises(InfluxTrouble) as failed:
        written(answer(status, said))
    assert failed.value.trouble is trouble
    assert str(status) in str(failed.value)


@pytest.mark.parametrize(("text", "seconds"), [("7", 7.0), ("", None), ("soon", None), ("-1", None)])
def test_a_wish_to_wait_is_read(text: str, seconds: float | None) -> None:
    assert trouble_of(answer(503, None, **{"retry-after": text})).retry_after_s == seconds


def test_what_is_said_is_shortened() -> None:
    assert len(answer(500, {"message": "x" * 10_000}).message) <= 300
    assert len(Answer(status=500, body=b"\xff" * 10_000, headers={}).message) <= 300
    assert answer(500, {}).message == "HTTP 500"
