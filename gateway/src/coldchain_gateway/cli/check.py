"""`check`: every mistake of the configuration, and of the computer it is for, with file, line and key."""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coldchain.errors import ColdchainError, ConfigError, InvalidInput

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from coldchain_gateway.config import Settings

ROOT: Final = Path("/")
PROBE_S: Final = 10.0
EXAMPLES: Final = """example:
  coldchain-gateway --config gateway.toml check
  coldchain-gateway --config gateway.toml check --no-host        the file alone, on any computer
  coldchain-gateway --config gateway.toml check --root /mnt/sd   an SD card before its first start
  coldchain-gateway --config gateway.toml check --probe          and read each sensor once
"""


def add(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    command = commands.add_parser(
        "check",
        help="look for mistakes in the configuration and on this computer, touch nothing",
        description="Reads the configuration, its templates and files, and looks for what the computer\n"
        "lacks for it: ports, rights, overlays, programs that hold a port. Exit status 1\n"
        "names every mistake; notes are no mistakes.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--no-host", action="store_true", help="look at the file only")
    command.add_argument(
        "--root", type=Path, default=ROOT, metavar="DIR", help="the computer whose files lie below DIR"
    )
    command.add_argument("--probe", action="store_true", help="also listen to each source for 10 s")
    command.set_defaults(command_body=body)


def body(arguments: argparse.Namespace) -> int:
    """Check and tell."""
    from coldchain_gateway.config import load

    try:
        settings = load(arguments.config)
    except InvalidInput as error:
        sys.stdout.write(f"{error}\n")
        return 1
    mistakes = list(_of_files(settings))
    notes: list[ConfigError] = []
    if not mistakes:
        for slow, note in _of_cadences(settings):
            (notes if note else mistakes).append(slow)
    if not arguments.no_host:
        from .host_checks import host_mistakes

        for mistake, note in host_mistakes(settings, arguments.root):
            (notes if note else mistakes).append(mistake)
    for mistake in mistakes:
        sys.stdout.write(f"{mistake}\n")
    for one in notes:
        sys.stdout.write(f"note: {one}\n")
    if not mistakes:
        from coldchain_gateway.sources import losses_of

        from .cadences import expected, lines

        sources = ", ".join(f"{source.name} ({source.kind})" for source in settings.config.source)
        name = settings.config.gateway.name
        sys.stdout.write(f"{arguments.config}: good. {name}: {sources or 'no sources'}\n")
        for source in settings.config.source:
            sys.stdout.writelines(f"  {line}\n" for line in losses_of(source))
        sys.stdout.writelines(f"  {line}\n" for line in lines(expected(settings)))
        if arguments.probe:
            return _probed(settings)
    return 1 if mistakes else 0


def _of_cadences(settings: "Settings") -> Iterator[tuple[ConfigError, bool]]:
    """Sensors too slow for what their profile has to prove; True where it is only a note."""
    from .cadences import expected, too_slow, watched

    bundle = watched(settings)
    for told, note in () if bundle is None else too_slow(bundle, expected(settings)):
        yield ConfigError(told, file=str(settings.file), key="source"), note


def _probed(settings: "Settings") -> int:
    """What each source says; 1 when one says nothing."""
    from coldchain_gateway.discovery.looking import LookPlan, look_at

    sources = tuple(source.name for source in settings.config.source)
    plan = LookPlan(settings=settings, sources=sources, for_s=PROBE_S)
    silent = look_at(plan, lambda look: sys.stdout.writelines(f"  {line}\n" for line in look.lines()))
    for name, why in silent.items():
        sys.stdout.write(f"{name}: nothing was heard within {PROBE_S:.0f} s. {why}".rstrip() + "\n")
    return 1 if silent else 0


def _steps(key: str) -> Iterator[str | int]:
    """`unit[1].template` as a place."""
    return (int(step) if step.isdecimal() else step for step in re.findall(r"\w+", key))


def _of_files(settings: "Settings") -> Iterator[ConfigError]:
    """Mistakes of what the configuration refers to: templates, secrets, the watch file."""
    from coldchain_gateway.local_alarm import read_watch_file
    from coldchain_gateway.sources import ReplayConfig, open_source
    from coldchain_runtime.clock import SystemClock
    from coldchain_runtime.documents import Place, key_text, toml_line_of

    line_of = toml_line_of(settings.file)

    def mistake(place: Place, message: str) -> ConfigError:
        return ConfigError(message, file=str(settings.file), line=line_of(place), key=key_text(place))

    for number, source in enumerate(settings.config.source):
        try:
            open_source(
                source,
                clock=SystemClock(),
                template_dirs=settings.template_dirs,
                folder=settings.folder,
            )
        except ConfigError as error:
            yield error if error.file else mistake(("source", number, *_steps(error.key)), error.message)
        except InvalidInput as error:
            yield mistake(("source", number), str(error))
        if isinstance(source, ReplayConfig) and not (file := settings.folder / source.file).is_file():
            yield mistake(("source", number, "file"), f"{file}: no such file")
    watch_file = settings.config.local_alarm.watch_file
    if watch_file is not None:
        try:
            read_watch_file(watch_file)
        except (OSError, ColdchainError) as error:
            yield mistake(("local_alarm", "watch_file"), str(error))
