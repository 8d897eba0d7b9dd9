"""A full disk, a cap, a reserve: nothing acknowledged that is not durable, and recovery by itself."""

import random
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain_gateway.clock_trust import ClockTrust
from coldchain_gateway.contracts import Acquired, MqttDelivery, Sample
from coldchain_gateway.intake import GatewayIntake, Hooks
from coldchain_gateway.intake.committer import QUEUE_ITEMS
from coldchain_gateway.outbox import Bound, Cap, Entry, Group, Keeper, NewBatch, OutboxFull
from coldchain_gateway.outbox.cap import LEAST_BYTES, RESERVE_FILE, SPARE_BYTES, allowed_bytes
from coldchain_gateway.outbox.keeper import CALM_S, TICK_S
from support.gateway_life import OFFSET_MS, Life
from support.still_clock import StillClock

MB = 1_000_000


@given(
    cap=st.integers(8 * MB, 1000 * MB),
    floor=st.integers(0, 100 * MB),
    file=st.integers(0, 1000 * MB),
    free=st.integers(0, 1000 * MB),
)
def test_the_bound_is_never_above_cap_or_disk(cap: int, floor: int, file: int, free: int) -> None:
    allowed = allowed_bytes(Bound(cap_bytes=cap, floor_bytes=floor), file_bytes=file, free_bytes=free)
    assert LEAST_BYTES <= allowed <= cap
    assert allowed <= max(LEAST_BYTES, file + free)


def test_what_another_program_filled_costs_no_evidence() -> None:
    bound = Bound(cap_bytes=1000 * MB, floor_bytes=64 * MB)
    allowed = allowed_bytes(bound, file_bytes=300 * MB, free_bytes=0)
    assert allowed == 300 * MB - SPARE_BYTES


def cap_for(used_bytes: int) -> int:
    """The cap under which that many bytes of the file may be in use."""
    cap = 0
    while Bound(cap_bytes=cap, floor_bytes=0).file_bytes < used_bytes + SPARE_BYTES:
        cap += 10_000
    return cap


def keeper_of(
    life: Life, cap_bytes: int = 1000 * MB, clock: StillClock | None = None
) -> tuple[Keeper, list[int]]:
    trust = ClockTrust(clock or StillClock(), lambda: False, OFFSET_MS)
    cap = Cap(life.outbox, Bound(cap_bytes=cap_bytes, floor_bytes=0), life.folder)
    keeper = Keeper(outbox=life.outbox, sealer=life.sealer, cap=cap, trust=trust, boot=life.boot)
    lost: list[int] = []
    keeper.dropped_lines = lost.append
    return keeper, lost


def fill(life: Life, batches: int) -> None:
    """Batches of about 55 kB that do not compress."""
    chance = random.Random(7)
    for number in range(batches):
        now = (number + 1) * 2000
        noise = [chance.randbytes(50).hex().encode() for _ in range(1000)]
        entries = [Entry(line=b'log text="%b"' % text, boot_ms=now) for text in noise]
        life.outbox.commit(Group(boot=life.boot, boot_ms=now, trusted=True, entries=entries))
        life.seal(now)


