"""A recorded file judged: each channel's verdict, with what it was judged by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from coldchain.errors import ConfigError
from coldchain.excursions import Excursion, Judged
from coldchain.exposure import Account
from coldchain.gaps import Spoken
from coldchain.kinetic import Window
from coldchain.profiles import Profile
from coldchain.spans import Span
from coldchain.verdicts import (
    Outcome,
    Verdict,
    decide,
    evidence_of,
    excursion_document,
    span_of,
    verdict_document,
    worst,
    worst_mean,
)
from coldchain.words import Language, term
from coldchain_backend.loggerfiles.cadence import proposed_interval_ms
from coldchain_backend.loggerfiles.recorded import Channel, Recorded

DAY_MS = 24 * 3_600_000
LONGEST_MS = 3653 * DAY_MS
"""Longer than any logger runs: time between its readings is accounted for by the quarter of an hour."""
NOT_EVIDENCE = "not evidence: unsigned file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a file is judged by; `interval_ms` None: as its readings propose. `span`: [from, to), None:
    all."""

    profile: Profile
    interval_ms: int | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    uncertainty: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedChannel:
    """One channel with its verdict, excursions and gaps, and the warmest mean kinetic temperature of 24 h."""

    channel: Channel
    judged: Judged
    proposed: bool
    verdict: Verdict
    excursions: tuple[Excursion, ...]
    gaps: tuple[Span, ...]
    worst_day: Window | None

    @property
    def account(self) -> Account:
        """The exposure of the asked time."""
        return self.verdict.account


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedFile:
    """A file with its verdicts; the worst is the file's."""

    recorded: Recorded
    profile: Profile
    channels: tuple[JudgedChannel, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of the channels."""
        return worst([one.verdict.outcome for one in self.channels])

    def document(self) -> dict[str, object]:
        """All of it as plain values."""
        return {
            "file": str(self.recorded.path),
            "evidence": NOT_EVIDENCE,
            "outcome": self.outcome.value,
            "time_zone": str(self.recorded.zone),
            "notes": self.recorded.notes,
            "channels": [_document(one) for one in self.channels],
        }


def judge_file(recorded: Recorded, ask: Ask) -> JudgedFile:
    """Judge every channel of a file. Raises ConfigError for a file without readings or a time without
    length."""
    others = sorted({rule.quantity for rule in ask.profile.rules} - {"temperature"})
    if others:
        recorded.notes.append(f"rules of {', '.join(others)} are not judged here: temperatures only")
    channels = tuple(_judge(one, recorded, ask) for one in recorded.channels)
    return JudgedFile(recorded=recorded, profile=ask.profile, channels=channels)


def _judge(channel: Channel, recorded: Recorded, ask: Ask) -> JudgedChannel:
    file = str(recorded.path)
    if not channel.samples:
        told = "; ".join(
            f"{term(reason, Language.EN)} ({n}, first in line {line})"
            for reason, (n, line) in channel.refused.items()
        )
        raise ConfigError(f"column {channel.name!r} holds no readings: {told or 'it is empty'}", file=file)
    times = [time_ms for time_ms, _ in channel.samples]
    interval_ms = ask.interval_ms or proposed_interval_ms(times)
    if interval_ms is None:
        raise ConfigError(
            "too few readings at one spacing to propose an interval: give --interval", file=file
        )
    judged = Judged(profile=ask.profile, interval_ms=interval_ms, quantity="temperature", zone=recorded.zone)
    if not judged.rules:
        raise ConfigError(f"profile {ask.profile.name} has no limits of temperature", file=file)
    span = _span(channel, recorded, judged, ask)
    evidence = evidence_of(channel.samples, judged, span, uncertainty=ask.uncertainty)
    return JudgedChannel(
        channel=channel,
        judged=judged,
        proposed=ask.interval_ms is None,
        verdict=decide(evidence),
        excursions=tuple(_in(evidence.judged.excursions, span)),
        worst_day=worst_mean(channel.samples, judged, span, DAY_MS),
        gaps=tuple(Spoken(times, interval_ms=interval_ms, limit_ms=judged.limit_ms).gaps(*span)),
    )


def _span(channel: Channel, recorded: Recorded, judged: Judged, ask: Ask) -> Span:
    """The time that is judged; raises ConfigError where it or the readings cannot be meant to be so long."""
    file = str(recorded.path)
    whole = span_of(channel.samples, judged)
    begin, end = (_day(at_ms, recorded) for at_ms in (channel.samples[0][0], channel.samples[-1][0]))
    if whole[1] - whole[0] > LONGEST_MS:
        raise ConfigError(
            f"its readings go from {begin} to {end}, more than ten years: a clock that was wrong for a while?"
            " Take the rows of the wrong times out",
            file=file,
        )
    span = (whole[0] if ask.from_ms is None else ask.from_ms, whole[1] if ask.to_ms is None else ask.to_ms)
    if span[0] >= span[1]:
        raise ConfigError(
            f"the time asked for has no length: --from must lie before --to; its readings go from {begin} to"
            f" {end}",
            file=file,
        )
    if max(span[1], whole[1]) - min(span[0], whole[0]) > LONGEST_MS:
        raise ConfigError(
            f"--from or --to lies more than ten years from its readings, which go from {begin} to {end}",
            file=file,
        )
    return span


def _day(at_ms: int, recorded: Recorded) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, recorded.zone):%Y-%m-%d}"


def _in(excursions: Sequence[Excursion], span: Span) -> list[Excursion]:
    return [
        one
        for one in excursions
        if one.opened_ms < span[1] and (one.closed_ms is None or one.closed_ms > span[0])
    ]


def _document(one: JudgedChannel) -> dict[str, object]:
    channel = one.channel
    return {
        "name": channel.name,
        "unit": channel.unit.value,
        "interval_proposed": one.proposed,
        "refused": {
            reason.value: {"count": count, "first_line": line}
            for reason, (count, line) in channel.refused.items()
        },
        "repeated": channel.repeated,
        "conflicts": channel.conflicts,
        "verdict": verdict_document(one.verdict),
        "worst_24h": None
        if one.worst_day is None
        else {
            "mkt": one.worst_day.mkt,
            "from_ms": one.worst_day.from_ms,
            "to_ms": one.worst_day.to_ms,
        },
        "excursions": [excursion_document(excursion) for excursion in one.excursions],
        "gaps": [{"from_ms": from_ms, "to_ms": to_ms} for from_ms, to_ms in one.gaps],
    }
