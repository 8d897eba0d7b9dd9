"""One watched sensor, the bundle that says so, and a local alarm that watches by it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from coldchain.profiles import Mark, Profile, Rule, Side
from coldchain.watch import WatchBundle, WatchedSensor
from coldchain.words import Text
from coldchain_gateway.contracts import Acquired, Sample
from coldchain_gateway.intake import GatewayIntake, Hooks
from coldchain_gateway.local_alarm import LocalAlarm, LocalAlarmConfig
from support.fake_clock import FakeClock
from support.memory_outbox import MemoryOutbox

RULE = Rule(name="high", side=Side.HIGH, threshold=8.0, inclusive=False, alarm_after_ms=10_000)
PROFILE = Profile(
    name="chilled",
    version=1,
    title=Text(en="Chilled", zh="冷藏"),
    rules=(RULE,),
    citation="test",
    mark=Mark.PROPOSED,
    gap_floor_ms=60_000,
)
FRONT = WatchedSensor(
    sensor="front",
    interval_ms=10_000,
    point="store.front",
    point_name=Text(en="Front", zh="门口"),
    zone="store",
    zone_name=Text(en="Chiller", zh="冷藏间"),
    asset="cq",
    asset_name=Text(en="Cold store", zh="冷库"),
    in_use=True,
    profile="chilled",
)
LIMIT_MS = 60_000


def bundle(*sensors: WatchedSensor) -> WatchBundle:
    return WatchBundle(
        version="1", organisation="demo", gateway="gw", made_ms=0, sensors=sensors, profiles=(PROFILE,)
    )


class Desk:
    """Real intake and alarm on a clock moved by hand."""

    def __init__(self, config: LocalAlarmConfig | None = None) -> None:
        self.clock = FakeClock()
        self.outbox = MemoryOutbox()
        self.hurried = 0
        self.intake = GatewayIntake(
            outbox=self.outbox,
            clock=self.clock,
            boot="boot-1",
            trusted=lambda: True,
            hooks=Hooks(committed=lambda _: None, hurry=self._hurry, relieve=lambda: None),
        )
        self.alarm = LocalAlarm(config or LocalAlarmConfig(), clock=self.clock, intake=self.intake)
        self.intake.watcher = self.alarm

    def _hurry(self) -> None:
        self.hurried += 1

    def say(self, celsius: float, sensor: str = "front") -> None:
        sample = Sample(sensor=sensor, values={"temperature": celsius})
        now_ns = self.clock.boottime_ns()
        self.intake.offer(Acquired(source="s", decoded=[sample], boottime_ns=now_ns, wall_ms=0))
        self.intake.commit_all()

    def all_lines(self) -> list[str]:
        """Every line kept, without what stands before its measurement."""
        self.intake.commit_all()
        bodies = b"".join(chunk.body for chunk in self.outbox.unsealed(10**9, 10**9)).decode()
        return bodies.splitlines()

    def lines(self, measurement: str) -> list[str]:
        return [line for line in self.all_lines() if f"{measurement}," in line]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.alarm.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
