"""Trials made, given to the watcher as files, and its answers counted.

The watcher is another program, so that nothing is judged by what it was made with: it is called as
`WATCHER FLEET RECORDING…` and prints one JSON object for each step of an alert, with `recording`, `alert`,
`event` ("kind.fired"), `level`, `sensor`, `opened`, `event_time` and `at` (ms UTC).
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from coldchain_sim.score.labels import Fault, Told
from coldchain_sim.score.tally import Tally
from coldchain_sim.score.trial import Trial, fleet, trial

WATCHER = ("coldchain-backend", "rules", "play", "--json")
WITHIN_S = 3_600.0
TELLING = frozenset({"fired", "level_changed"})
ENDS = frozenset({"resolved", "closed"})
TAKEN_BACK = "withdrawn"


class WatcherFailed(Exception):
    """The watcher could not be run or said what is no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be scored."""

    faults: Sequence[Fault]
    seeds: int
    watcher: Sequence[str]
    folder: Path


def watcher_command(named: str | None) -> list[str]:
    """The command line of the watcher: as named, or the backend beside this program or on PATH."""
    if named is not None:
        return named.split()
    beside = Path(sys.executable).parent / WATCHER[0]
    found = str(beside) if beside.exists() else shutil.which(WATCHER[0])
    if found is None:
        raise WatcherFailed("no coldchain-backend here; name the watcher: --watcher 'COMMAND'")
    return [found, *WATCHER[1:]]


def score(asked: Asked, done: Callable[[Trial], None]) -> list[Tally]:
    """Make all trials, ask the watcher, count. `done` hears of each trial that was made."""
    tallies = {fault: Tally(fault=fault) for fault in asked.faults}
    for wired in (True, False):
        trials = {one.name: one for one in _made(asked, wired=wired)}
        folder = asked.folder / ("wired" if wired else "bare")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "fleet.yaml").write_text(fleet(wired=wired), encoding="utf-8")
        for one in trials.values():
            (folder / one.name).write_text(one.recording, encoding="utf-8")
            done(one)
        if not trials:
            continue
        told = _asked(asked.watcher, folder / "fleet.yaml", [folder / name for name in trials])
        for name, one in trials.items():
            tallies[one.fault].add(name, one.labels, told.get(name, []))
    return list(tallies.values())


def _made(asked: Asked, *, wired: bool) -> Iterator[Trial]:
    for fault in asked.faults:
        for seed in range(asked.seeds):
            if (seed % 2 == 0) is wired:
                yield trial(fault, seed)


def _asked(watcher: Sequence[str], fleet_file: Path, recordings: Sequence[Path]) -> Mapping[str, list[Told]]:
    command = [*watcher, str(fleet_file), *map(str, recordings)]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WatcherFailed(f"{watcher[0]}: {error}") from error
    if answer.returncode != 0:
        raise WatcherFailed(f"{watcher[0]} ended with {answer.returncode}: {answer.stderr.strip()[-500:]}")
    return told_in(answer.stdout)


def told_in(text: str) -> Mapping[str, list[Told]]:
    """Alerts by recording: each at its loudest, without those that were taken back."""
    alerts: dict[tuple[str, str], Told] = {}
    gone: set[tuple[str, str]] = set()
    for line in text.splitlines():
        try:
            said = json.loads(line)
            kind, _, step = str(said["event"]).rpartition(".")
            key = str(said["recording"]), str(said["alert"])
            if step == TAKEN_BACK:
                gone.add(key)
            elif step in TELLING:
                gone.discard(key)
                alerts[key] = Told(
                    kind=kind, level=str(said["level"]), sensor=said["sensor"],
                    opened_ms=int(said["opened"]), at_ms=int(said["at"]),
                )  # fmt: skip
            elif step in ENDS and key in alerts:
                alerts[key] = replace(alerts[key], ended_ms=int(said["event_time"]))
        except (ValueError, KeyError, TypeError) as error:
            raise WatcherFailed(f"not an answer of a watcher: {line[:120]!r}") from error
    found: dict[str, list[Told]] = {}
    for (recording, alert), told in alerts.items():
        if (recording, alert) not in gone:
            found.setdefault(recording, []).append(told)
    return found
