"""A judged file in lines that people read."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from io import StringIO

from rich.console import Console
from rich.table import Table

from coldchain.gaps import crossing_ms
from coldchain.verdicts import Verdict, said
from coldchain.words import Language, term
from coldchain_backend.loggerfiles import NOT_EVIDENCE, JudgedChannel, JudgedFile
from coldchain_runtime.documents import duration_text

WIDTH = 118
SHOWN = 20


def told(found: JudgedFile, language: Language) -> list[str]:
    """Everything that `judge` says of a file."""
    lines = [f"{found.recorded.path}: {NOT_EVIDENCE}"]
    lines += [f"note: {note}" for note in found.recorded.notes]
    for one in found.channels:
        lines += ["", *_channel(one, found.recorded.zone, language)]
    return lines


def _channel(one: JudgedChannel, zone: tzinfo, language: Language) -> Iterator[str]:
    verdict, channel = one.verdict, one.channel
    yield f"{channel.name}: {term(verdict.outcome, language).upper()}"
    for reason in verdict.reasons:
        yield f"  {said(reason, language)}"
    yield from _table(_figures(one, zone, language)).splitlines()
    yield from _refused(one, language)
    if one.excursions:
        yield "excursions (from and to are readings; the crossing is an estimate by a straight line)"
        yield from _excursions(one, zone, language)
    if one.gaps:
        yield f"unknown time: {len(one.gaps)} gaps"
        for from_ms, to_ms in one.gaps[:SHOWN]:
            yield f"  {local(from_ms, zone)} … {local(to_ms, zone)}  {length(to_ms - from_ms)}"
        if len(one.gaps) > SHOWN:
            yield f"  and {len(one.gaps) - SHOWN} more"


def _figures(one: JudgedChannel, zone: tzinfo, language: Language) -> Iterator[tuple[str, str]]:
    verdict, account = one.verdict, one.account
    profile = verdict.profile
    proposed = " (proposed from the readings; --interval says otherwise)" if one.proposed else ""
    yield "profile", f"{profile.name} version {profile.version} [{term(profile.mark, language)}]"
    yield "source", profile.citation
    yield "time", f"{local(verdict.from_ms, zone)} … {local(verdict.to_ms, zone)} ({zone})"
    yield "interval", f"{duration_text(verdict.interval_ms)}{proposed}"
    yield "readings", f"{account.readings}, recorded {length(verdict.recorded_ms)}"
    yield "coverage", f"{verdict.coverage:.2%} (required {profile.required_coverage:.0%})"
    yield "between readings", term(profile.weighting, language)
    yield "time counts", term(profile.counting, language)
    if account.mean is not None and account.deviation is not None:
        yield "mean", f"{account.mean:.3f} °C, standard deviation {account.deviation:.3f}"
    worst = {
        "of 24 h": one.worst_day,
        **{f"by rule {rule}": found for rule, found in verdict.windows.items()},
    }
    for name, window in worst.items():
        if window is not None:
            span = f"{local(window.from_ms, zone)} … {local(window.to_ms, zone)}"
            yield (
                f"warmest MKT {name}",
                f"{window.mkt:.3f} °C, {span} (ΔH {profile.activation_kj_mol:g} kJ/mol)",
            )
    for name, extreme in (("lowest", account.lowest), ("highest", account.highest)):
        if extreme is not None:
            yield name, f"{extreme.value:.3f} °C at {local(extreme.at_ms, zone)}"
    for beyond in account.rules:
        counted = length(verdict.counted_ms(beyond.rule))
        yield (
            f"beyond {beyond.rule}",
            f"{counted}, {beyond.degree_minutes:.1f} °C·min, {beyond.readings} readings",
        )
    yield from _bounds(verdict)


def _bounds(verdict: Verdict) -> Iterator[tuple[str, str]]:
    for name, account in (
        ("if within limits", verdict.optimistic),
        ("if warmed", verdict.warm),
        ("if cooled", verdict.cold),
    ):
        if account is not None and account.mean is not None:
            beyond = ", ".join(f"{one.rule} {length(one.out_ms)}" for one in account.rules)
            yield f"unknown time {name}", f"mean {account.mean:.3f} °C; beyond {beyond}"


def _refused(one: JudgedChannel, language: Language) -> Iterator[str]:
    for reason, (count, line) in one.channel.refused.items():
        yield f"not taken: {count} × {term(reason, language)}, first in line {line}"
    if one.channel.repeated:
        yield f"taken once: {one.channel.repeated} readings that stand in the file again"
    if one.channel.conflicts:
        count, where = one.channel.conflicts, one.channel.first_conflict
        yield f"conflicts: {count} instants with different values, first in line {where}; the smallest counts"


def _excursions(one: JudgedChannel, zone: tzinfo, language: Language) -> Iterator[str]:
    table = Table(
        "rule", "level", "from", "to", "beyond", "peak", "at", "crossed about", box=None, pad_edge=False
    )
    for excursion in one.excursions[:SHOWN]:
        level = excursion.level
        gap = " (with a gap)" if excursion.data_gap else ""
        crossed = _crossed(one, excursion.rule, excursion.opened_ms)
        table.add_row(
            excursion.rule,
            "" if level is None else term(level, language),
            local(excursion.opened_ms, zone),
            "still open" if excursion.closed_ms is None else local(excursion.closed_ms, zone),
            length(excursion.out_ms) + gap,
            f"{excursion.peak:g}",
            local(excursion.peak_ms, zone),
            "" if crossed is None else local(crossed, zone),
        )
    yield from _drawn(table).splitlines()
    if len(one.excursions) > SHOWN:
        yield f"  and {len(one.excursions) - SHOWN} more"


def _crossed(one: JudgedChannel, name: str, opened_ms: int) -> int | None:
    rule = next(rule for rule in one.judged.rules if rule.name == name)
    if not rule.by_value:
        return None
    times = [time_ms for time_ms, _ in one.channel.samples]
    index = times.index(opened_ms)
    near = index > 0 and opened_ms - times[index - 1] <= one.judged.limit_ms
    pair = one.channel.samples[index - 1 : index + 1]
    return crossing_ms(pair[0], pair[1], rule.threshold) if near else None


def _table(rows: Iterator[tuple[str, str]]) -> str:
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in rows:
        table.add_row(f"  {name}", value)
    return _drawn(table)


def _drawn(table: Table) -> str:
    text = StringIO()
    Console(file=text, width=WIDTH, color_system=None, markup=False, highlight=False).print(table)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def local(at_ms: int, zone: tzinfo) -> str:
    """An instant in a zone, to the second."""
    return datetime.fromtimestamp(at_ms // 1000, zone).strftime("%Y-%m-%d %H:%M:%S")


def length(ms: int) -> str:
    """A duration in its two largest units."""
    whole = duration_text(ms // 1000 * 1000)
    return whole if ms >= 1000 or ms == 0 else f"{ms}ms"
