"""Whether a plan may be applied: decided here, purely; the one who asks obeys."""

from dataclasses import dataclass

from coldchain_backend.fleet import FleetVersion, Plan, digest_of
from coldchain_backend.fleetfile.diff import Difference, OpenAlert, compare


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person asks for.

    base              the version number that the file was made from; None: whatever is newest
    allow_removals    things may be taken away; needs a reason
    allow_loosened    limits may become looser; needs a reason
    from_ms           since when it was so, where that lies in the past; needs a reason. It takes the place of
                      everything that versions said from that instant on.
    """

    plan: Plan
    base: int | None
    allow_removals: bool = False
    allow_loosened: bool = False
    reason: str | None = None
    from_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """The newest version says the same already; nothing is to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """The server's fleet has changed since the file's version."""

    newest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Why it is refused: each line names what is wrong and which flag, if any, allows it."""

    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """It may be written to the ledger."""

    difference: Difference


Decision = Unchanged | Stale | Objection | Ready


def decide(newest: FleetVersion, wish: Wish, alerts: tuple[OpenAlert, ...] = ()) -> Decision:
    """Decide about a wish against the newest version and the alerts that are on."""
    if newest.number and digest_of(wish.plan) == newest.digest and wish.from_ms is None:
        return Unchanged()
    if wish.base is not None and wish.base != newest.number:
        return Stale(newest=newest.number)
    difference = compare(newest.plan, wish.plan, alerts)
    problems = tuple(_problems(newest, wish, difference))
    return Objection(problems=problems) if problems else Ready(difference=difference)


def _problems(newest: FleetVersion, wish: Wish, difference: Difference) -> list[str]:
    problems = list(difference.clashes)
    if wish.plan.organisation != newest.plan.organisation:
        problems.append(
            f"the file is of organisation {wish.plan.organisation}, this server of {newest.plan.organisation}"
        )
    if wish.from_ms is not None and not (wish.reason or "").strip():
        problems.append("what changes the past needs a reason; give it with --reason")
    if not newest.number:
        return problems
    if difference.removes and not wish.allow_removals:
        problems.append("it takes things away; allow it with --allow-removals")
    if difference.looser and not wish.allow_loosened:
        problems.append("it loosens what is watched; allow it with --allow-loosened")
    if (difference.removes or difference.looser) and not (wish.reason or "").strip():
        problems.append("removals and looser limits need a reason; give it with --reason")
    return problems
