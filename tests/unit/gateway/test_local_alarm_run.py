"""The running local alarm: which lines it has sealed, what is urgent, and that telling never holds it up."""

from pathlib import Path

import pytest

from coldchain.seal import Key
from coldchain.watch import make_envelope, to_bytes
from coldchain_gateway.contracts import Notice
from coldchain_gateway.local_alarm import LocalAlarmConfig
from coldchain_gateway.local_alarm.annunciators import LogTeller
from coldchain_gateway.local_alarm.queues import UNTOLD_NOTICES, Queue
from support.watching import FRONT, LIMIT_MS, Desk, bundle


async def test_an_alarm_goes_from_the_limit_to_its_end() -> None:
    desk = Desk()
    desk.alarm.load(bundle(FRONT))
    async with desk.running():
        desk.say(9.0)
        assert (desk.hurried, desk.lines("local_alarm")) == (1, [])
        (crossed,) = desk.lines("limit_crossed")
        assert "point=store.front,rule=high" in crossed
        await desk.clock.pass_time(12)
        desk.say(9.5)
        (began,) = desk.lines("local_alarm")
        assert 'state="alarm"' in began
        await desk.clock.pass_time(2)
        desk.say(5.0)
        assert 'state="end"' in desk.lines("local_alarm")[1]
    assert desk.hurried == 3


async def test_time_alone_brings_alarm_and_silence() -> None:
    desk = Desk()
    desk.alarm.load(bundle(FRONT))
    async with desk.running():
        desk.say(9.0)
        await desk.clock.pass_time(10.5)
        assert 'state="alarm"' in desk.lines("local_alarm")[0]
        await desk.clock.pass_time(LIMIT_MS / 1000)
        assert "rule=silence" in desk.lines("local_alarm")[1]
        desk.say(9.0)
        assert 'state="end"' in desk.lines("local_alarm")[2]
        assert "rule=silence" in desk.lines("local_alarm")[2]


def test_what_is_not_watched_makes_no_lines() -> None:
    desk = Desk()
    desk.say(99.0)
    desk.alarm.load(bundle(FRONT))
    desk.say(99.0, "other")
    assert desk.lines("local_alarm") == desk.lines("limit_crossed") == []
    assert desk.hurried == 0


async def test_a_gateway_without_backend_watches_by_a_file(tmp_path: Path) -> None:
    file = tmp_path / "watch.json"
    file.write_bytes(make_envelope(bundle(FRONT), Key.generate()))
    desk = Desk(LocalAlarmConfig(watch_file=file))
    desk.say(9.0)
    assert desk.lines("limit_crossed")


async def test_the_same_document_without_its_envelope_does_as_well(tmp_path: Path) -> None:
    file = tmp_path / "watch.json"
    file.write_bytes(to_bytes(bundle(FRONT)))
    desk = Desk(LocalAlarmConfig(watch_file=file))
    desk.say(9.0)
    assert desk.lines("limit_crossed")


async def test_nothing_accepted_upstream_is_an_alarm_of_its_own() -> None:
    desk = Desk(LocalAlarmConfig(upstream_silent_after=60_000))
    accepted = [1]
    desk.alarm.accepted = lambda: accepted[-1]
    async with desk.running():
        for _ in range(10):
            await desk.clock.pass_time(30)
            accepted.append(accepted[-1] + 1)
        assert desk.lines("local_alarm") == []
        await desk.clock.pass_time(62)
        (began,) = desk.lines("local_alarm")
        assert "rule=upstream" in began
        assert desk.alarm.situation().signals.lamp
        accepted.append(0)
        await desk.clock.pass_time(1)
        assert 'state="end"' in desk.lines("local_alarm")[1]
        assert not desk.alarm.situation().signals.lamp


async def test_other_annunciators_by_a_reload_lose_no_alarm_that_stands() -> None:
    desk = Desk(LocalAlarmConfig(log=False))
    desk.alarm.load(bundle(FRONT))
    async with desk.running():
        desk.say(9.0)
        await desk.clock.pass_time(11)
        await desk.alarm.reconfigure(LocalAlarmConfig(log=True))
        await desk.clock.pass_time(1)
        assert desk.alarm.situation().signals.buzzer
        desk.say(5.0)
        assert len(desk.lines("local_alarm")) == 2


@pytest.mark.parametrize("content", [b"", b"{}", b'{"payload": 1}', b"\xff"])
def test_a_bad_file_is_told_and_the_gateway_runs(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "watch.json"
    file.write_bytes(content)
    desk = Desk(LocalAlarmConfig(watch_file=file))
    desk.say(99.0)
    assert not desk.lines("limit_crossed")
    assert not Desk(LocalAlarmConfig(watch_file=tmp_path / "nowhere")).lines("limit_crossed")


def test_what_waits_to_be_told_is_bounded() -> None:
    queue = Queue(LogTeller())
    notice = Notice(point="p", rule="high", state="alarm", text_en="hot", text_zh="热", value=9.5)
    for _ in range(UNTOLD_NOTICES + 5):
        queue.put(notice)
    assert len(queue.untold) == UNTOLD_NOTICES
