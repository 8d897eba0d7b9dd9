"""`python -m demo`: the whole path, from simulated sensors to a webhook, on real programs and real wires.

Exit codes: 0 everything shown was true (or Ctrl-C without --for), 1 something was not, 2 wrong usage.
"""

import argparse
import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from demo import broker, summary
from demo.api import ApiError
from demo.foreign import Foreign, NotNamed, mirrored
from demo.neighbour import GATEWAY, Neighbour
from demo.programs import ProgramFailed
from demo.stage import ORDER, Stage, StageSettings
from demo.story import Story
from demo.summary import Check
from demo.waiting import NotInTime

FOLDER = Path(__file__).parent.parent / ".demo"
CHECKS_TAKE_S = 5.0
LOCK = "coldchain-demo.lock"


class FolderTaken(Exception):
    """The folder cannot be used for this run; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the demonstration; returns the exit code."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with ExitStack() as held:
        try:
            foreign = Foreign.named(os.environ)
            _take(options.directory, held)
        except NotNamed as error:
            tell(f"failed: {error}")
            return 2
        except FolderTaken as error:
            tell(f"failed: {error}; give another one: make demo DIRECTORY=…")
            return 2
        return _staged(options, foreign)


def _staged(options: argparse.Namespace, foreign: Foreign | None) -> int:
    """Start everything, play, end everything."""
    settings = StageSettings(
        directory=options.directory,
        usual_ports=True,
        broker=options.broker,
        starts=("broker", "backend"),
        foreign=foreign,
    )
    began = time.monotonic()
    try:
        with Stage(settings) as stage:
            return _play(stage, began, options.for_s)
    except KeyboardInterrupt:
        tell("stopped; no process is left")
        return 0 if options.for_s is None else 1
    except (ProgramFailed, NotInTime, ApiError, broker.NoBroker) as error:
        tell(f"failed: {error}")
        return 1


def tell(sentence: str) -> None:
    """One line with the time of day."""
    print(f"{datetime.now().astimezone():%H:%M:%S}  {sentence}", flush=True)


def _take(folder: Path, held: ExitStack) -> None:
    """Empty the folder for this run; FolderTaken when it is not a demonstration's, or another run has it."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()) and not (folder / LOCK).exists():
        raise FolderTaken(f"{folder} holds something that is not a demonstration's")
    lock = held.enter_context((folder / LOCK).open("w"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise FolderTaken(f"a demonstration runs in {folder}") from error
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != LOCK:
            entry.unlink()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="demo", description="Coldchain on one command.")
    parser.add_argument(
        "--for", dest="for_s", type=float, metavar="SECONDS", help="end with a summary after this"
    )
    parser.add_argument(
        "--directory", type=Path, default=FOLDER, help="folder of this run; emptied at the start"
    )
    parser.add_argument("--broker", type=broker.Kind, choices=list(broker.Kind), help="which MQTT broker")
    return parser


def _play(stage: Stage, began: float, for_s: float | None) -> int:
    link = _start_devices(stage)
    tell(f"broker ({stage.broker_kind}), backend, gateway and simulator run; logs: {stage.directory}/logs")
    tell("profile `demo`: its delays are shortened (warning at once, alarm after 10 s out of limits)")
    tell(f"open this page (English or 中文 by browser): {link}")
    _tell_dashboards(stage)
    story = Story(stage, tell)
    with ExitStack() as beside:
        if stage.settings.foreign is not None:
            beside.enter_context(Neighbour(stage.api, stage.writer_token(GATEWAY)))
            tell("a neighbour's truck and store write there as well: the dashboards show what they have")
        failed = _acts(story)
        if for_s is None:
            shown = "not all could be shown" if failed else "that was all"
            tell(f"{shown}; the devices go on, Ctrl-C ends everything")
            _idle(stage, None)
        elif not failed:
            _idle(stage, max(0.0, for_s - CHECKS_TAKE_S - (time.monotonic() - began)))
        checks = [*failed, *story.checks(), *_dashboard_checks(stage)]
    print(summary.table(checks))
    return 0 if all(check.holds for check in checks) else 1


def _tell_dashboards(stage: Stage) -> None:
    """Bring dashboards to a Grafana that is there, and say where they are."""
    foreign = stage.settings.foreign
    if foreign is not None:
        tell(f"everything is mirrored to {foreign.influx_url}, bucket {foreign.bucket}")
        for link in foreign.bring_dashboards(stage.directory, stage.backend_url):
            tell(f"dashboard: {link}")


def _dashboard_checks(stage: Stage) -> list[Check]:
    """What InfluxDB holds of it; first why it may hold less."""
    foreign = stage.settings.foreign
    if foreign is None:
        return []
    return [mirrored(stage.api.get("/api/v1/mirror")), foreign.check(stage.directory)]


def _start_devices(stage: Stage) -> str:
    """Start gateway and simulator while the command that makes the login link loads; the link."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        link = beside.submit(stage.login_link)
        stage.start("gateway")
        stage.start("simulator")
        return link.result()


def _acts(story: Story) -> list[Check]:
    """Play all acts; what did not happen in time ends the story and is a check that does not hold."""
    acts: list[Callable[[], None]] = [story.live, story.door, story.outage]
    for act in acts:
        try:
            act()
        except NotInTime as error:
            tell(str(error))
            return [Check(statement=f"act `{act.__name__}`", found=str(error), holds=False)]
    return []


def _idle(stage: Stage, for_s: float | None) -> None:
    """Let everything run, and notice when something ends that should not."""
    end = None if for_s is None else time.monotonic() + for_s
    stage.until("the end", lambda: end is not None and time.monotonic() >= end, within_s=1e9, alive=ORDER)


if __name__ == "__main__":
    sys.exit(main())
