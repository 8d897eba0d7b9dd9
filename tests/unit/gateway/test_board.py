"""What the page is told of a zone as time passes: by the real alarm, on a clock moved by hand."""

from dataclasses import replace

from coldchain.words import Text
from coldchain_gateway.local_alarm import Board, LocalAlarmConfig, ZoneState
from support.watching import FRONT, Desk, bundle

REAR = replace(
    FRONT, sensor="rear", point="store.rear", point_name=Text(en="Rear", zh="里面"), contacts=("Wu",)
)
QUIET = LocalAlarmConfig(log=False)


def state(board: Board) -> ZoneState:
    (zone,) = board.zones
    return zone.state


async def test_a_zone_goes_from_unknown_through_warning_to_alarm_and_back() -> None:
    desk = Desk(QUIET)
    desk.alarm.load(bundle(FRONT))
    async with desk.running():
        assert state(desk.alarm.board()) is ZoneState.UNKNOWN
        desk.say(4.0)
        await desk.clock.pass_time(0.1)
        assert state(desk.alarm.board()) is ZoneState.OK
        seen = []
        for _ in range(3):
            desk.say(9.0)
            await desk.clock.pass_time(4)
            seen.append(state(desk.alarm.board()))
        assert seen == [ZoneState.WARNING, ZoneState.WARNING, ZoneState.ALARM]
        assert desk.alarm.board().standing == 1
        desk.say(4.0)
        await desk.clock.pass_time(0.1)
        board = desk.alarm.board()
        assert (state(board), board.standing) == (ZoneState.OK, 0)


async def test_what_was_said_two_intervals_ago_says_nothing_about_now() -> None:
    desk = Desk(QUIET)
    desk.alarm.load(bundle(FRONT))
    async with desk.running():
        desk.say(4.0)
        await desk.clock.pass_time(20)
        assert state(desk.alarm.board()) is ZoneState.OK
        await desk.clock.pass_time(0.1)
        (zone,) = desk.alarm.board().zones
        assert zone.state is ZoneState.UNKNOWN
        assert (zone.points[0].value, zone.points[0].age_ms) == (4.0, 20_100), (
            "the last value stays, with its age"
        )


async def test_silence_ends_no_alarm() -> None:
    desk = Desk(QUIET)
    desk.alarm.load(bundle(FRONT))
    async with desk.running():
        for _ in range(3):
            desk.say(9.0)
            await desk.clock.pass_time(6)
        await desk.clock.pass_time(3_600)
        assert state(desk.alarm.board()) is ZoneState.ALARM


async def test_the_worst_point_is_the_zones_state_and_its_limits_and_contacts_are_joined() -> None:
    desk = Desk(QUIET)
    desk.alarm.load(bundle(replace(FRONT, contacts=("Li", "Wu")), REAR))
    async with desk.running():
        desk.say(4.0)
        desk.say(9.0, "rear")
        await desk.clock.pass_time(0.1)
        (zone,) = desk.alarm.board().zones
    assert [point.state for point in zone.points] == [ZoneState.OK, ZoneState.WARNING]
    assert (zone.state, zone.low, zone.high) == (ZoneState.WARNING, None, 8.0)
    assert zone.contacts == ("Li", "Wu")


async def test_a_zone_that_is_not_in_use_has_no_alarm_and_unknown_sensors_are_shown_beside() -> None:
    desk = Desk(QUIET)
    desk.alarm.load(bundle(replace(FRONT, in_use=False)))
    async with desk.running():
        desk.say(30.0)
        desk.say(-18.5, "stranger")
        await desk.clock.pass_time(3_600)
        board = desk.alarm.board()
    assert (state(board), board.worst, board.standing) == (ZoneState.NOT_IN_USE, ZoneState.NOT_IN_USE, 0)
    assert [(one.sensor, one.value, one.age_ms) for one in board.unwatched] == [
        ("stranger", -18.5, 3_600_000)
    ]


async def test_without_a_bundle_everything_that_is_read_is_shown() -> None:
    desk = Desk(QUIET)
    async with desk.running():
        desk.say(4.0, "b")
        desk.say(5.0, "a")
        await desk.clock.pass_time(1)
        board = desk.alarm.board()
    assert board.zones == ()
    assert [one.sensor for one in board.unwatched] == ["a", "b"]
