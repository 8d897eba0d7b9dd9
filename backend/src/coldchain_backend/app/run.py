"""What runs, in which order it starts, and how it stops: read from top to bottom."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

from coldchain.errors import IntegrityError
from coldchain.seal import Key
from coldchain_backend import judging, sql
from coldchain_backend.access import Links, Tokens, open_tokens
from coldchain_backend.app.auditing import Auditor
from coldchain_backend.app.backups import DailyBackups
from coldchain_backend.app.beats import Beats
from coldchain_backend.app.delivering import Mail
from coldchain_backend.app.followed import follow_watch, followers_of, following
from coldchain_backend.app.garbage import look_rarely
from coldchain_backend.app.heartbeat import Heartbeat
from coldchain_backend.app.heartbeat import Ports as HeartbeatPorts
from coldchain_backend.app.judged import Idle, JudgingThread, judging_settings
from coldchain_backend.app.marks import Heart, between_marks
from coldchain_backend.app.mirrored import mirror_of, mirror_watch, mirroring
from coldchain_backend.app.packing import Packer
from coldchain_backend.app.server import listening, run_server
from coldchain_backend.app.vitals import Vitals
from coldchain_backend.app.web import Ground, application
from coldchain_backend.config import BackupSection, HeartbeatSection, Settings
from coldchain_backend.delivery import Senders
from coldchain_backend.evidence import DailyCheckpoints, Outside, statement_of
from coldchain_backend.fleet import StateSource
from coldchain_backend.fleetfile import FleetBook
from coldchain_backend.identity import admin_token, load_or_create_key, load_or_create_links_key
from coldchain_backend.ingest import Admission
from coldchain_backend.ledger import FileLedger, Json, Kind, MarkName, Record, mark_record, open_ledger
from coldchain_backend.recovery import HELD
from coldchain_backend.upkeep import Upkeep
from coldchain_runtime.clock import Clock
from coldchain_runtime.durable import make_folder
from coldchain_runtime.logs import Log
from coldchain_runtime.supervisor import Supervisor

REPLAY_RECORDS = 4_096
CHECKPOINT_EVERY_S = 3_600.0
HELD_LOOK_S = 2.0
SETTLE_EVERY_S = 60.0
_log = Log("backend")


async def serve(settings: Settings, clock: Clock) -> None:
    """Run until told to stop. Raises Unavailable when another process has the port or the data folder."""
    with listening(settings.host, settings.port) as taken:
        await serve_on(taken, settings, clock)


async def serve_on(taken: socket.socket, settings: Settings, clock: Clock) -> None:
    """Open everything in order, serve on a bound socket, close everything in order."""
    make_folder(settings.data_dir)
    organisation, key = settings.organisation, load_or_create_key(settings.data_dir)
    tokens = tokens_of(settings, clock)
    with (
        open_ledger(settings.data_dir / "ledger" / organisation, organisation, clock) as ledger,
        settings.place.opened() as database,
        known(settings, ledger, key, sql.Records(database)) as (book, admission),
    ):
        answers = judging.Answers(sql.Records(database), organisation, ledger)
        upkeep = Upkeep(settings.data_dir, clock, marker(ledger), partial(sql.series_bytes, database))
        ground = Ground(
            settings=settings,
            clock=clock,
            key=key,
            tokens=tokens,
            links=links_of(settings),
            people=sql.PeopleBook(database),
            audit=sql.Audit(database),
            ledger=ledger,
            book=book,
            admission=admission,
            answers=answers,
            news=judging.News(),
            room=upkeep.room,
            vitals=Vitals(clock=clock, ledger=ledger, answers=answers, held=settings.data_dir / HELD),
            beats=Beats(settings.config.beats, settings.data_dir, clock, marker(ledger)),
            mirror=mirror_of(settings, ledger, database, clock),
            followers=followers_of(settings, ledger, admission, clock),
        )
        async with (
            between_marks(ledger, key),
            judged(ground, database) as consumer,
            mirroring(ground.mirror, clock),
            following(ground.followers, clock),
            Supervisor(clock) as loops,
            Mail.of(ground, database, marker(ledger)) as mail,
        ):
            loops.start("heart", Heart(ledger, consumer, clock).run)
            loops.start("upkeep", upkeep.run)
            look_after(loops, ground)
            loops.start("courier", lambda: deliver(ground, mail))
            if settings.config.heartbeat is not None:
                loops.start("heartbeat", heartbeat(ground, settings.config.heartbeat, mail.senders).run)
            start_timetables(loops, ground, database)
            _log.event("backend.ready", listen=settings.config.backend.listen, records=ledger.end)
            await run_server(mail.shown_by(application(ground)), taken)
            _log.event("backend.stopping")
        ledger.checkpoint(key)


def look_after(loops: Supervisor, ground: Ground) -> None:
    """What looks now and then whether all is in order."""
    loops.start("beats", ground.beats.run)
    loops.start("tokens", lambda: settle_tokens(ground))
    loops.start("auditor", Auditor(ground.answers, ground.clock, marker(ground.ledger)).run)


def tokens_of(settings: Settings, clock: Clock) -> Tokens:
    """All tokens, the administrator's among them."""
    tokens = open_tokens(settings.data_dir)
    admin_token(settings.data_dir, tokens, clock.now_ms())
    return tokens


