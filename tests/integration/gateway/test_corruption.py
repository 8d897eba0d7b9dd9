"""The outbox's file is broken: the gateway goes on by itself with a new run."""

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from coldchain_gateway.app import Ending, serve
from coldchain_gateway.config import load
from coldchain_gateway.outbox import OUTBOX_FILE
from coldchain_runtime.clock import SystemClock
from support.backend_sink import BackendSink

CONFIG = """
[gateway]
name = "gw-1"
organisation = "demo"
seal_after = "200ms"
[uplink]
url = "{url}"
"""


def runs_of(sink: BackendSink) -> list[str]:
    return list(dict.fromkeys(batch.run for batch in sink.kept))


async def served(config: Path, within: threading.Event, condemned: str = "") -> str:
    """Run until `within` is set; why the outbox was condemned meanwhile."""
    ending = Ending()
    running = asyncio.create_task(serve(load(config), SystemClock(), ending, condemned))
    await asyncio.to_thread(within.wait, 15)
    ending.ask("test")
    await running
    return ending.condemned


def break_pages(path: Path) -> None:
    """What a failing card does: every page behind the first holds something else."""
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xa5" * (len(data) - 4096))


async def test_a_file_that_breaks_is_put_aside_and_the_next_run_names_the_one_before(tmp_path: Path) -> None:
    with BackendSink() as sink:
        config = tmp_path / "gateway.toml"
        config.write_text(CONFIG.format(url=sink.url))
        path = tmp_path / "data" / OUTBOX_FILE
        first_sent, over = threading.Event(), threading.Event()
        await_first = threading.Thread(target=_set_when, args=(sink, 1, first_sent))
        await_first.start()
        assert await served(config, first_sent) == ""
        await_first.join()
        await asyncio.to_thread(break_pages, path)
        again = threading.Thread(target=_set_when, args=(sink, len(sink.kept) + 1, over))
        again.start()
        assert await served(config, over) == ""
        again.join()
        first, second = runs_of(sink)
        assert any(f'previous="{first}"' in line for line in sink.lines("run"))
        assert any('reason="quarantined"' in line for line in sink.lines("hole"))
        assert second != first


def _set_when(sink: BackendSink, batches: int, event: threading.Event) -> None:
    sink.wait_for(lambda: len(sink.kept) >= batches)
    event.set()


async def test_a_condemned_file_is_put_aside_whatever_it_looks_like(tmp_path: Path) -> None:
    with BackendSink() as sink:
        config = tmp_path / "gateway.toml"
        config.write_text(CONFIG.format(url=sink.url))
        for condemned in ("", "malformed page"):
            sent = threading.Event()
            waiting = threading.Thread(target=_set_when, args=(sink, len(sink.kept) + 1, sent))
            waiting.start()
            await served(config, sent, condemned)
            waiting.join()
        assert len(runs_of(sink)) == 2
        assert (tmp_path / "data" / "quarantine" / "outbox-1.sqlite").exists()


async def test_a_large_file_is_not_read_through_at_start_and_its_fault_is_found_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with BackendSink() as sink:
        config = tmp_path / "gateway.toml"
        config.write_text(CONFIG.format(url=sink.url))
        for round_ in range(2):
            sent = threading.Event()
            waiting = threading.Thread(target=_set_when, args=(sink, len(sink.kept) + 1, sent))
            waiting.start()
            await served(config, sent)
            waiting.join()
            if round_ == 0:
                monkeypatch.setattr("coldchain_gateway.outbox.database.QUICK_CHECK_BYTES", 0)
                await asyncio.to_thread(break_bodies, tmp_path / "data" / OUTBOX_FILE)
        assert len(runs_of(sink)) == 2
        assert (tmp_path / "data" / "quarantine" / "outbox-1.sqlite").exists()


def break_bodies(path: Path) -> None:
    """Batches whose bytes are something else although every page is sound."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE body SET gzip = x'00112233'")
        database.commit()
