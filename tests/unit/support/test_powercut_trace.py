"""What strace prints is read as what the program did."""

from __future__ import annotations

from pathlib import Path

from support.powercut.operations import (
    Created,
    Operation,
    Received,
    Renamed,
    Resized,
    Sent,
    SyncBegun,
    SyncDone,
    Unlinked,
    Wrote,
)
from support.powercut.replay import Recording, Said
from support.powercut.streams import mqtt, requests_sent, requests_served
from support.powercut.trace import operations


def hexed(text: str | bytes) -> str:
    data = text.encode() if isinstance(text, str) else text
    return "".join(f"\\x{byte:02x}" for byte in data)


def handle(number: int, path: str) -> str:
    return f"{number}<{hexed(path)}>"


def read(tmp_path: Path, *lines: str) -> list[Operation]:
    trace = tmp_path / "trace"
    trace.write_text("".join(f"{line}\n" for line in lines))
    return operations(trace, Path("/d"))


def test_files_are_created_written_in_place_and_appended(tmp_path: Path) -> None:
    opened = (
        f'7 openat(AT_FDCWD<{hexed("/")}>, "{hexed("/d/f")}", O_RDWR|O_CREAT, 0644) = {handle(3, "/d/f")}'
    )
    appended = f'7 openat(AT_FDCWD<{hexed("/")}>, "{hexed("/d/g")}", O_WRONLY|O_APPEND) = {handle(4, "/d/g")}'
    assert read(
        tmp_path,
        opened,
        f'7 write({handle(3, "/d/f")}, "{hexed("ab")}", 2) = 2',
        f'7 write({handle(3, "/d/f")}, "{hexed("cd")}", 2) = 1',
        f'7 pwrite64({handle(3, "/d/f")}, "{hexed("x")}", 1, 4096) = 1',
        f"7 lseek({handle(3, '/d/f')}, 1, SEEK_SET) = 1",
        f'7 write({handle(3, "/d/f")}, "{hexed("z")}", 1) = 1',
        appended,
        f'7 write({handle(4, "/d/g")}, "{hexed("end")}", 3) = 3',
        f"7 ftruncate({handle(4, '/d/g')}, 0) = 0",
    ) == [
        Created(path="/d/f"),
        Wrote(path="/d/f", offset=0, data=b"ab"),
        Wrote(path="/d/f", offset=2, data=b"c"),
        Wrote(path="/d/f", offset=4096, data=b"x"),
        Wrote(path="/d/f", offset=1, data=b"z"),
        Wrote(path="/d/g", offset=None, data=b"end"),
        Resized(path="/d/g", size=0),
    ]


def test_a_sync_that_another_thread_interrupts_covers_only_what_came_before(tmp_path: Path) -> None:
    assert read(
        tmp_path,
        f"7 fdatasync({handle(3, '/d/f')} <unfinished ...>",
        f'8 pwrite64({handle(3, "/d/f")}, "{hexed("late")}", 4, 0) = 4',
        "7 <... fdatasync resumed>) = 0",
    ) == [
        SyncBegun(path="/d/f", token=2),
        Wrote(path="/d/f", offset=0, data=b"late"),
        SyncDone(token=2),
    ]


def test_bytes_to_a_socket_count_from_the_moment_they_were_given(tmp_path: Path) -> None:
    socket = "9<TCP:[127.0.0.1:4000->127.0.0.1:1883]>"
    connection = "9 TCP:[127.0.0.1:4000->127.0.0.1:1883]"
    assert read(
        tmp_path,
        f'7 sendto({socket}, "{hexed("ack")}", 3, 0, NULL, 0 <unfinished ...>',
        f"8 fsync({handle(3, '/d/f')}) = 0",
        "7 <... sendto resumed>) = 3",
        f"7 recvfrom({socket},  <unfinished ...>",
        f'7 <... recvfrom resumed>"{hexed("next")}", 100, 0, NULL, NULL) = 4',
    ) == [
        Sent(connection=connection, data=b"ack"),
        SyncBegun(path="/d/f", token=1),
        SyncDone(token=1),
        Received(connection=connection, data=b"next"),
    ]


def test_names_are_renamed_and_taken_away_and_failed_calls_count_for_nothing(tmp_path: Path) -> None:
    assert read(
        tmp_path,
        f'7 rename("{hexed("/d/a")}", "{hexed("/d/b")}") = 0',
        f'7 unlinkat(5<{hexed("/d")}>, "{hexed("b")}", 0) = 0',
        f'7 unlink("{hexed("/d/c")}") = -1 ENOENT (No such file or directory)',
        f'7 unlink("{hexed("/elsewhere/c")}") = 0',
        "7 +++ killed by SIGKILL +++",
    ) == [Renamed(old="/d/a", new="/d/b"), Unlinked(path="/d/b")]


def publish(packet_id: int, payload: bytes, flags: int = 2) -> bytes:
    body = b"\0\1t" + packet_id.to_bytes(2, "big") + payload
    return bytes([0x30 | flags, len(body)]) + body


def test_an_acknowledged_message_is_the_newest_of_its_number() -> None:
    connection = "9 TCP:[127.0.0.1:4000->127.0.0.1:1883]"
    stream = publish(1, b"first") + publish(2, b"second") + publish(1, b"third", flags=10)
    said: list[Said] = [
        Received(connection=connection, data=stream[:9]),
        Received(connection=connection, data=stream[9:]),
        Sent(connection=connection, data=b"\x40\x02\x00\x01"),
    ]
    seen = mqtt(said, 1883)
    assert [message.payload for message in seen.acknowledged] == [b"third"]
    assert [message.payload for message in seen.unacknowledged()] == [b"first", b"second"]
    assert seen.got[2].dup
    assert mqtt(said, 1884).got == []


def test_a_request_is_answered_by_the_status_in_its_turn() -> None:
    client, server = "9 TCP:[127.0.0.1:4000->127.0.0.1:80]", "5 TCP:[127.0.0.1:80->127.0.0.1:4000]"
    asked = b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiPOST /b HTTP/1.1\r\ncontent-length: 3\r\n\r\nyou"
    told = b"HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n"
    sent = requests_sent([Sent(connection=client, data=asked), Received(connection=client, data=told)], 80)
    served = requests_served(
        [Received(connection=server, data=asked), Sent(connection=server, data=told)], 80
    )
    assert sent == served
    assert [(one.body, one.status) for one in served] == [(b"hi", 204), (b"you", None)]


def test_cuts_are_the_same_for_the_same_seed_and_come_in_order() -> None:
    done: list[Operation] = [Created(path="/d/f"), Wrote(path="/d/f", offset=0, data=b"1" * 2000)]
    recording = Recording(root="/d", before={}, done=done * 20)
    cuts = list(recording.cuts(50, seed=7))
    assert cuts == list(recording.cuts(50, seed=7))
    assert [cut.at for cut in cuts] == sorted(cut.at for cut in cuts)
    assert {0, 2000} < {len(cut.held.get("f") or b"") for cut in cuts}
