"""From kept lines to one unbroken chain of batches, whatever happens between any two steps."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain.seal import GENESIS, MAX_BYTES, MAX_LINES, Batch
from coldchain_gateway.identity import HEAD_FILE, KEY_FILE, KeptHead, run_prefix
from coldchain_gateway.outbox import OUTBOX_FILE, Entry, Group, HoleReason, NewBatch, Pending, put_aside_files
from support.gateway_life import OFFSET_MS, Life
from support.soak import rounds


def chained(batches: list[Batch]) -> None:
    """Numbers count up from 1 and every hash names the one before."""
    assert [batch.seq for batch in batches] == list(range(1, len(batches) + 1))
    assert [batch.prev for batch in batches] == [GENESIS, *(batch.hash for batch in batches)][: len(batches)]


def test_the_first_batch_names_its_run_and_why_there_is_none_before(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    life.keep(100)
    assert life.seal(200) == 1
    (batch,) = life.batches()
    assert batch.run.startswith(run_prefix(life.key))
    first, reading = batch.body.splitlines()
    assert first == b'run,run=%b why="no head beside the key" %d' % (batch.run.encode(), OFFSET_MS + 200)
    assert reading == b"reading,sensor=a t=100i %d" % (OFFSET_MS + 100)
    assert life.head_file.head == KeptHead(run=batch.run, seq=1, hash=batch.hash)


def test_a_batch_closes_when_its_oldest_line_is_old_enough(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    life.keep(1_000)
    life.keep(9_000)
    assert life.seal(10_999, force=False) == 0
    assert life.seal(11_000, force=False) == 1
    assert len(life.lines()) == 2


def test_a_batch_closes_at_once_when_a_limit_is_crossed(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    life.keep(1_000)
    life.sealer.hurry()
    assert life.seal(1_001, force=False) == 1
    life.keep(1_002)
    assert life.seal(1_003, force=False) == 0


def test_a_limit_that_is_crossed_while_a_batch_closes_at_once_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life.open(tmp_path)
    asked = life.outbox.pending

    def crossed_meanwhile() -> Pending:
        found = asked()
        if len(life.batches()) == 1 and not found.lines:
            life.keep(1_002)
            life.sealer.hurry()
        return found

    monkeypatch.setattr(life.outbox, "pending", crossed_meanwhile)
    life.keep(1_000)
    life.sealer.hurry()
    life.seal(1_003, force=False)
    assert len(life.lines()) == 2


def test_batches_stay_within_the_wires_limits(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    for start in range(0, 12_000, 400):
        life.keep(*range(start, start + 400))
    assert life.seal(12_000) >= 3
    batches = life.batches()
    chained(batches)
    for batch in batches:
        assert batch.body.count(b"\n") <= MAX_LINES
        assert len(batch.body) <= MAX_BYTES
    assert [int(line.split(b"t=")[1].split(b"i")[0]) for line in life.lines()] == list(range(12_000))


def test_long_lines_of_an_unsure_boot_fit_with_their_bounds(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    text = b'reading,sensor=a t=1,note="' + b"x" * 150 + b'"'
    for start in range(0, 9_000, 900):
        entries = [Entry(line=text, boot_ms=start + index) for index in range(900)]
        life.outbox.commit(Group(boot="boot-1", boot_ms=start + 900, trusted=False, entries=entries))
    later = life.reopen(boot="boot-2")
    later.keep(5)
    later.seal(10)
    for batch in later.batches():
        assert len(batch.body) <= MAX_BYTES
    assert len(later.lines()) == 9_001
    assert sum(b'quality="time-unsure"' in line for line in later.lines()) == 9_000


def test_a_chain_goes_on_over_restarts(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    for number in range(5):
        life.keep(number * 100 + 1)
        life.seal(number * 100 + 2)
        life = life.reopen()
    batches = life.batches()
    chained(batches)
    assert len({batch.run for batch in batches}) == 1


def test_readings_taken_before_time_was_trusted_are_placed_exactly_within_the_boot(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    life.keep(100, trusted=False)
    life = life.reopen()
    life.keep(200)
    life.seal(300)
    assert life.lines() == [
        b'reading,sensor=a t=100i,quality="time-placed" %d' % (OFFSET_MS + 100),
        b"reading,sensor=a t=200i %d" % (OFFSET_MS + 200),
    ]


def test_readings_of_an_earlier_boot_that_had_trust_are_exact(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    life.outbox.trust("boot-1", OFFSET_MS - 90_000)
    life.keep(100)
    life = life.reopen(boot="boot-2")
    life.keep(7)
    life.seal(10)
    assert life.lines()[0] == b"reading,sensor=a t=100i %d" % (OFFSET_MS - 90_000 + 100)


def test_readings_of_an_earlier_boot_without_trust_get_bounds(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    life.keep(1_000)
    life.seal(1_001, offset_ms=OFFSET_MS - 900_000)
    life = life.reopen(boot="boot-2")
    life.keep(50, trusted=False)
    life = life.reopen(boot="boot-3")
    life.keep(5)
    life.seal(10)
    lower = OFFSET_MS - 900_000 + 1_000
    expected = b'reading,sensor=a t=50i,quality="time-unsure",time_lower=%di,time_upper=%di %d'
    assert life.lines()[1] == expected % (lower, OFFSET_MS, lower + 50)


def test_a_lost_outbox_begins_a_run_that_names_the_one_before_and_declares_it(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    for number in range(3):
        life.keep(number + 1)
        life.seal(number + 10)
    lost = life.head_file.head
    assert lost is not None
    life.outbox.close()
    for file in tmp_path.glob(OUTBOX_FILE + "*"):
        file.unlink()
    life = Life.open(tmp_path)
    life.keep(100)
    life.seal(200)
    (batch,) = life.batches()
    assert batch.seq == 1
    assert batch.run != lost.run
    run, hole, _ = batch.body.splitlines()
    assert run.startswith(
        b'run,run=%b previous="%b",previous_seq=3i' % (batch.run.encode(), lost.run.encode())
    )
    assert hole.startswith(b"hole,run=%b first=1i,last=3i," % lost.run.encode())
    assert b'reason="lost"' in hole


def test_an_older_copy_of_the_outbox_never_gives_a_number_out_twice(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    life.keep(1)
    life.seal(10)
    life.outbox.close()
    copy = (tmp_path / OUTBOX_FILE).read_bytes()
    life = Life.open(tmp_path)
    life.keep(20)
    life.seal(30)
    head = life.head_file.head
    assert head is not None
    life.outbox.close()
    (tmp_path / OUTBOX_FILE).write_bytes(copy)
    for suffix in ("-wal", "-shm"):
        (tmp_path / (OUTBOX_FILE + suffix)).unlink(missing_ok=True)
    life = Life.open(tmp_path)
    life.keep(40)
    life.seal(50)
    old, new = life.batches()
    assert (old.run, old.seq) == (head.run, 1)
    assert (new.run != old.run, new.seq) == (True, 1)
    assert b"first=2i,last=2i" in new.body


@pytest.mark.parametrize("wounds", ["garbage", "zeroes", "truncated", "page"])
def test_a_broken_outbox_is_put_aside_and_a_new_run_begins_unattended(tmp_path: Path, wounds: str) -> None:
    life = Life.open(tmp_path)
    life.keep(*range(1, 2000))
    life.seal(3000)
    head = life.head_file.head
    assert head is not None
    life.outbox.close()
    path = tmp_path / OUTBOX_FILE
    sound = path.read_bytes()
    middle = len(sound) // 2 // 4096 * 4096
    path.write_bytes(
        {
            "garbage": b"not a database at all" * 999,
            "zeroes": bytes(len(sound)),
            "truncated": sound[: middle + 100],
            "page": sound[: 2 * 4096] + b"\xa5" * 8 * 4096 + sound[10 * 4096 :],
        }[wounds]
    )
    life = Life.open(tmp_path)
    life.keep(4000)
    life.seal(5000)
    batch = life.batches()[-1]
    assert batch.run != head.run
    assert b'previous="%b"' % head.run.encode() in batch.body
    saved = [one.seq for one in life.batches() if one.run == head.run]
    assert (b'reason="quarantined"' in batch.body) is (saved != [1])
    assert len(put_aside_files(tmp_path)) == 1


def test_a_crash_between_the_batch_and_the_head_file_is_repaired(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    life.keep(1)
    life.seal(10)
    before = (tmp_path / HEAD_FILE).read_bytes()
    life.keep(20)
    life.seal(30)
    (tmp_path / HEAD_FILE).write_bytes(before)  # as if the power had failed before it was written
    life = life.reopen()
    newest = life.batches()[-1]
    assert not life.head_file.covers(newest.run, newest.seq)
    life.seal(40)
    assert life.head_file.covers(newest.run, newest.seq)
    chained(life.batches())


def test_another_key_begins_another_run(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    life.keep(1)
    life.seal(10)
    life.outbox.close()
    (tmp_path / KEY_FILE).unlink()
    life = Life.open(tmp_path)
    life.keep(20)
    life.seal(30)
    newest = life.outbox.newest(0)
    assert newest is not None
    assert newest.run.startswith(run_prefix(life.key))
    assert newest.seq == 1


def test_a_refused_batch_is_declared_by_the_next_one(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    life.keep(1)
    life.seal(10)
    first = life.batches()[0]
    life.outbox.refuse(life.outbox.waiting(1, 1, frozenset())[0].id)
    assert life.outbox.undeclared()[0].reason is HoleReason.REFUSED
    life.keep(20)
    life.seal(30)
    (second,) = life.batches()
    expected = f'hole,run={first.run} first=1i,last=1i,hash="{first.hash}",reason="refused"'
    assert second.body.decode().startswith(expected)
    assert life.outbox.undeclared() == []


def test_a_restart_before_the_first_batch_still_names_the_run_before(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    life.keep(1)
    life.seal(10)
    old = life.batches()[0].run
    life.outbox.close()
    (tmp_path / OUTBOX_FILE).unlink()
    life = Life.open(tmp_path).reopen().reopen()
    life.keep(20)
    life.seal(30)
    (batch,) = life.batches()
    assert old.encode() in batch.body.splitlines()[0]
    assert batch.body.count(b"hole,") == 1


class Stop(Exception):
    """The process dies here."""


@settings(
    max_examples=rounds(25, 800), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(st.sampled_from(["keep", "seal", "crash", "die sealing", "die after commit"]), max_size=25)
)
def test_whatever_dies_between_two_steps_nothing_kept_is_lost_or_doubled(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    life = Life.open(tmp_path_factory.mktemp("life"))
    kept: list[int] = []
    now = 0
    for step in steps:
        now += 1000
        if step == "keep":
            times = [now + index for index in range(3)]
            life.keep(*times)
            kept += times
        elif step == "seal":
            life.seal(now)
        elif step == "crash":
            life = life.reopen()
        else:
            kept.append(now)
            _die(life, now, after_commit=step == "die after commit")
            life = life.reopen()
    life.seal(now + 1000)
    chained(life.batches())
    assert [int(line.split(b"t=")[1].split(b"i")[0]) for line in life.lines()] == kept
    assert [int(line.rpartition(b" ")[2]) - OFFSET_MS for line in life.lines()] == kept


def _die(life: Life, now: int, *, after_commit: bool) -> None:
    """Seal with an outbox that stops the process just before or just after its commit."""
    real = life.outbox.seal

    def dying(batch: NewBatch) -> None:
        if after_commit:
            real(batch)
        raise Stop

    life.outbox.seal = dying  # type: ignore[method-assign]  # the process dies inside this step
    life.keep(now)
    with pytest.raises(Stop):
        life.seal(now)
