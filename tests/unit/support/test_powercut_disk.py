"""The simulated disk: what is synced survives, the rest survives by chance, renames are whole."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from support.powercut.disk import SECTOR, Disk
from support.powercut.operations import (
    Change,
    Created,
    MadeFolder,
    Renamed,
    Resized,
    SyncBegun,
    SyncDone,
    Unlinked,
    Wrote,
)

ROOT = "/d"


def sync(path: str, token: int) -> list[Change]:
    return [SyncBegun(path=path, token=token), SyncDone(token=token)]


def disk_after(*changes: Change, syncs: bool = True, held: dict[str, bytes | None] | None = None) -> Disk:
    disk = Disk(ROOT, held=held or {}, syncs=syncs)
    for change in changes:
        disk.apply(change)
    return disk


def outcomes(disk: Disk, name: str, tries: int = 200) -> set[bytes | None]:
    return {disk.after_cut(random.Random(seed)).get(name) for seed in range(tries)}


def written(data: bytes = b"evidence\n") -> list[Change]:
    return [Created(path="/d/f"), Wrote(path="/d/f", offset=0, data=data)]


def test_bytes_and_name_that_were_synced_survive_every_cut() -> None:
    disk = disk_after(*written(), *sync("/d/f", 1), *sync("/d", 2))
    assert outcomes(disk, "f") == {b"evidence\n"}


def test_a_file_whose_folder_was_not_synced_may_be_gone() -> None:
    disk = disk_after(*written(), *sync("/d/f", 1))
    assert outcomes(disk, "f") == {b"evidence\n", None}


def test_a_name_may_survive_without_its_bytes() -> None:
    disk = disk_after(*written(), *sync("/d", 1))
    assert {b"", b"evidence\n", b"\0" * 9} <= outcomes(disk, "f")


def test_a_write_is_torn_where_sectors_end_and_nowhere_else() -> None:
    disk = disk_after(Wrote(path="/d/f", offset=100, data=b"x" * SECTOR * 2), held={"f": b"." * 1200})
    for left in outcomes(disk, "f"):
        assert left is not None
        for start, stop in ((100, 512), (512, 1024), (1024, 1124)):
            assert len(set(left[start:stop])) == 1


def test_a_sync_covers_only_what_was_written_before_it_began() -> None:
    late = Wrote(path="/d/f", offset=None, data=b"late")
    disk = disk_after(SyncBegun(path="/d/f", token=1), late, SyncDone(token=1), held={"f": b"old "})
    assert outcomes(disk, "f") >= {b"old ", b"old late"}


def test_overlapping_syncs_of_two_threads_each_cover_their_own() -> None:
    disk = disk_after(
        Wrote(path="/d/f", offset=None, data=b"a"),
        SyncBegun(path="/d/f", token=1),
        Wrote(path="/d/f", offset=None, data=b"b"),
        SyncBegun(path="/d/f", token=2),
        SyncDone(token=2),
        SyncDone(token=1),
        held={"f": b""},
    )
    assert outcomes(disk, "f") == {b"ab"}


def test_a_rename_gives_the_old_or_the_new_file_and_never_none() -> None:
    disk = disk_after(
        Created(path="/d/f.tmp"),
        Wrote(path="/d/f.tmp", offset=0, data=b"new"),
        *sync("/d/f.tmp", 1),
        Renamed(old="/d/f.tmp", new="/d/f"),
        held={"f": b"old"},
    )
    assert outcomes(disk, "f") == {b"old", b"new"}


def test_a_rename_without_sync_of_the_file_may_leave_it_empty() -> None:
    disk = disk_after(
        Created(path="/d/f.tmp"),
        Wrote(path="/d/f.tmp", offset=0, data=b"new"),
        Renamed(old="/d/f.tmp", new="/d/f"),
        *sync("/d", 1),
        held={"f": b"old"},
    )
    assert b"" in outcomes(disk, "f")


def test_what_was_unlinked_may_come_back_until_the_folder_is_synced() -> None:
    gone: list[Change] = [Unlinked(path="/d/f")]
    assert outcomes(disk_after(*gone, held={"f": b"1"}), "f") == {b"1", None}
    assert outcomes(disk_after(*gone, *sync("/d", 1), held={"f": b"1"}), "f") == {None}


def test_files_in_a_folder_that_was_lost_are_lost() -> None:
    inside: list[Change] = [
        MadeFolder(path="/d/s"),
        Created(path="/d/s/f"),
        *sync("/d/s/f", 1),
        *sync("/d/s", 2),
    ]
    assert outcomes(disk_after(*inside), "s/f") == {b"", None}
    assert outcomes(disk_after(*inside, *sync("/d", 3)), "s/f") == {b""}


def test_cutting_a_file_is_pending_like_a_write() -> None:
    assert outcomes(disk_after(Resized(path="/d/f", size=2), held={"f": b"1234"}), "f") == {b"12", b"1234"}


def test_without_syncs_nothing_is_ever_safe() -> None:
    disk = disk_after(*written(), *sync("/d/f", 1), *sync("/d", 2), syncs=False)
    assert None in outcomes(disk, "f")


CHANGES = st.lists(
    st.one_of(
        st.builds(
            Wrote,
            path=st.just("/d/f"),
            offset=st.one_of(st.none(), st.integers(0, 3000)),
            data=st.binary(min_size=1, max_size=1500),
        ),
        st.builds(Resized, path=st.just("/d/f"), size=st.integers(0, 3000)),
    ),
    max_size=12,
)


@given(before=CHANGES, after=CHANGES, seed=st.integers(0, 2**32))
def test_synced_state_plus_a_choice_of_the_rest(before: list[Change], after: list[Change], seed: int) -> None:
    """Where nothing came after the sync the cut changes nothing; the cache always shows every change."""
    start: list[Change] = [Created(path="/d/f"), *before, *sync("/d/f", 1), *sync("/d", 2)]
    safe = disk_after(*start)
    whole = disk_after(*start, *after)
    assert safe.after_cut(random.Random(seed)) == safe.cached()
    assert whole.cached() == disk_after(Created(path="/d/f"), *before, *after).cached()
    left = whole.after_cut(random.Random(seed))["f"]
    assert left is not None
    allowed = {bytes(3000)[:1]} | {
        bytes([byte]) for content in (whole, safe) for byte in content.cached()["f"] or b""
    }
    allowed |= {bytes([byte]) for change in after if isinstance(change, Wrote) for byte in change.data}
    assert {bytes([byte]) for byte in left} <= allowed


def test_a_folder_is_laid_down_as_it_was_read(tmp_path: Path) -> None:
    from support.powercut.disk import contents, write

    held: dict[str, bytes | None] = {"a": b"1", "s": None, "s/b": b"2"}
    write(tmp_path / "d", held)
    assert contents(tmp_path / "d") == held
