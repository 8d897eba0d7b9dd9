"""Straight to an InfluxDB: poison is found, errors of operators keep everything, nobody waits for it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from coldchain_gateway.outbox import Entry, Group, SqliteOutbox
from coldchain_gateway.uplink import Connection, Endpoint
from coldchain_gateway.uplink.direct import DEAD_LETTERS, DeadLetters, Follower, InfluxConfig
from coldchain_gateway.uplink.direct.follower import Stopped
from coldchain_runtime.clock import SystemClock
from support.acceptance import Figures
from support.gateway_life import Life
from support.influx_end import POISON, InfluxEnd, Said, real_influx

READINGS = 10_000


def follower_of(life: Life, url: str, token: str | None = None) -> Follower:
    clock = SystemClock()
    config = InfluxConfig(url=url, org="demo", bucket="cold", token_file=Path("influx.token"))
    return Follower(
        outbox=life.outbox,
        clock=clock,
        connection=Connection(Endpoint.parse(url), clock, lambda: token),
        config=config,
        letters=DeadLetters(life.folder),
    )


def kept(life: Life, numbers: Sequence[int], poison: frozenset[int] = frozenset()) -> None:
    """Readings of these numbers, sealed in batches of up to a thousand."""
    for first in range(0, len(numbers), 1000):
        some = numbers[first : first + 1000]
        entries = [
            Entry(
                line=b"reading,sensor=s t=%di%b" % (number, b"," + POISON if number in poison else b""),
                boot_ms=number,
            )
            for number in some
        ]
        life.outbox.commit(Group(boot=life.boot, boot_ms=some[-1], trusted=True, entries=entries))
        life.seal(some[-1] + 1)


def drained(follower: Follower) -> None:
    try:
        while follower.write_some():
            pass
    finally:
        follower.close()


def readings(end: InfluxEnd) -> list[int]:
    return sorted(
        int(line.split(b"t=")[1].split(b"i")[0]) for line in end.written if line.startswith(b"reading,")
    )


class Waits:
    """Counts the seconds that a follower would have waited, and ends it after so many."""

    def __init__(self, until_s: float = 1e9, then: Callable[[], None] = lambda: None) -> None:
        self.seconds: list[float] = []
        self._until_s = until_s
        self._then = then

    def __call__(self, seconds: float) -> bool:
        self.seconds.append(seconds)
        if sum(self.seconds) >= self._until_s:
            self._then()
        return False


@pytest.mark.acceptance("A9")
def test_one_poison_line_in_ten_thousand_is_put_aside_and_the_rest_written(
    tmp_path: Path, figures: Figures
) -> None:
    life = Life.open(tmp_path)
    kept(life, range(1, READINGS + 1), frozenset({7_777}))
    with InfluxEnd() as end:
        follower = follower_of(life, end.url)
        drained(follower)
    written = readings(end)
    letters = (tmp_path / DEAD_LETTERS).read_bytes().splitlines()
    figures.add(readings=READINGS, written=len(written), dead=follower.state().dead_lines)
    assert written == [number for number in range(1, READINGS + 1) if number != 7_777]
    assert len(letters) == 2
    assert letters[0] == b"# HTTP 400: because"
    assert b"t=7777i" in letters[1]
    assert life.outbox.counts().waiting_batches == 10  # the backend's half is untouched


@pytest.mark.acceptance("A9")
@pytest.mark.parametrize("status", [401, 403, 404])
def test_an_operators_error_of_an_hour_drops_nothing_and_is_told(
    tmp_path: Path, status: int, figures: Figures
) -> None:
    life = Life.open(tmp_path)
    kept(life, range(1, 2001))
    refusing = [True]
    with InfluxEnd(script=lambda _: Said(status=status) if refusing else None) as end:
        follower = follower_of(life, end.url)
        states: list[str] = []

        def mended() -> None:
            states.append(follower.state().state)
            refusing.clear()

        follower.wait = waits = Waits(3600, mended)
        drained(follower)
    figures.add(hours=1, attempts=len(waits.seconds), lost=2000 - len(readings(end)))
    assert states == ["denied"]
    assert readings(end) == list(range(1, 2001))
    assert max(waits.seconds) <= 72
    assert not (tmp_path / DEAD_LETTERS).exists()


@pytest.mark.acceptance("A12")
@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_patience_is_waited_for_as_told(
    tmp_path: Path, status: int, figures: Figures
) -> None:
    life = Life.open(tmp_path)
    kept(life, range(1, 101))
    answers = [Said(status=status, retry_after="17")] * 2
    with InfluxEnd(script=lambda _: answers.pop() if answers else None) as end:
        follower = follower_of(life, end.url)
        follower.wait = waits = Waits()
        drained(follower)
    figures.add(waits=len(waits.seconds))
    assert [round(seconds) for seconds in waits.seconds] == [17, 17]
    assert readings(end) == list(range(1, 101))


@pytest.mark.acceptance("A12")
def test_what_is_too_large_is_split_until_it_fits(tmp_path: Path, figures: Figures) -> None:
    life = Life.open(tmp_path)
    kept(life, range(1, 3001))
    with InfluxEnd(most_lines=400) as end:
        drained(follower_of(life, end.url))
    figures.add(requests=len(end.requests))
    assert readings(end) == list(range(1, 3001))
    assert max(end.written.values()) == 1


def test_who_stops_in_the_middle_of_an_outage_writes_it_all_next_time(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    kept(life, range(1, 11))
    follower = follower_of(life, "http://127.0.0.1:9")
    follower.wait = lambda _: True
    with pytest.raises(Stopped):
        follower.write_some()
    assert follower.state().state == "unreachable"
    with InfluxEnd() as end:
        drained(follower_of(life, end.url))
    assert readings(end) == list(range(1, 11))


def test_what_the_outbox_dropped_meanwhile_is_counted_and_not_waited_for(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    kept(life, range(1, 1001))
    with InfluxEnd() as end:
        follower = follower_of(life, end.url)
        drained(follower)
        kept(life, range(1001, 5001))
        life.outbox.acknowledge([b.id for b in life.outbox.waiting(3, 1 << 30, frozenset())], 1)
        assert isinstance(life.outbox, SqliteOutbox)
        life.outbox.expire(2)
        drained(follower)
    assert follower.state().missed_batches == 2
    assert readings(end) == [*range(1, 1001), *range(3001, 5001)]


def test_without_a_backend_what_is_written_counts_as_acknowledged(tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    kept(life, range(1, 101))
    with InfluxEnd() as end:
        follower = follower_of(life, end.url)
        follower.alone = True
        drained(follower)
    assert life.outbox.counts().acknowledged_batches == 1


@pytest.mark.acceptance("A9")
def test_a_real_influxdb_gets_every_reading_once_and_a_conflict_of_types_is_put_aside(
    tmp_path: Path, figures: Figures
) -> None:
    life = Life.open(tmp_path)
    kept(life, range(1, 3001))
    wrong = [Entry(line=b'reading,sensor=s t="text"', boot_ms=5000)]
    life.outbox.commit(Group(boot=life.boot, boot_ms=5000, trusted=True, entries=wrong))
    life.seal(5001)
    with real_influx(tmp_path / "influx") as influx:
        follower = follower_of(life, influx.url, influx.token)
        drained(follower)
        figures.add(readings=3000, written=influx.count("reading", "t"), dead=follower.state().dead_lines)
        assert influx.count("reading", "t") == 3000
    assert follower.state().dead_lines == 1
    assert b't="text"' in (tmp_path / DEAD_LETTERS).read_bytes()
