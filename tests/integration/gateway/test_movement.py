"""The committing thread as the watchdog sees it: idle it moves, blocked in its disk it does not."""

import threading

from coldchain_gateway.app.watchdog import STUCK_S, Movement, Pulse
from coldchain_gateway.contracts import Acquired, Sample
from coldchain_gateway.outbox import Group
from coldchain_runtime.clock import SystemClock
from support.memory_outbox import MemoryOutbox
from support.still_clock import StillClock
from support.wires import Kept, until


class SlowDisk(MemoryOutbox):
    """Commits end when the test lets them."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()
        self.free.set()

    def commit(self, group: Group) -> None:
        self.free.wait(60)
        super().commit(group)


async def test_idle_is_not_stuck_and_a_disk_that_never_answers_is() -> None:
    disk, clock = SlowDisk(), StillClock()
    kept = Kept(disk)
    intake = kept.intake
    movement = Movement(
        clock,
        {"intake": Pulse(sign=lambda: intake.turned_ns, nudge=intake.begin)},
        workers=list,
        ended_loops=list,
        beyond_cure=list,
    )
    kept.start()
    try:
        for _ in range(5):
            before = intake.turned_ns
            assert movement.stuck() == ""
            await until(lambda before=before: intake.turned_ns != before)  # type: ignore[misc]  # bound now
            clock.advance(int(STUCK_S * 500))
        disk.free.clear()
        sample = Sample(sensor="front", values={"temperature": 4.0})
        now = SystemClock().boottime_ns()
        intake.offer(Acquired(source="s", decoded=[sample], boottime_ns=now, wall_ms=0))
        await until(lambda: intake.waiting == 0)
        assert movement.stuck() == ""
        clock.advance(int(STUCK_S * 1000) + 1)
        assert movement.stuck().startswith("intake has not come round")
        disk.free.set()
        await until(lambda: len(kept.readings()) == 1)
        assert movement.stuck() == ""
    finally:
        disk.free.set()
        kept.stop()
