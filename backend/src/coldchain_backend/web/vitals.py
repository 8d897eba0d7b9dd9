"""How the server itself is: what /healthz and /readyz tell, and what lets its heartbeat go out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from coldchain_backend.web.times import iso

LAG_RECORDS: Final = 10_000
LAG_MS: Final = 60_000
SILENT_MS: Final = 45_000
"""The log gets a record at least every 10 s; one that has none for so long takes none."""

COURIER_MS: Final = 120_000
"""The courier comes round at least every 30 s; one that has not for so long is stuck."""

READY: Final = frozenset({"evidence", "judging"})
"""What must be well for writes to be taken; a courier that is stuck refuses no evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the server at `now_ms`; other instants are ms UTC too.

    newest_ms    stamp of the newest durable record
    started_ms   when this process came up
    full         evidence is refused because the disk has no room
    behind       records that are not judged yet; judged_ms: the stamp up to which it is done
    courier_ms   when the courier last came round; None before its first round
    held         deliveries wait for a person, after a restore
    lost         why the state cannot be reached; judging stands still meanwhile
    """

    now_ms: int
    started_ms: int
    newest_ms: int
    full: bool
    behind: int
    judged_ms: int
    courier_ms: int | None
    held: bool
    lost: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the server: whether it is well, and why not; `figures` are numbers for whoever watches."""

    name: str
    ok: bool
    why: str = ""
    figures: Mapping[str, int | str] = field(default_factory=dict)


def parts_of(facts: Facts) -> Sequence[Part]:
    """Evidence, judging, courier."""
    return (_evidence(facts), _judging(facts), _courier(facts))


def ready(parts: Sequence[Part]) -> bool:
    """Whether writes are taken and judged."""
    return all(part.ok for part in parts if part.name in READY)


def _evidence(facts: Facts) -> Part:
    """While judging is behind the log gets no record of its own accord, so its age tells nothing then."""
    age_ms = max(facts.now_ms - facts.newest_ms, 0)
    why = ""
    if facts.full:
        why = "the disk is full: nothing more is acknowledged"
    elif age_ms > SILENT_MS and not facts.behind:
        why = f"no record was made durable for {age_ms // 1000} s"
    return Part(name="evidence", ok=not why, why=why, figures={"newest_at": iso(facts.newest_ms)})


def _judging(facts: Facts) -> Part:
    lag_ms = max(facts.now_ms - facts.judged_ms, 0) if facts.behind else 0
    why = facts.lost
    if not why and facts.behind > LAG_RECORDS:
        why = f"judging is {facts.behind} records behind"
    elif not why and lag_ms > LAG_MS:
        why = f"judging is {lag_ms // 1000} s behind"
    return Part(
        name="judging", ok=not why, why=why, figures={"behind_records": facts.behind, "lag_ms": lag_ms}
    )


def _courier(facts: Facts) -> Part:
    came_ms = facts.started_ms if facts.courier_ms is None else facts.courier_ms
    age_ms = max(facts.now_ms - came_ms, 0)
    why = ""
    if facts.held:
        why = "nothing is delivered until a person says that the old backend is off"
    elif age_ms > COURIER_MS:
        why = f"the courier has not come round for {age_ms // 1000} s"
    return Part(name="courier", ok=not why, why=why, figures={"round_at": iso(came_ms)})
