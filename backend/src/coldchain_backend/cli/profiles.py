"""`profiles list|show|check`: the limits that goods are judged by, with what they rest on."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from coldchain.builtin_profiles import BUILTIN
from coldchain.errors import InvalidInput
from coldchain.profiles import Mode, Profile, Rule, Side
from coldchain.profiles.document import profile_document
from coldchain.words import Language, term
from coldchain_backend.fleetfile import profiles_of_file
from coldchain_runtime.documents import duration_text

app = typer.Typer(
    help="Profiles: cited limits of classes of goods.\n\n"
    "Examples:\n\ncoldchain-backend profiles list\n\n"
    "coldchain-backend profiles show cct-medicine-usp --json\n\n"
    "coldchain-backend profiles check own.yaml",
    no_args_is_help=True,
)
WIDTH = 132
Files = Annotated[
    Path | None, typer.Option("--profiles", help="a file of profiles, or a fleet file", dir_okay=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="as JSON")]


@app.command("list")
def show_all(*, profiles: Files = None, as_json: AsJson = False) -> None:
    """List every profile: the built-in ones and those of a file, which go before built-in ones of their
    name."""
    found = known_profiles(profiles)
    if as_json:
        documents = [profile_document(one) for one in found.values()]
        typer.echo(json.dumps(documents, ensure_ascii=False, indent=2))
        return
    table = Table("name", "version", "limits", "mark", "rules", "title", box=None, pad_edge=False)
    for one in found.values():
        rules = ", ".join(rule.name for rule in one.rules)
        table.add_row(one.name, str(one.version), band(one), one.mark.value, rules, one.title.in_("en"))
    Console(width=WIDTH).print(table)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="its name")], *, profiles: Files = None, as_json: AsJson = False
) -> None:
    """Show one profile whole: rules, how they are measured, and what a verdict needs."""
    profile = profile_named(name, profiles)
    if as_json:
        typer.echo(json.dumps(profile_document(profile), ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(describe(profile)))


@app.command()
def check(file: Annotated[Path, typer.Argument(help="of profiles, or a fleet file", dir_okay=False)]) -> None:
    """Read the profiles of a file and tell every mistake with its line and key."""
    found = profiles_of_file(file)
    for profile in found:
        same = BUILTIN.get(profile.name)
        if same is not None and same != profile and same.version >= profile.version:
            raise InvalidInput(
                f"{file}: profile {profile.name} version {profile.version} differs from the built-in version"
                f" {same.version}: give it a higher version, or a name of its own"
            )
    if not found:
        raise InvalidInput(f"{file}: holds no profiles")
    names = ", ".join(f"{one.name} {one.version}" for one in found)
    typer.echo(f"{file}: all right: {len(found)} profile{'s' * (len(found) > 1)}: {names}")


def known_profiles(file: Path | None) -> Mapping[str, Profile]:
    """Profiles by name: a file's own go before the built-in ones."""
    own = () if file is None else profiles_of_file(file)
    return {**BUILTIN, **{one.name: one for one in own}}


def profile_named(name: str, file: Path | None) -> Profile:
    """A profile by its name; raises InvalidInput with what is near."""
    from difflib import get_close_matches

    found = known_profiles(file)
    if name not in found:
        near = get_close_matches(name, found, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else "`coldchain-backend profiles list` shows them"
        raise InvalidInput(f"no profile {name!r}; {hint}")
    return found[name]


def band(profile: Profile, quantity: str = "temperature") -> str:
    """The band in which nothing is broken, as people write it."""
    low, high = profile.limits(quantity)
    if low is None or high is None:
        return "" if low is high else f"≥ {low:g}" if high is None else f"≤ {high:g}"
    return f"{low:g} … {high:g}"


def describe(profile: Profile) -> list[str]:
    """A profile in lines."""
    english = Language.EN
    lines = [
        f"{profile.name} version {profile.version}: {profile.title.en} / {profile.title.zh}",
        f"  source: {profile.citation} [{term(profile.mark, english)}]",
    ]
    lines += [f"  note: {profile.note.en}"] if profile.note else []
    lines += [f"  {rule_text(rule)}" for rule in profile.rules]
    floor, grades = duration_text(profile.gap_floor_ms), ", ".join(grade.value for grade in profile.grades)
    lines += [
        f"  between readings: {term(profile.weighting, english)}",
        f"  time counts: {term(profile.counting, english)}",
        f"  unknown time: behind {profile.gap_factor:g} × the interval, at least {floor}",
        f"  a verdict needs coverage of {profile.required_coverage:.0%} by readings of grade {grades}",
    ]
    return [*lines, *_more(profile)]


def _more(profile: Profile) -> Iterator[str]:
    """What only some profiles ask for."""
    if profile.cadence_ms is not None:
        out_ms = profile.cadence_out_ms
        out = "" if out_ms is None else f", out of limits every {duration_text(out_ms)}"
        yield f"  to be recorded every {duration_text(profile.cadence_ms)}{out}"
    if profile.indeterminate:
        yield "  values within the calibration uncertainty of a limit prove nothing"
    if profile.corrected:
        yield "  values are corrected by the calibration certificate"
    if (thermal := profile.thermal) is not None:
        constant = duration_text(thermal.time_constant_ms)
        ambient = f"{thermal.ambient_low:g} and {thermal.ambient_high:g} °C"
        yield f"  bounds of gaps: towards {ambient} with a time constant of {constant}"


def rule_text(rule: Rule) -> str:
    """A rule in one line."""
    sign = {(Side.HIGH, False): ">", (Side.HIGH, True): "≥", (Side.LOW, False): "<", (Side.LOW, True): "≤"}
    unit = "" if rule.mode is not Mode.RATE else " per hour"
    parts = [f"{rule.name}: {rule.quantity} {sign[rule.side, rule.inclusive]} {rule.threshold:g}{unit}"]
    if rule.mode is not Mode.SINGLE:
        window = "" if rule.window_ms is None else f" of {duration_text(rule.window_ms)}"
        parts.append(f"{term(rule.mode, Language.EN)}{window}")
    if rule.mode is Mode.CUMULATIVE:
        parts.append(term(rule.reset, Language.EN))
    for level, delay in (("warning", rule.warning_after_ms), ("alarm", rule.alarm_after_ms)):
        if delay is not None:
            parts.append(f"{level} {'at once' if delay == 0 else f'after {duration_text(delay)}'}")
    parts += [f"ends {rule.hysteresis:g} behind it"] if rule.hysteresis else []
    parts += ["irreversible"] if rule.irreversible else []
    ignored_ms = rule.ignore_at_start_ms
    parts += [f"ignores the first {duration_text(ignored_ms)}"] if ignored_ms else []
    return ", ".join(parts)
