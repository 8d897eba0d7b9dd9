"""How the mirror stands: what an operator is told, when, and when it is over."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from coldchain.errors import ConfigError, Unavailable
from coldchain_backend.app.conditions import PATIENCE_MS
from coldchain_backend.app.mirrored import mirror_of, mirror_watch, target_of
from coldchain_backend.config import MirrorSection, load
from coldchain_backend.influx import Left, Trouble, influx_of
from coldchain_backend.ledger import Json, MarkName
from coldchain_backend.mirror import CONDITIONS, MirrorState
from support.still_clock import StillClock

NOW = 1_795_377_600_000


@dataclass
class Marks:
    """Takes marks, or cannot."""

    told: list[tuple[MarkName, Json]] = field(default_factory=list)
    full: bool = False

    async def mark(self, name: MarkName, details: dict[str, Json]) -> None:
        if self.full:
            raise Unavailable("disk full")
        self.told.append((name, details["trouble"]))

    def taken(self) -> list[tuple[MarkName, Json]]:
        told, self.told = self.told, []
        return told


async def test_a_trouble_is_told_once_it_lasts_and_once_it_is_over() -> None:
    clock, marks = StillClock(NOW), Marks()
    state = MirrorState(ledger=5, judged=5)
    watch = mirror_watch(state, clock, marks.mark)
    await watch.look()
    marks.taken()
    state.fail(Trouble.DOWN, "no answer", clock.now_ms())
    await watch.look()
    assert marks.taken() == []
    clock.advance(PATIENCE_MS)
    for _ in range(3):
        await watch.look()
    assert marks.taken() == [(MarkName.MIRROR_FAILING, "down")]
    state.recover()
    for _ in range(3):
        await watch.look()
    assert marks.taken() == [(MarkName.MIRROR_RECOVERED, "down")]


async def test_another_trouble_begins_its_own_patience() -> None:
    clock, marks = StillClock(NOW), Marks()
    state = MirrorState(ledger=5, judged=5)
    watch = mirror_watch(state, clock, marks.mark)
    await watch.look()
    marks.taken()
    state.fail(Trouble.DOWN, "no answer", clock.now_ms())
    clock.advance(PATIENCE_MS - 1)
    state.fail(Trouble.TOKEN, "401", clock.now_ms())
    clock.advance(1)
    await watch.look()
    assert marks.taken() == []


async def test_after_a_start_what_no_longer_goes_on_is_ended_once_it_is_known() -> None:
    clock, marks = StillClock(NOW), Marks()
    state = MirrorState()
    watch = mirror_watch(state, clock, marks.mark)
    await watch.look()
    assert marks.taken() == []
    state.ledger = 5
    await watch.look()
    assert {told for _, told in marks.taken()} == CONDITIONS


async def test_what_cannot_be_told_is_told_later() -> None:
    clock, marks = StillClock(NOW), Marks()
    state = MirrorState(ledger=5, judged=5)
    watch = mirror_watch(state, clock, marks.mark)
    await watch.look()
    marks.taken()
    state.fail(Trouble.TOKEN, "401", clock.now_ms())
    clock.advance(PATIENCE_MS)
    marks.full = True
    await watch.look()
    marks.full = False
    await watch.look()
    assert marks.taken() == [(MarkName.MIRROR_FAILING, "token")]


def test_points_that_are_left_out_are_told_but_not_those_out_of_retention() -> None:
    state = MirrorState()
    state.tally.leave(Left.RETENTION, 7, "beyond retention policy", "m v=1")
    assert not state.conditions()
    state.tally.leave(Left.TYPE, 2, "type conflict", "reading,sensor=a humidity=1")
    assert state.conditions()["left_type"].startswith("2 points left out: type conflict: reading,sensor=a")
    assert state.document()["left_out"] == {"retention": 7, "type": 2}


@pytest.mark.parametrize(
    ("ledger", "stamp_ms", "filling", "behind"),
    [(10, NOW, False, False), (5, NOW, False, False), (5, NOW - 901_000, False, True),
     (5, NOW - 901_000, True, False), (10, NOW - 901_000, False, False), (0, 0, False, False)],
)  # fmt: skip
def test_being_far_behind_is_told_unless_it_fills(
    *, ledger: int, stamp_ms: int, filling: bool, behind: bool
) -> None:
    state = MirrorState(ledger=ledger, stamp_ms=stamp_ms, filling=filling, judged=10, judged_stamp_ms=NOW)
    assert ("behind" in state.conditions()) is behind


HEAD = '[backend]\norganisation = "demo"\n'


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[mirror]\nurl = "influx:8086"\nbucket = "b"\n', "url must begin with"),
        ('[mirror]\nurl = "http://influx:8086"\nbucket = ""\n', "bucket must not be empty"),
        ('[mirror]\nurl = "http://i"\nbucket = "b"\nversion = "3"\n', "version must be"),
        ('[mirror]\nurl = "http://i"\nbucket = "b"\nuser = "u"\n', "password"),
        ('[mirror]\nurl = "http://i"\nbucket = "b"\nretention_days = 3\n', "create = true"),
        ('[mirror]\nurl = "http://i"\nbucket = "b"\ncreate = true\nretention_days = 0\n', "at least 1"),
        ('[mirror]\nbucket = "b"\n', "url"),
        ('[mirror]\nurl = "http://i"\nbucket = "b"\ntokn = "x"\n', "tokn"),
    ],
)
def test_mistakes_in_the_settings_are_named(tmp_path: Path, text: str, key: str) -> None:
    file = tmp_path / "backend.toml"
    file.write_text(HEAD + text, encoding="utf-8")
    with pytest.raises(ConfigError, match=key):
        load(file)


def test_settings_name_a_bucket_and_hide_its_token(tmp_path: Path) -> None:
    file = tmp_path / "backend.toml"
    (tmp_path / "token").write_text("s3cret-token\n", encoding="utf-8")
    section = '[mirror]\nurl = "http://i:8086/"\nbucket = "b"\norg = "o"\ntoken = "file:token"\n'
    file.write_text(HEAD + section, encoding="utf-8")
    settings = load(file)
    assert settings.config.mirror is not None
    assert target_of(settings.config.mirror) == "http://i:8086 o/b"
    influx = influx_of(settings.folder, settings.config.mirror)
    assert influx.place.token is not None
    assert "s3cret" not in repr(influx.place)


def test_without_the_section_there_is_no_mirror(tmp_path: Path) -> None:
    file = tmp_path / "backend.toml"
    file.write_text(HEAD, encoding="utf-8")
    nothing: object = None
    assert mirror_of(load(file), nothing, nothing, StillClock(NOW)) is None  # type: ignore[arg-type] # unused


def test_a_section_alone_is_complete() -> None:
    assert MirrorSection(url="https://i", bucket="b").version == "auto"