def test_under_the_cap_acknowledged_batches_go_first_and_then_the_oldest_are_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coldchain_gateway.outbox.cap.LEAST_BYTES", 0)
    life = Life.open(tmp_path)
    fill(life, 30)
    first = life.outbox.waiting(20, 1 << 30, frozenset())
    life.outbox.acknowledge([batch.id for batch in first[10:]], 1)
    used = life.outbox.counts().used_bytes
    keeper, lost = keeper_of(life, cap_bytes=cap_for(used * 2 // 3))
    keeper.upkeep()
    counts = life.outbox.counts()
    assert counts.used_bytes <= used * 2 // 3
    assert counts.acknowledged_batches == 0
    assert counts.undeclared_holes >= 1
    assert lost == []
    life.keep(900_000)
    life.seal(900_001)
    assert life.outbox.counts().undeclared_holes == 0
    declared = [line for line in life.batches()[-1].body.splitlines() if line.startswith(b"hole,")]
    assert b"first=1i," in declared[0]


def test_batches_expire_a_week_after_they_were_acknowledged(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    fill(life, 2)
    now_ms = OFFSET_MS
    ids = [batch.id for batch in life.outbox.waiting(2, 1 << 30, frozenset())]
    life.outbox.acknowledge(ids[:1], now_ms - 7 * 86_400_000 - 1)
    life.outbox.acknowledge(ids[1:], now_ms - 7 * 86_400_000 + 1)
    keeper, _ = keeper_of(life)
    keeper.upkeep()
    assert life.outbox.counts().acknowledged_batches == 1


def use_all_room(life: Life) -> None:
    """No page can be added, and none in the file is free."""
    life.outbox.database.limit(life.outbox.room().file_bytes)
    try:
        for at in range(1_000_000, 9_000_000, 100):
            life.keep(*range(at, at + 100))
    except OutboxFull:
        return


def test_on_a_full_disk_nothing_is_acknowledged_until_there_is_room_and_then_all(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    fill(life, 5)
    keeper, _ = keeper_of(life)
    acknowledged: list[int] = []
    intake = GatewayIntake(
        outbox=life.outbox,
        clock=StillClock(),
        boot=life.boot,
        trusted=lambda: True,
        hooks=Hooks(committed=keeper.committed, hurry=keeper.hurry, relieve=lambda: None),
    )
    use_all_room(life)
    before = life.outbox.pending().lines
    for number in range(QUEUE_ITEMS):
        delivery = MqttDelivery(
            session="s",
            packet_id=number + 1,
            dup=False,
            digest=b"%08d" % number,
            acknowledge=acknowledged.extend,
        )
        intake.offer(
            Acquired(
                source="mqtt",
                decoded=[Sample(sensor=f"s{number}-" + "x" * 100, values={"temperature": 1.0})],
                boottime_ns=1,
                wall_ms=0,
                delivery=delivery,
            )
        )
    intake.stop()  # so that it gives up instead of waiting for room
    intake.commit_all()
    assert acknowledged == []
    assert life.outbox.pending().lines == before
    assert intake.full_for_ms() > 0


def test_a_full_outbox_makes_room_by_itself_out_of_what_is_acknowledged(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    fill(life, 30)
    life.outbox.acknowledge([b.id for b in life.outbox.waiting(20, 1 << 30, frozenset())], 1)
    keeper, lost = keeper_of(life)
    life.outbox.database.limit(life.outbox.room().file_bytes)
    kept = 0
    for number in range(300):
        times = range(1_000_000 + number * 500, 1_000_000 + number * 500 + 400)
        try:
            life.keep(*times)
        except OutboxFull:
            keeper.relieve()
            continue
        kept += 400
        if number > 60:
            break
    counts = life.outbox.counts()
    assert counts.acknowledged_batches < 20
    assert counts.unsealed_lines == kept
    assert lost == []


def test_the_reserve_is_given_up_first_and_laid_down_again(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    fill(life, 3)
    life.outbox.acknowledge([life.outbox.waiting(1, 1, frozenset())[0].id], OFFSET_MS)
    keeper, _ = keeper_of(life)
    keeper.disk_free = lambda: 10_000 * MB
    keeper.upkeep()
    assert (tmp_path / RESERVE_FILE).exists()
    keeper.relieve()
    assert not (tmp_path / RESERVE_FILE).exists()
    assert life.outbox.counts().acknowledged_batches == 1
    keeper.upkeep()
    assert (tmp_path / RESERVE_FILE).exists()


def test_sealing_without_room_loses_nothing_and_goes_on_later(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    life.keep(*range(1, 900))
    keeper, _ = keeper_of(life)
    life.outbox.database.limit(life.outbox.room().file_bytes)
    sealed = keeper.seal_due(force=True)
    life.outbox.database.limit(1 << 32)
    if not sealed:
        assert life.outbox.pending().lines == 899
        assert keeper.seal_due(force=True)
    assert len(life.lines()) == 899


def test_a_head_file_that_cannot_be_written_stops_sending_and_costs_nothing(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    life.keep(1)
    keeper, _ = keeper_of(life)
    blocked = tmp_path / "head.json"
    blocked.mkdir()
    assert not keeper.seal_due(force=True)
    (batch,) = life.batches()
    assert not life.head_file.covers(batch.run, batch.seq)
    blocked.rmdir()
    assert keeper.seal_due()
    assert life.head_file.covers(batch.run, batch.seq)


def test_upkeep_without_room_is_tried_again_next_time(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    fill(life, 3)
    keeper, lost = keeper_of(life)

    def no_room(acknowledged_before_ms: int) -> int:
        raise OutboxFull(f"disk I/O error before {acknowledged_before_ms}")

    life.outbox.expire = no_room  # type: ignore[method-assign]  # as a disk that fails
    keeper.upkeep()
    assert lost == []
    assert life.outbox.counts().waiting_batches == 3


def test_lines_without_a_number_that_must_go_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coldchain_gateway.outbox.cap.LEAST_BYTES", 0)
    life = Life.open(tmp_path)
    for start in range(0, 20_000, 1000):
        life.keep(*range(start, start + 1000))
    keeper, lost = keeper_of(life, cap_bytes=cap_for(200_000))
    keeper.upkeep()
    assert sum(lost) > 0
    assert life.outbox.pending().lines == 20_000 - sum(lost)


def test_the_sealing_thread_seals_what_is_due_and_tells_the_uplink(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life.open(tmp_path)
    keeper, _ = keeper_of(life)
    monkeypatch.setattr(keeper, "pause_s", lambda: 30.0)
    told = threading.Event()
    keeper.sealed = told.set
    life.keep(1)
    thread = threading.Thread(target=keeper.run)
    thread.start()
    keeper.hurry()
    assert told.wait(5)
    keeper.stop()
    thread.join(5)
    assert not thread.is_alive()
    assert len(life.lines()) == 1


def test_a_full_batch_need_not_wait_for_the_tick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life.open(tmp_path)
    keeper, _ = keeper_of(life)
    monkeypatch.setattr(keeper, "pause_s", lambda: 30.0)
    told = threading.Event()
    keeper.sealed = told.set
    thread = threading.Thread(target=keeper.run)
    thread.start()
    for start in range(0, 5000, 1000):
        life.keep(*range(start, start + 1000))
        keeper.committed(1000)
    assert told.wait(5)
    keeper.stop()
    thread.join(5)


def test_before_time_is_trusted_nothing_is_sealed(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    clock = StillClock()
    cap = Cap(life.outbox, Bound(cap_bytes=1000 * MB, floor_bytes=0), life.folder)
    keeper = Keeper(
        outbox=life.outbox,
        sealer=life.sealer,
        cap=cap,
        trust=ClockTrust(clock, lambda: False),
        boot=life.boot,
    )
    life.keep(1, trusted=False)
    assert keeper.seal_due(force=True)
    assert life.batches() == []
    assert life.outbox.pending().lines == 1
    assert keeper.pause_s() == TICK_S


@pytest.mark.parametrize(
    ("kept_ms", "seal_after_ms", "now_ms", "pause_s"),
    [
        ([], 10_000, 0, CALM_S),
        ([], 500, 7_000, 0.5),  # what comes right now is due then
        ([0], 10_000, 0, CALM_S),
        ([0, 9_000], 10_000, 9_700, 0.3),
        ([5_000], 1_000, 5_250, 0.75),
    ],
)
def test_the_next_look_is_no_later_than_a_batch_is_due(
    tmp_path: Path, kept_ms: list[int], seal_after_ms: int, now_ms: int, pause_s: float
) -> None:
    life, clock = Life.open(tmp_path, seal_after_ms=seal_after_ms), StillClock()
    keeper, _ = keeper_of(life, clock=clock)
    if kept_ms:
        life.keep(*kept_ms)
    clock.advance(now_ms)
    assert keeper.seal_due()
    assert keeper.pause_s() == pytest.approx(pause_s)
    assert life.batches() == []
    clock.advance(seal_after_ms)
    assert keeper.seal_due()
    assert len(life.batches()) == bool(kept_ms)
    assert keeper.pause_s() == pytest.approx(min(seal_after_ms / 1000, CALM_S))


def test_what_is_urgent_and_finds_no_room_is_tried_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life.open(tmp_path)
    keeper, _ = keeper_of(life)
    life.keep(0)
    keeper.hurry()

    def full(_: NewBatch) -> None:
        raise OutboxFull("no room")

    with monkeypatch.context() as patched:
        patched.setattr(life.outbox, "seal", full)
        assert not keeper.seal_due()
        assert keeper.pause_s() == TICK_S
    assert keeper.seal_due()
    assert len(life.batches()) == 1
    assert keeper.pause_s() == CALM_S
