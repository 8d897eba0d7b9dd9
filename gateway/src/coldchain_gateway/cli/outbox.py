"""`outbox`: what is kept, whether it is whole, out of it into a file, and dead letters once more.

Reads beside a running gateway. `--from FILE` reads another outbox, such as one that was put aside.
"""

import argparse
import json
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from coldchain.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from coldchain_gateway.outbox import KeptBatch, KeptChunk, Remains

PROGRESS_EVERY: Final = 500
STATES: Final = ("waiting", "acknowledged", "refused")
EXAMPLES: Final = """examples:
  coldchain-gateway outbox list                                how much waits, which chains, which holes
  coldchain-gateway outbox list --batches --state refused      dead letters, one a line
  coldchain-gateway outbox verify                              every batch against its seal (1: a fault)
  coldchain-gateway outbox export --to kept.lp                 batches as they travel, then what is unsealed
  coldchain-gateway outbox export --from data/quarantine/outbox-1.sqlite --to saved.lp
  coldchain-gateway outbox retry --run 1a2b3c4d-5e6f --seq 17  send a dead letter once more
  coldchain-gateway outbox retry --all
"""


def add(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its parts."""
    command = commands.add_parser(
        "outbox",
        help="what is kept, whether it is whole",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parts = command.add_subparsers(dest="part", required=True, metavar="PART")
    listing = _part(parts, "list", "how much is kept", list_body)
    listing.add_argument("--batches", action="store_true", help="every batch, one a line")
    listing.add_argument("--state", choices=STATES, help="only batches in this state")
    _part(parts, "verify", "hold every batch against its seal and its chain", verify_body)
    export = _part(parts, "export", "write what is kept as line protocol", export_body)
    export.add_argument("--to", type=Path, metavar="FILE", help="default: standard output")
    export.add_argument("--state", choices=STATES, help="only batches in this state")
    says = "send dead letters once more"
    retry = parts.add_parser("retry", help=says, description=says, epilog=EXAMPLES)
    retry.formatter_class = argparse.RawDescriptionHelpFormatter
    which = retry.add_mutually_exclusive_group(required=True)
    which.add_argument("--all", action="store_true", help="every dead letter")
    which.add_argument("--run", help="the chain of one batch, with --seq")
    retry.add_argument("--seq", type=int, help="its number")
    retry.set_defaults(command_body=retry_body)


def _part(
    parts: "_SubParsersAction[argparse.ArgumentParser]",
    name: str,
    says: str,
    body: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    part = parts.add_parser(name, help=says, description=says, epilog=EXAMPLES)
    part.formatter_class = argparse.RawDescriptionHelpFormatter
    part.add_argument("--from", dest="source", type=Path, metavar="FILE", help="another outbox's file")
    part.add_argument("--json", action="store_true", help="JSON instead of text")
    part.set_defaults(command_body=body)
    return part


def _opened(arguments: argparse.Namespace) -> "Remains":
    from coldchain_gateway.config import load
    from coldchain_gateway.outbox import OUTBOX_FILE, CorruptOutbox, Remains

    path = arguments.source or load(arguments.config).data_dir / OUTBOX_FILE
    if not path.is_file():
        raise Unavailable(f"{path}: no outbox there; has `coldchain-gateway run` been started?")
    try:
        return Remains(path)
    except CorruptOutbox as error:
        if isinstance(error.__cause__, sqlite3.OperationalError):
            raise Unavailable(
                f"{error}; where nobody can write, copy it and its -wal and use --from"
            ) from error
        raise


def _said(text: str) -> None:
    sys.stdout.write(text + "\n")


def with_progress(batches: "Iterable[KeptBatch]") -> "Iterator[KeptBatch]":
    """The same batches; a count on the terminal while they are many."""
    shown = sys.stderr.isatty()
    number = 0
    for number, batch in enumerate(batches, start=1):
        if shown and number % PROGRESS_EVERY == 0:
            sys.stderr.write(f"\r{number} batches")
        yield batch
    if shown and number >= PROGRESS_EVERY:
        sys.stderr.write("\r\033[K")


def list_body(arguments: argparse.Namespace) -> int:
    """Counts, chains and holes; or every batch."""
    with _opened(arguments) as remains:
        wanted = [b for b in remains.batches(bodies=False) if arguments.state in (None, b.state)]
        if arguments.batches:
            _batches(wanted, as_json=arguments.json)
            return 0
        states = Counter(batch.state for batch in wanted)
        lines = Counter[str]()
        for batch in wanted:
            lines[batch.state] += batch.lines
        document = {
            "batches": {state: states[state] for state in STATES},
            "lines": {state: lines[state] for state in STATES},
            "unsealed_lines": sum(chunk.lines for chunk in remains.chunks()),
            "runs": [{"run": r.run, "seq": r.seq, "held": r.held} for r in remains.runs()],
            "holes": [
                {
                    "run": h.run,
                    "first": h.first,
                    "last": h.last,
                    "reason": h.reason.value,
                    "declared": declared,
                }
                for h, declared in remains.holes()
            ],
            "unreadable": remains.unreadable,
        }
    _said(json.dumps(document, indent=1) if arguments.json else "\n".join(listed(document)))
    return 0


def listed(document: dict[str, object]) -> Iterator[str]:
    """The counts for people."""
    batches, lines = document["batches"], document["lines"]
    if isinstance(batches, dict) and isinstance(lines, dict):
        for state in STATES:
            yield f"{state:<13} {batches[state]:>8} batches {lines[state]:>10} lines"
    yield f"{'unsealed':<13} {'':>8}         {document['unsealed_lines']:>10} lines"
    runs, holes = document["runs"], document["holes"]
    for run in runs if isinstance(runs, list) else ():
        yield f"run           {run['run']}: {run['seq']} sealed, the backend holds up to {run['held']}"
    for hole in holes if isinstance(holes, list) else ():
        told = "declared" if hole["declared"] else "to be declared"
        yield f"hole          {hole['run']}: {hole['first']}-{hole['last']} {hole['reason']}, {told}"
    if document["unreadable"]:
        yield f"unreadable    {document['unreadable']} rows"


def _batches(batches: "Iterable[KeptBatch]", *, as_json: bool) -> None:
    for batch in batches:
        if as_json:
            row = {"run": batch.run, "seq": batch.seq, "state": batch.state, "lines": batch.lines}
            _said(json.dumps(row | {"closed_ms": batch.closed_ms, "hash": batch.hash}))
        else:
            _said(f"{batch.run} {batch.seq:>8} {batch.state:<12} {batch.lines:>5} lines  {batch.hash[:16]}")


def faults_of(batches: "Iterable[KeptBatch]", public: bytes | None) -> Iterator[str]:
    """What is wrong with each batch, one sentence each; `public`: this gateway's key, where there is one."""
    from coldchain.seal import Batch, check, fingerprint, read_batch

    newest: dict[str, tuple[int, str]] = {}
    for batch in batches:
        if batch.encoded is None:
            yield f"{batch.run} {batch.seq}: its bytes are lost or not what was sealed"
            continue
        sealed = read_batch(batch.encoded)
        if not isinstance(sealed, Batch):
            continue
        if public is not None and sealed.gateway == fingerprint(public) and (fault := check(sealed, public)):
            yield f"{batch.run} {batch.seq}: {fault.value}"
        before = newest.get(batch.run)
        if before is not None and before[0] == batch.seq - 1 and before[1] != sealed.prev:
            yield f"{batch.run} {batch.seq}: does not follow {before[0]}"
        newest[batch.run] = (batch.seq, batch.hash)


def verify_body(arguments: argparse.Namespace) -> int:
    """Every batch; exit status 1 when one is not whole."""
    checked = 0

    def counted(batches: "Iterable[KeptBatch]") -> "Iterator[KeptBatch]":
        nonlocal checked
        for batch in batches:
            checked += 1
            yield batch

    with _opened(arguments) as remains:
        faults = list(faults_of(counted(with_progress(remains.batches())), _public(arguments)))
        unreadable = remains.unreadable
    if arguments.json:
        _said(json.dumps({"checked": checked, "faults": faults, "unreadable": unreadable}, indent=1))
    else:
        for fault in faults:
            _said(fault)
        whole = (
            "all whole" if not faults and not unreadable else f"{len(faults)} faults, {unreadable} unreadable"
        )
        _said(f"{checked} batches: {whole}")
    return 1 if faults or unreadable else 0


def _public(arguments: argparse.Namespace) -> bytes | None:
    """The key of the gateway whose outbox it is; None where the configuration names no key yet."""
    from coldchain_gateway.config import load
    from coldchain_gateway.identity import KEY_FILE, load_or_create_key

    if arguments.source is not None and not arguments.config.exists():
        return None
    data_dir = load(arguments.config).data_dir
    return load_or_create_key(data_dir).public if (data_dir / KEY_FILE).exists() else None


def export_body(arguments: argparse.Namespace) -> int:
    """Batches as they travel, then unsealed lines; those that nobody can date yet as comments."""
    if arguments.to is not None and arguments.to.exists():
        raise InvalidInput(f"{arguments.to}: there is such a file already; it is not overwritten")
    batches = lost = lines = 0
    with _opened(arguments) as remains, _target(arguments.to) as target:
        for batch in with_progress(remains.batches()):
            if arguments.state not in (None, batch.state):
                continue
            if batch.encoded is None:
                lost += 1
            else:
                target.write(batch.encoded)
                batches += 1
        for chunk in remains.chunks() if arguments.state is None else ():
            target.write(b"".join(dated(chunk)))
            lines += chunk.lines
        unreadable = remains.unreadable
    told = {"batches": batches, "unsealed_lines": lines, "lost": lost, "unreadable": unreadable}
    text = f"{batches} batches, {lines} unsealed lines; {lost} batches could not be read"
    text += f"; {unreadable} rows are unreadable" if unreadable else ""
    sys.stderr.write((json.dumps(told) if arguments.json else text) + "\n")
    return 1 if lost or unreadable else 0


def _target(path: Path | None) -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdout.buffer) if path is None else path.open("xb")


