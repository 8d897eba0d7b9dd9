"""`mirror status|compare|rebuild`: how the copy in InfluxDB stands, whether it is whole, making it anew."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from coldchain.errors import InvalidInput, Unavailable
from coldchain_backend.cli.context import Context, context_of
from coldchain_backend.cli.times import time_of
from coldchain_backend.config import Settings
from coldchain_backend.influx import Influx, reached
from coldchain_backend.judging import Answers
from coldchain_backend.mirror import Comparing, Comparison, Expected, Piece, load_position
from coldchain_backend.sql import Database, MirrorRecords, Records
from coldchain_runtime.clock import SystemClock

SHOWN: Final = 50
AGAIN_S: Final = 3.0
POLL_S: Final = 0.5
SLACK_MS: Final = 3_600_000
"""What is about to be out of retention may be there or not."""
EVER_MS: Final = 1 << 60
EXAMPLES: Final = """Examples:

  coldchain-backend mirror status

  coldchain-backend mirror compare --from 2026-11-01 --to 2026-11-08

  coldchain-backend mirror compare --sensor t7-front --json

  coldchain-backend mirror rebuild"""
app = typer.Typer(help="The copy of everything in InfluxDB.", no_args_is_help=True, epilog=EXAMPLES)
_COLUMNS: Final = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())


@app.command()
def status(
    context: typer.Context,
    *,
    json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """How far the mirror has come, what is in the way, what was left out. Exit status 1 in trouble."""
    found = context_of(context).ask("GET", "/api/v1/mirror")
    if json:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        for line in lines(found):
            typer.echo(line)
    raise typer.Exit(1 if found.get("conditions") else 0)


def lines(found: Mapping[str, object]) -> list[str]:
    """The answer as people read it."""
    shown = [
        f"{found['target']} (InfluxDB {found['version'] or 'not heard yet'})",
        f"  {'mirrored':<18}{found['ledger']} of {found['judged']} judged records",
        f"  {'points written':<18}{found['points']} since the start, in {found['bodies']} requests",
    ]
    if found["filling"]:
        shown.append(f"  {'filling':<18}{found['why']}")
    left = found.get("left_out")
    if isinstance(left, dict):
        shown += [f"  {'left out':<18}{count} points: {reason}" for reason, count in sorted(left.items())]
    conditions = found.get("conditions")
    if isinstance(conditions, dict):
        shown += [f"  {name:<18}{words}" for name, words in sorted(conditions.items())]
    if not conditions:
        shown.append(f"  {'state':<18}well")
    return shown


@app.command()
def rebuild(
    context: typer.Context,
    *,
    wait: Annotated[bool, typer.Option(help="stay until everything is written")] = True,
) -> None:
    """Delete what is ours in the bucket and write all of it anew; the server goes on meanwhile.

    Exit status 1 where InfluxDB is in trouble meanwhile.
    """
    asked = context_of(context)
    begun = _number(asked.ask("POST", "/api/v1/mirror/rebuild")["fills"])
    if wait:
        _wait(asked, begun)
    typer.echo("everything is written anew" if wait else "begun")


def _wait(asked: Context, begun: int) -> None:
    with Progress(*_COLUMNS, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("mirror rebuild", total=None)
        while True:
            now = asked.ask("GET", "/api/v1/mirror")
            if now["trouble"]:
                raise Unavailable(f"{now['trouble']}: {now['message']}; it goes on by itself")
            started = _number(now["fills"]) > begun
            if started:
                progress.update(task, total=_number(now["judged"]), completed=_number(now["ledger"]))
            if started and not now["filling"]:
                return
            time.sleep(POLL_S)


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


@app.command()
def compare(
    context: typer.Context,
    *,
    since: Annotated[str, typer.Option("--from", help="instant or day, UTC")] = "",
    to: Annotated[str, typer.Option("--to", help="instant or day, UTC")] = "",
    sensor: Annotated[
        list[str] | None, typer.Option(help="only its readings and gaps; may be repeated")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Hold the bucket against what should stand in it: points missing, different or orphaned.

    Reads beside a running server. What differs is looked at twice, since the mirror may be at work. Exit
    status 0 where both are equal, 1 where they are not or cannot be compared.
    """
    settings = context_of(context).settings
    span = _instant(since, "--from", 0), _instant(to, "--to", EVER_MS)
    section = settings.config.mirror
    if section is None:
        raise InvalidInput("no [mirror] in the configuration")
    with reached(settings.folder, section) as influx, settings.place.looked_into() as database:
        found = Looking(
            settings=settings, database=database, influx=influx, span=span, sensors=sensor or []
        ).compare()
    if json:
        typer.echo(orjson.dumps(_document(found), option=orjson.OPT_INDENT_2).decode())
    else:
        for one in found.findings[:SHOWN]:
            typer.echo(one.told())
        if sum(found.counts.values()) > SHOWN:
            typer.echo(f"… and {sum(found.counts.values()) - SHOWN} more")
        told = ", ".join(f"{count} {fate}" for fate, count in found.counts.items())
        typer.echo(f"{'equal' if found.equal else 'differs'}: {found.points} points, {told}")
    raise typer.Exit(0 if found.equal else 1)


def _instant(text: str, option: str, absent: int) -> int:
    return round(time_of(text, option).timestamp() * 1000) if text else absent


def _document(found: Comparison) -> dict[str, object]:
    named = [{**one._asdict(), "tags": dict(one.tags)} for one in found.findings]
    return {"equal": found.equal, "points": found.points, **found.counts, "findings": named}


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """One comparison of a span of time."""

    settings: Settings
    database: Database
    influx: Influx
    span: tuple[int, int]
    sensors: Sequence[str]

    def comparing(self) -> Comparing:
        """What should stand there as of now."""
        position = load_position(self.settings.data_dir / "mirror.json")
        if position is None:
            raise Unavailable("nothing was mirrored yet: has the server run with this configuration?")
        records = Records(self.database)
        fleet = Answers(records, self.settings.organisation).fleet().as_of(position.fleet)
        book = MirrorRecords(self.database)
        expected = Expected(recall=records, book=book, fleet=fleet, position=position)
        return Comparing(expected=expected, bucket=self.influx)

    def compare(self) -> Comparison:
        """Compare everything, and what differs once more."""
        total = Comparison()
        doubtful = [piece for piece, one in self._look(None) if not _into(total, one)]
        if doubtful:
            time.sleep(AGAIN_S)
            for _, one in self._look(doubtful):
                total.take(one)
        return total

    def _kept(self) -> tuple[int, int]:
        """The span as far as the bucket keeps points."""
        keeps_ms = self.influx.facts().retention_ms
        oldest_ms = SystemClock().now_ms() - keeps_ms + SLACK_MS if keeps_ms else 0
        return max(self.span[0], oldest_ms), self.span[1]

    def _look(self, pieces: Sequence[Piece] | None) -> Sequence[tuple[Piece, Comparison]]:
        comparing = self.comparing()
        wanted = comparing.pieces(*self._kept(), self.sensors) if pieces is None else pieces
        found = []
        with Progress(*_COLUMNS, console=Console(stderr=True), transient=True) as progress:
            for piece in progress.track(wanted, description="mirror compare"):
                one = Comparison()
                comparing.compare(piece, one)
                found.append((piece, one))
        return found


def _into(total: Comparison, one: Comparison) -> bool:
    """Take in what is equal; false for what has to be looked at again."""
    if one.equal:
        total.take(one)
    return one.equal
