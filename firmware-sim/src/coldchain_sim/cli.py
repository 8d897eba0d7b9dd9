"""`coldchain-sim run|list`.

Exit codes: 0 ended as asked (time over, Ctrl-C, SIGTERM), 1 the run failed, 2 the input is wrong.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from coldchain_runtime.clock import SystemClock
from coldchain_runtime.documents import ConfigError
from coldchain_sim import scenario
from coldchain_sim.app import RunSettings, running
from coldchain_sim.truth import EVENTS_FILE, TRUTH_FILE

EXAMPLES = f"""examples:
  coldchain-sim list
  coldchain-sim run door-left-open --out sim --mqtt 127.0.0.1:1883
  coldchain-sim run normal-day --out sim --speed 1 --seed 7 --for 3600
  coldchain-sim run my-site.yaml --out sim        (no --mqtt: serial lines only)

In the folder of --out: tty-<line> links to each serial line, {TRUTH_FILE} has one line for every reading
that was really given out, {EVENTS_FILE} one for every event. Readings are spoken in real time; only the
physics runs --speed times faster.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "list":
            return _list()
        return _run(options)
    except (scenario.ScenarioError, ConfigError) as error:
        sys.stderr.write(f"coldchain-sim: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"coldchain-sim: {error}\n")
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
        "--out", type=Path, required=True, metavar="DIR", help="folder for lines and ground truth"
    )
    run.add_argument("--mqtt", type=_address, metavar="HOST:PORT", help="broker that the bridge publishes to")
    run.add_argument(
        "--speed", type=_positive, metavar="N", help="simulated seconds per second (scenario's own)"
    )
    run.add_argument("--seed", type=int, default=1, metavar="N", help="same seed, same readings (1)")
    run.add_argument(
        "--for", type=_positive, dest="for_s", metavar="SECONDS", help="end by itself after this"
    )
    return parser


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host, int(port)


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
        mqtt=options.mqtt,
        speed=options.speed or story.speed,
        seed=options.seed,
        for_s=options.for_s,
        tell=_say,
    )
    settings.tell(
        f"{story.sentence} (physics {settings.speed:g} x, seed {settings.seed}, truth in {options.out})"
    )
    asyncio.run(_until_told(settings))
    return 0


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