def dated(chunk: "KeptChunk") -> "Iterator[bytes]":
    """Its lines with their time, or as comments with the instant within their boot."""
    from coldchain_gateway.outbox import decode_entries

    boot = chunk.boot
    for entry in decode_entries(chunk.body):
        if boot is not None and boot.offset_ms is not None:
            yield b"%b %d\n" % (entry.line, entry.boot_ms + boot.offset_ms)
        else:
            name = "unknown" if boot is None else boot.boot
            yield b"# %b boot=%b boot_ms=%d\n" % (entry.line, name.encode(), entry.boot_ms)


def retry_body(arguments: argparse.Namespace) -> int:
    """Dead letters wait again; a running gateway sends them within seconds."""
    from coldchain_gateway.config import load
    from coldchain_gateway.outbox import OUTBOX_FILE, SqliteOutbox

    if (arguments.run is None) != (arguments.seq is None):
        raise InvalidInput("--run and --seq go together")
    path = load(arguments.config).data_dir / OUTBOX_FILE
    if not path.is_file():
        raise Unavailable(f"{path}: no outbox there")
    try:
        with closing(SqliteOutbox(path)) as outbox:
            count = outbox.retry(None if arguments.all else (arguments.run, arguments.seq))
    except Unavailable as error:
        raise Unavailable(f"{path}: {error}") from error
    _said(f"{count} dead letters wait again")
    return 0 if count or arguments.all else 1
