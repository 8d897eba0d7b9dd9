"""`status`: how the running server stands, and when its disk will be full."""

from collections.abc import Mapping
from typing import Annotated, Final

import orjson
import typer

from coldchain_backend.cli.context import context_of

EXAMPLES: Final = """Examples:

  coldchain-backend status

  coldchain-backend status --json | jq .days_until_full"""
_STEPS: Final = ("B", "kB", "MB", "GB", "TB")
_SHOWN: Final = (
    ("records", "records in the ledger"),
    ("lag_records", "records not judged yet"),
    ("points", "points"),
    ("sensors", "sensors"),
    ("gateways", "gateways"),
)


def status(
    context: typer.Context,
    *,
    json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Show counts, how far judging is behind, sizes, bytes per day and days until the disk is full."""
    answer = context_of(context).ask("GET", "/api/v1/status")
    if json:
        typer.echo(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
        return
    for line in lines(answer):
        typer.echo(line)


def lines(answer: Mapping[str, object]) -> list[str]:
    """The answer as people read it."""
    shown = [f"{answer['organisation']}"]
    shown += [f"  {words:<24}{answer[name]}" for name, words in _SHOWN]
    shown.append(f"  {'judged up to':<24}{_number(answer['lag_ms']) / 1000:.1f} s ago")
    unjudged = answer.get("unjudged")
    if isinstance(unjudged, dict):
        shown += [f"  {'kept, not judged':<24}{count} {reason}" for reason, count in sorted(unjudged.items())]
    grows = answer.get("grows")
    for words in ("ledger", "series", "database", "other"):
        growth = grows.get(words) if isinstance(grows, dict) else None
        a_day = "" if growth is None else f", {size(growth)} a day"
        shown.append(f"  {words:<24}{size(_number(answer[f'{words}_bytes']))}{a_day}")
    free, total = _number(answer["disk_free"]), _number(answer["disk_total"])
    used = f" ({100 * (1 - free / total):.0f} % used)" if total else ""
    shown.append(f"  {'disk':<24}{size(free)} of {size(total)} free{used}")
    per_day, days = answer["bytes_per_day"], answer["days_until_full"]
    in_all = "not known yet: ask again in an hour" if per_day is None else f"{size(_number(per_day))} a day"
    shown.append(f"  {'grows by':<24}{in_all}")
    full = "not in sight" if days is None else f"in {_number(days):.0f} days"
    shown.append(f"  {'disk full':<24}{full}")
    not_well = answer.get("not_well")
    if isinstance(not_well, dict):
        shown += [f"  NOT WELL: {part:<14}{why}" for part, why in not_well.items()]
    return shown


def size(count: float) -> str:
    """Bytes in the unit that leaves one to three digits."""
    for step in _STEPS[:-1]:
        if abs(count) < 1000:
            return f"{count:.3g} {step}"
        count /= 1000
    return f"{count:.3g} {_STEPS[-1]}"


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
