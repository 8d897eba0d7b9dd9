"""Records a real program with strace, and reads the recording back as operations.

Every string is printed in hexadecimal and whole, so bytes are exact. Calls of several threads overlap: a
write counts when it returned, a sync covers what had returned before it was entered and holds once it
returned, and bytes to a socket count from the moment the call was entered, so no acknowledgement looks later
than it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support.powercut.operations import (
    Created,
    MadeFolder,
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

CALLS = (
    "openat,creat,close,dup,dup2,dup3,write,pwrite64,writev,pwritev,ftruncate,truncate,rename,renameat,renameat2,"
    "unlink,unlinkat,rmdir,mkdir,mkdirat,fsync,fdatasync,sync_file_range,fallocate,copy_file_range,sendfile,link,"
    "linkat,lseek,sendto,sendmsg,recvfrom"
)
UNSUPPORTED = frozenset({"fallocate", "copy_file_range", "link", "linkat", "sync_file_range", "dup2", "dup3"})

_WHOLE = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+)(.*)$", re.DOTALL)
_BEGUN = re.compile(r"^(\d+) +(\w+)\((.*?) *<unfinished \.\.\.>$", re.DOTALL)
_RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)(.*)$", re.DOTALL)
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_HANDLE = re.compile(r"^(\d+|AT_FDCWD)<((?:->|[^>])*)>")
_BASE = re.compile(r'iov_base="((?:\\x[0-9a-f]{2})*)"')


def command(program: Sequence[str], output: Path) -> list[str]:
    """`program` under strace, recording into `output`; the process started is the program itself."""
    options = ["-D", "-f", "-q", "--seccomp-bpf", "-xx", "-yy", "-s", "16777216", "-e", f"trace={CALLS}"]
    return ["strace", *options, "-o", str(output), *program]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One system call that succeeded. `begun` and `done` are its places in the recording."""

    name: str
    arguments: str
    result: int
    result_path: str
    begun: int
    done: int


def calls(lines: Iterable[str]) -> Iterator[Call]:
    """System calls in the order in which they returned; failed ones are left out."""
    waiting: dict[str, tuple[str, str, int]] = {}
    for number, line in enumerate(lines):
        text = line.rstrip("\n")
        if begun := _BEGUN.match(text):
            waiting[begun[1]] = (begun[2], begun[3], number)
            continue
        resumed = _RESUMED.match(text)
        whole = None if resumed else _WHOLE.match(text)
        if resumed and resumed[1] in waiting:
            name, arguments, start = waiting.pop(resumed[1])
            found, rest = resumed, arguments + resumed[3]
        elif whole:
            name, start, found, rest = whole[2], number, whole, whole[3]
        else:
            continue
        if (result := int(found[4])) >= 0:
            handle = _HANDLE.match(f"{result}{found[5]}")
            path = "" if handle is None else _text(handle[2])
            yield Call(name=name, arguments=rest, result=result, result_path=path, begun=start, done=number)


def operations(recording: Path, folder: Path) -> list[Operation]:
    """What the recording says about files under `folder` and about TCP connections, in order."""
    with recording.open(encoding="ascii", errors="strict") as lines:
        return _Reader(folder=str(folder)).read(calls(lines))


@dataclass(slots=True)
class _Open:
    append: bool
    position: int = 0


@dataclass(slots=True)
class _Reader:
    folder: str
    placed: list[tuple[int, int, Operation]] = field(default_factory=list)
    handles: dict[int, _Open] = field(default_factory=dict)

    def read(self, source: Iterable[Call]) -> list[Operation]:
        for call in source:
            self._one(call)
        return [operation for _, _, operation in sorted(self.placed, key=lambda item: item[:2])]

    def _place(self, at: int, operation: Operation) -> None:
        self.placed.append((at, len(self.placed), operation))

    def _one(self, call: Call) -> None:
        if call.name in {"openat", "creat"}:
            self._opened(call)
        elif (
            call.name in {"sendto", "sendmsg", "recvfrom", "write", "writev"}
            and "<TCP" in call.arguments[:24]
        ):
            self._socket(call)
        elif call.name.startswith(("rename", "unlink", "mkdir", "rmdir")) or call.name == "truncate":
            self._named(call)
        else:
            self._handled(call)

    def _opened(self, call: Call) -> None:
        self.handles[call.result] = _Open(append="O_APPEND" in call.arguments)
        if not self._ours(call.result_path):
            return
        if "O_CREAT" in call.arguments:
            self._place(call.done, Created(path=call.result_path))
        if "O_TRUNC" in call.arguments:
            self._place(call.done, Resized(path=call.result_path, size=0))

    def _socket(self, call: Call) -> None:
        handle = _HANDLE.match(call.arguments)
        data = b"".join(_bytes(found) for found in _STRING.findall(call.arguments))[: call.result]
        if handle is None or not data:
            return
        connection = f"{handle[1]} {handle[2]}"
        if call.name == "recvfrom":
            self._place(call.done, Received(connection=connection, data=data))
        else:
            self._place(call.begun, Sent(connection=connection, data=data))

    def _named(self, call: Call) -> None:
        paths = [self._absolute(call.arguments, _text(found)) for found in _STRING.findall(call.arguments)]
        if not any(self._ours(path) for path in paths):
            return
        if call.name.startswith("rename"):
            self._place(call.done, Renamed(old=paths[0], new=paths[1]))
        elif call.name.startswith("mkdir"):
            self._place(call.done, MadeFolder(path=paths[0]))
        elif call.name == "truncate":
            self._place(call.done, Resized(path=paths[0], size=_last_number(call.arguments)))
        else:
            self._place(call.done, Unlinked(path=paths[0]))

    def _handled(self, call: Call) -> None:
        handle = _HANDLE.match(call.arguments)
        path = "" if handle is None else _text(handle[2])
        if handle is None or not self._ours(path):
            return
        if call.name in UNSUPPORTED:
            raise NotImplementedError(f"the simulation knows no {call.name}: {path}")
        opened = self.handles.setdefault(int(handle[1]), _Open(append=False))
        if call.name in {"fsync", "fdatasync"}:
            self._place(call.begun, SyncBegun(path=path, token=call.done))
            self._place(call.done, SyncDone(token=call.done))
        elif call.name == "ftruncate":
            self._place(call.done, Resized(path=path, size=_last_number(call.arguments)))
        elif call.name == "lseek":
            opened.position = call.result
        elif call.name in {"write", "writev", "pwrite64", "pwritev"}:
            self._wrote(call, path, opened)

    def _wrote(self, call: Call, path: str, opened: _Open) -> None:
        data = b"".join(_bytes(found) for found in _STRING.findall(call.arguments))[: call.result]
        if call.name.startswith("pwrite"):
            self._place(call.done, Wrote(path=path, offset=_last_number(call.arguments), data=data))
            return
        self._place(call.done, Wrote(path=path, offset=None if opened.append else opened.position, data=data))
        opened.position += len(data)

    def _ours(self, path: str) -> bool:
        return path == self.folder or path.startswith(f"{self.folder}/")

    @staticmethod
    def _absolute(arguments: str, path: str) -> str:
        if path.startswith("/"):
            return path
        base = _HANDLE.match(arguments)
        return path if base is None else f"{_text(base[2])}/{path}"


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


def _text(escaped: str) -> str:
    if "\\x" not in escaped:
        return escaped
    plain = re.sub(r"(?:\\x[0-9a-f]{2})+", lambda found: _bytes(found[0]).decode(errors="replace"), escaped)
    return plain.removesuffix("(deleted)")


def _last_number(arguments: str) -> int:
    return int(arguments.rsplit(",", 1)[1])