def start_timetables(loops: Supervisor, ground: Ground, database: sql.Database) -> None:
    """What looks or signs or copies every so often."""
    settings, clock, mark = ground.settings, ground.clock, marker(ground.ledger)
    loops.start("checkpoints", lambda: sign_checkpoints(ground))
    if settings.config.backup is not None:
        loops.start("backups", backups(ground, settings.config.backup).run)
    if ground.mirror is not None:
        loops.start("mirror watch", mirror_watch(ground.mirror.state, clock, mark).run)
    for name, follower in ground.followers.items():
        loops.start(f"follow watch {name}", follow_watch(follower, clock, mark).run)
    loops.start("daily checkpoints", daily_checkpoints(ground, database).run)
    loops.start("packer", Packer(ground.ledger.directory, clock).run)


@contextmanager
def known(
    settings: Settings, ledger: FileLedger, key: Key, judged_so_far: sql.Records
) -> Iterator[tuple[FleetBook, Admission]]:
    """What the ledger says about fleet, keys and runs, before the first write is taken.

    Fleet versions that judging has read stand in its database, so that only newer records are read here.
    """
    book = FleetBook(ledger, settings.organisation)
    offset = judged_so_far.progress().offset
    for fleet in judged_so_far.fleets(0):
        book.see(
            Record(
                offset=fleet.offset,
                kind=Kind.FLEET,
                received_ms=fleet.received_ms,
                payload=fleet.payload,
                hash="",
            )
        )
    acts = [one for one in judged_so_far.said(0) if one.source is StateSource.ACT]
    book.know({zone: [one for one in acts if one.zone == zone] for zone in {one.zone for one in acts}})
    if offset > ledger.end:
        raise IntegrityError(
            f"judged up to record {offset}, the ledger ends at {ledger.end}: the state of another ledger?"
        )
    while records := ledger.read(offset, REPLAY_RECORDS):
        if records[0].offset != offset + 1:
            raise IntegrityError(f"record {offset + 1} was let go: `coldchain-backend rebuild` first")
        for record in records:
            book.see(record)
        offset = records[-1].offset
    folder = settings.data_dir / "ingest"
    make_folder(folder)
    admission = Admission(
        ledger=ledger,
        key=key,
        organisation=settings.organisation,
        folder=folder,
        plan=lambda: book.fleet.plan,
    )
    admission.catch_up()
    try:
        yield book, admission
    finally:
        admission.close()


@asynccontextmanager
async def judged(ground: Ground, database: sql.Database) -> AsyncIterator[judging.Judging]:
    """The consumer, and the thread in which it follows the ledger."""
    books = sql.Books(database) if ground.mirror is None else sql.MirroredBooks(database)
    if ground.mirror is None:
        sql.forget_changes(database)
    consumer = judging.Judging(books, judging_settings(ground.settings), ground.ledger)
    look_rarely()
    idle = Idle(consumer, books)
    ground.admission.pace_backlog(lambda: consumer.offset, ground.clock)
    thread = JudgingThread(lambda: judging.Follower(ground.ledger, consumer, ground.news, idle=idle))
    thread.start()
    try:
        yield consumer
    finally:
        await asyncio.to_thread(thread.stop)
        books.close()


async def deliver(ground: Ground, mail: Mail) -> None:
    """Send what judging decided to tell; after a restore only once the old backend is known to be off."""
    await until_released(ground.settings.data_dir / HELD, ground.clock)
    await mail.deliver()


def links_of(settings: Settings) -> Links:
    """What signs the links in messages."""
    return Links(load_or_create_links_key(settings.data_dir), settings.organisation, settings.public_url)


def backups(ground: Ground, wish: BackupSection) -> DailyBackups:
    """What copies the data once a day."""
    return DailyBackups(ground.settings, wish, ground.clock, marker(ground.ledger))


def heartbeat(ground: Ground, wish: HeartbeatSection, sender: Senders) -> Heartbeat:
    """What tells a service outside that all is well here."""
    ports = HeartbeatPorts(
        sender=sender, vitals=ground.vitals, clock=ground.clock, mark=marker(ground.ledger)
    )
    return Heartbeat(wish, ground.settings.folder, ports)


async def until_released(held: Path, clock: Clock) -> None:
    """Return when the file that a restore left is gone."""
    if await asyncio.to_thread(held.exists):
        _log.warning("courier.held", reason="restored from a backup; is the old backend off?")
    while await asyncio.to_thread(held.exists):
        await clock.sleep(HELD_LOOK_S)


def marker(ledger: FileLedger) -> Callable[[MarkName, dict[str, Json]], Awaitable[None]]:
    """Writes service marks."""

    async def mark(name: MarkName, details: dict[str, Json]) -> None:
        await ledger.append([mark_record(name, details)])

    return mark


async def settle_tokens(ground: Ground) -> None:
    """Keep every minute when tokens were last used, and let go of sessions that are over."""
    while True:
        await ground.clock.sleep(SETTLE_EVERY_S)
        await asyncio.to_thread(ground.tokens.settle, ground.clock.now_ms())


async def sign_checkpoints(ground: Ground) -> None:
    """Sign the ledger's head now and every hour."""
    while True:
        await asyncio.to_thread(ground.ledger.checkpoint, ground.key)
        await ground.clock.sleep(CHECKPOINT_EVERY_S)


def daily_checkpoints(ground: Ground, database: sql.Database) -> DailyCheckpoints:
    """What leaves the house once a day."""
    outside = Outside(
        kept=ground.settings.data_dir / "checkpoints",
        copies=ground.settings.checkpoint_copies,
        receivers=lambda: ground.book.fleet.plan.checkpoint_receivers,
        send=sql.DeliveryQueue(database).put,
    )
    return DailyCheckpoints(
        ground.admission.heads,
        lambda heads: statement_of(ground.ledger, ground.key, heads),
        outside,
        ground.clock,
    )
