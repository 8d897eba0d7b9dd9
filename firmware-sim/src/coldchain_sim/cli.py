"""`coldchain-sim run|list|score`.

Exit codes: 0 ended as asked (time over, Ctrl-C, SIGTERM), 1 the run failed, 2 the input is wrong.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from coldchain_runtime.clock import SystemClock
from coldchain_runtime.documents import InvalidInput
from coldchain_runtime.output import fault_text, reader_left, spoken
from coldchain_runtime.secrets import resolve
from coldchain_sim import scenario
from coldchain_sim.app import RunSettings, running
from coldchain_sim.score import HEAD, Asked, Fault, WatcherFailed, score, watcher_command
from coldchain_sim.transports.mqtt import Broker
from coldchain_sim.truth import EVENTS_FILE, TRUTH_FILE

EXAMPLES = f"""examples:
  coldchain-sim list
  coldchain-sim run alert-storm --mqtt 127.0.0.1:1883
  coldchain-sim run normal-day --out sim --speed 1 --seed 7 --for 3600
  coldchain-sim run normal-day --out sim --mqtt broker:1883 --mqtt-user devices --mqtt-password file:secret
  coldchain-sim run my-site.yaml --out sim        (no --mqtt: serial lines only)
  coldchain-sim score --seeds 10                  (is every fault told, and nothing else?)

In the folder of --out: tty-<line> links to each serial line, w1 is a 1-Wire bus as files,
{TRUTH_FILE} has one line for every reading that was really given out, {EVENTS_FILE} one for every event.
Readings are spoken in real time; only the physics runs --speed times faster.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return spoken(lambda: _obeyed(arguments))


def _obeyed(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    try:
        if options.command == "list":
            return _list()
        if options.command == "score":
            return _score(options)
        return _run(options)
    except WatcherFailed as error:
        sys.stderr.write(f"coldchain-sim: {error}\n")
        return 1
    except (scenario.ScenarioError, InvalidInput) as error:
        sys.stderr.write(f"coldchain-sim: {error}\n")
        return 2
    except OSError as error:
        if reader_left(error):
            raise
        sys.stderr.write(f"coldchain-sim: {fault_text(error)}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coldchain-sim",
        description="Simulated cold rooms and trucks; their devices speak real bytes on real wires.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="say what each scenario is")
    run = commands.add_parser(
        "run", help="run a scenario", epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    run.add_argument("scenario", help="a name from `list`, or a .yaml file")
    run.add_argument(
        "--out", type=Path, default=Path("sim"), metavar="DIR", help="folder for lines and ground truth (sim)"
    )
    run.add_argument("--mqtt", type=_address, metavar="HOST:PORT", help="broker that the bridge publishes to")
    run.add_argument("--mqtt-user", metavar="NAME", help="who the broker knows the bridge as")
    run.add_argument("--mqtt-password", metavar="REFERENCE", help="file:PATH or env:NAME")
    run.add_argument(
        "--speed", type=_positive, metavar="N", help="simulated seconds per second (scenario's own)"
    )
    run.add_argument("--seed", type=int, default=1, metavar="N", help="same seed, same readings (1)")
    run.add_argument(
        "--for", type=_positive, dest="for_s", metavar="SECONDS", help="end by itself after this"
    )
    _add_score(commands)
    return parser


def _add_score(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    told = commands.add_parser(
        "score",
        help="how well faults are told: recall, precision, delay",
        description="Injects faults into simulated stores and counts what the backend tells of them.",
    )
    told.add_argument("--seeds", type=_count, default=10, metavar="N", help="trials of each fault (10)")
    told.add_argument(
        "--only", choices=[fault.value for fault in Fault], action="append", help="these faults only"
    )
    told.add_argument("--watcher", metavar="COMMAND", help="default: coldchain-backend rules play --json")
    told.add_argument("--keep", type=Path, metavar="DIR", help="keep the recordings here")
    told.add_argument("--notes", action="store_true", help="name what was missed and what was false")


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host, int(port)


def _broker(options: argparse.Namespace) -> Broker | None:
    if options.mqtt is None:
        return None
    password = None if options.mqtt_password is None else resolve(options.mqtt_password, Path.cwd())
    host, port = options.mqtt
    return Broker(host=host, port=port, user=options.mqtt_user, password=password)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= len(text) <= 6 or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from error
    if not 0.0 < number < 1e9:
        raise argparse.ArgumentTypeError(f"{text} must be above 0")
    return number


def _list() -> int:
    for name in scenario.shipped_names():
        _say(f"{name:20} {scenario.load(name)[0].sentence}")
    return 0


def _run(options: argparse.Namespace) -> int:
    story, site = scenario.load(options.scenario)
    settings = RunSettings(
        scenario=story,
        site=site,
        directory=options.out,
        mqtt=_broker(options),
        speed=options.speed or story.speed,
        seed=options.seed,
        for_s=options.for_s,
        tell=_say,
    )
    settings.tell(
        f"{story.sentence} (physics {settings.speed:g} x, seed {settings.seed}, truth in {options.out})"
    )
    if site.bridge and settings.mqtt is None:
        settings.tell(f"not heard without --mqtt HOST:PORT: {len(site.bridge)} sensors that speak MQTT")
    asyncio.run(_until_told(settings))
    return 0


def _score(options: argparse.Namespace) -> int:
    """The table; exit code 1 where a fault was missed that lasted clearly long enough."""
    with tempfile.TemporaryDirectory(prefix="coldchain-score-") as folder:
        asked = Asked(
            faults=[Fault(name) for name in options.only] if options.only else list(Fault),
            seeds=options.seeds,
            watcher=watcher_command(options.watcher),
            folder=options.keep or Path(folder),
        )
        tallies = score(asked, lambda one: _progress(one.name))
    _progress("")
    _say(HEAD)
    for tally in tallies:
        _say(tally.line())
    for note in (note for tally in tallies for note in tally.notes) if options.notes else ():
        _say(f"  {note}")
    return 1 if any(tally.missed for tally in tallies) else 0


def _progress(doing: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{doing}")
        sys.stderr.flush()


async def _until_told(settings: RunSettings) -> None:
    """Run until the time is over or a signal asks to stop; then let the last words arrive."""
    loop = asyncio.get_running_loop()
    async with running(settings, SystemClock()) as simulation:
        playing = asyncio.create_task(simulation.play())
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, playing.cancel)
        with suppress(asyncio.CancelledError):
            await playing
    counts = ", ".join(f"{number} {wire}" for wire, number in simulation.around.truth.counts.items())
    settings.tell(f"ended; readings given out: {counts}")


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()
