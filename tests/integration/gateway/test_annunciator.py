"""Commands that local alarms start: slow and hanging ones delay nothing and leave no process."""

import sys

from coldchain_gateway.local_alarm import LocalAlarmConfig
from support.watching import FRONT, LIMIT_MS, Desk, bundle


async def test_a_command_that_hangs_delays_no_judging() -> None:
    hanging = (sys.executable, "-c", "import signal; signal.pause()")
    desk = Desk(LocalAlarmConfig(command=hanging))
    desk.alarm.load(bundle(FRONT))
    async with desk.running():
        desk.say(9.0)
        await desk.clock.pass_time(11)
        desk.say(5.0)
        await desk.clock.pass_time(LIMIT_MS / 1000 + 2)
        assert len(desk.lines("local_alarm")) == 3
