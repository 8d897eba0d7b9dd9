"""The bucket before it is written to: whose it is, whether it was emptied, restored or is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from coldchain_backend.influx import BucketFacts, InfluxTrouble, Precision, Trouble
from coldchain_backend.mirror import Guard, MirrorState
from coldchain_backend.mirror.contracts import Position
from coldchain_backend.mirror.guard import FRESH_MS, LOOK_MS
from coldchain_backend.mirror.memory import load, save
from support.memory_bucket import MemoryBucket

NOW = 1_795_377_600_000
TARGET = "http://influx demo/cold"
RESTORED = "the bucket was restored from a backup"


def guard(bucket: MemoryBucket, *, retention_ms: int | None = None) -> tuple[Guard, MirrorState]:
    state = MirrorState(target=TARGET)
    return Guard(bucket, "demo", TARGET, state, retention_ms), state


def marked(bucket: MemoryBucket, fill: str, ledger: int, at_ms: int) -> None:
    line = f'mirror,organisation=demo fill="{fill}",ledger={ledger}i,stamp_ms=1i {at_ms}'
    assert bucket.write(line.encode(), Precision.MS).left is None


@pytest.mark.parametrize(
    ("known", "mark", "why"),
    [
        (None, None, "nothing is known of it yet"),
        (Position(target=TARGET, fill="ours"), None, ""),
        (Position(target=TARGET, fill="ours", marked=5), ("ours", 5), ""),
        (Position(target=TARGET, fill="ours", marked=5), ("ours", 9), ""),
        (Position(target=TARGET, fill="ours", marked=5), None, "the bucket was emptied"),
        (
            Position(target=TARGET, fill="ours", marked=5),
            ("ours", 4),
            "the bucket was restored from a backup",
        ),
        (Position(target="another", fill="ours", marked=5), ("ours", 5), "it is another bucket than before"),
    ],
)
def test_why_all_is_written_anew(known: Position | None, mark: tuple[str, int] | None, why: str) -> None:
    bucket = MemoryBucket()
    if mark is not None:
        marked(bucket, *mark, NOW - 1000)
    assert guard(bucket)[0].look(known, NOW) == why


@pytest.mark.parametrize("known", [None, Position(target=TARGET, fill="ours", marked=5)])
def test_somebody_elses_fresh_mark_stops_it_and_an_old_one_is_taken_over(known: Position | None) -> None:
    bucket = MemoryBucket()
    marked(bucket, "theirs", 7, NOW)
    watch, _ = guard(bucket)
    with pytest.raises(InfluxTrouble) as failed:
        watch.look(known, NOW + FRESH_MS - 1)
    assert failed.value.trouble is Trouble.FOREIGN
    assert "if it has ended, it is taken over in 1 s" in str(failed.value)
    assert watch.look(known, NOW + FRESH_MS) == "somebody else mirrored into the bucket"


def test_another_organisation_may_mirror_into_the_same_bucket() -> None:
    bucket = MemoryBucket()
    bucket.write(f'mirror,organisation=other fill="theirs",ledger=1i {NOW}'.encode(), Precision.MS)
    assert guard(bucket)[0].look(Position(target=TARGET, fill="ours"), NOW) == ""


def test_it_looks_once_a_minute() -> None:
    bucket = MemoryBucket()
    watch, _ = guard(bucket)
    position = Position(target=TARGET, fill="ours")
    watch.look(position, NOW)
    asked = bucket.requests
    watch.look(position, NOW + LOOK_MS - 1)
    assert bucket.requests == asked
    watch.look(position, NOW + LOOK_MS)
    assert bucket.requests > asked


def test_a_clock_that_steps_back_does_not_keep_it_from_looking() -> None:
    bucket = MemoryBucket()
    watch, _ = guard(bucket)
    position = Position(target=TARGET, fill="ours")
    watch.look(position, NOW)
    asked = bucket.requests
    watch.look(position, NOW - 3 * LOOK_MS)
    assert bucket.requests > asked


def test_a_bucket_is_made_only_when_that_was_asked_for() -> None:
    bucket = MemoryBucket(there=False)
    with pytest.raises(InfluxTrouble) as failed:
        guard(bucket)[0].look(None, NOW)
    assert failed.value.trouble is Trouble.BUCKET
    assert not bucket.there
    assert guard(bucket, retention_ms=0)[0].look(None, NOW) == "nothing is known of it yet"
    assert bucket.there


def test_a_mark_says_how_far_and_is_remembered() -> None:
    bucket = MemoryBucket()
    watch, _ = guard(bucket)
    position = Position(target=TARGET, fill=watch.fresh(), ledger=12)
    assert watch.due(NOW)
    watch.mark(position, NOW)
    assert position.marked == 12
    assert not watch.due(NOW + LOOK_MS - 1)
    assert watch.due(NOW + LOOK_MS)
    assert watch.look(position, NOW + 1) == ""


class OffBucket(MemoryBucket):
    def facts(self) -> BucketFacts:
        return BucketFacts(version="2", there=True, retention_ms=7, date_ms=NOW - 400_000)


def test_a_clock_that_is_off_and_the_retention_are_told() -> None:
    watch, state = guard(OffBucket())
    watch.look(None, NOW)
    assert state.retention_ms == 7
    assert "clock" in state.conditions()


def test_a_position_is_kept_as_it_is(tmp_path: Path) -> None:
    position = Position(
        target=TARGET, fill="f", judged=True, ledger=7, stamp_ms=8, log="l", change=3, fleet=2, ticked_ms=9,
        marked=6, heard={"a": {("temperature", 0): 5, ("*", -1): 4}}, tails={("a", "temperature"): 5},
        unknown={("a", "temperature"): 6}, brought={"a": [(1, "gw"), (3, "gw2")]}, revoked={"k"},
        alerts={"al": "alert,kind=x"},
    )  # fmt: skip
    file = tmp_path / "mirror.json"
    save(file, position)
    assert load(file) == position
    assert position.newest_ms("a") == 5
    assert position.newest_ms("b") is None
    assert [position.gateway_at("a", at) for at in (0, 1, 2, 3, 9)] == [None, "gw", "gw", "gw2", "gw2"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 1}', '{"format": 2}', "null", "\x00"])
def test_a_position_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mirror.json"
    assert load(file) is None
    file.write_text(text)
    assert load(file) is None
