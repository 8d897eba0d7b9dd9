"""What people were told about, and whether they took notice."""

from typing import Final

from coldchain_dashboards.influxql import TIME_RANGE, Query
from coldchain_dashboards.queries.compliance import LOOK_BACK

_ORGANISATION: Final = '"organisation" =~ /^${organisation:regex}$/'
_ASSET: Final = '"asset" =~ /^${asset:regex}$/'
"""With all assets chosen it also finds what belongs to none, such as an alert about the product itself."""
_OF: Final = (_ORGANISATION, _ASSET)
_OPEN: Final = '"open" = true'
_COLUMNS: Final = {
    name: f'"{name}"'
    for name in (
        "level", "state", "kind", "asset", "zone", "point", "subject",
        "acknowledge_s", "undelivered", "opened_ms", "to_ms", "id",
    )
}  # fmt: skip


def _any_state(*states: str) -> str:
    return "(" + " OR ".join(f"\"state\" = '{state}'" for state in states) + ")"


def _count(purpose: str, *where: str, only_when: str) -> Query:
    return Query(
        purpose=purpose,
        columns={"alerts": 'COUNT("id")'},
        source="alert",
        where=(*where, *_OF, LOOK_BACK),
        only_when=only_when,
    )


OPEN_ALARMS: Final = _count("Alarms that go on.", _OPEN, "\"level\" = 'alarm'", only_when="an alarm goes on")
OPEN_WARNINGS: Final = _count(
    "Warnings that go on.", _OPEN, "\"level\" = 'warning'", only_when="a warning goes on"
)
UNACKNOWLEDGED: Final = _count(
    "Alarms that nobody has taken notice of, also those whose condition is over.",
    "\"level\" = 'alarm'",
    _any_state("firing", "resolved_unacked", "latched"),
    only_when="an alarm waits for somebody",
)
ACKNOWLEDGED: Final = _count(
    "Alerts that go on and that somebody has taken notice of.",
    _any_state("acknowledged"),
    only_when="somebody has acknowledged what goes on",
)
SHELVED: Final = _count(
    "Alerts that somebody, a rule or a window has put aside for a while.",
    _any_state("shelved", "suppressed", "out_of_service"),
    only_when="something that goes on is shelved, suppressed or out of service",
)
UNDELIVERED: Final = Query(
    purpose="Messages that nobody has received yet.",
    columns={"messages": 'SUM("undelivered")'},
    source="alert",
    where=('"undelivered" > 0', *_OF, LOOK_BACK),
    only_when="a receiver does not answer",
)
TIME_TO_ACKNOWLEDGE: Final = Query(
    purpose="Time from the first firing until somebody took notice: half of the alerts, and nine of ten.",
    columns={"half": 'MEDIAN("acknowledge_s")', "nine_of_ten": 'PERCENTILE("acknowledge_s", 90)'},
    source="alert",
    where=(*_OF, TIME_RANGE),
    only_when="somebody has acknowledged an alert of the time range",
)
GOING_ON: Final = Query(
    purpose="Alerts that go on, whenever they began.",
    columns=_COLUMNS,
    source="alert",
    where=(_OPEN, *_OF, LOOK_BACK),
    newest=300,
    only_when="an alert goes on",
)
FAILED: Final = Query(
    purpose="Alerts with messages that nobody has received yet.",
    columns=_COLUMNS,
    source="alert",
    where=('"undelivered" > 0', *_OF, LOOK_BACK),
    newest=300,
    only_when="a receiver does not answer",
)
LISTED: Final = Query(
    purpose="Alerts that first fired in the time range.",
    columns=_COLUMNS,
    source="alert",
    where=('"withdrawn" = false', *_OF, TIME_RANGE),
    newest=500,
    only_when="there was an alert in the time range",
)


def _per_step(level: str) -> Query:
    return Query(
        purpose=f"How many alerts of level {level} fired in each step.",
        columns={level: 'COUNT("id")'},
        source="alert",
        where=(f"\"level\" = '{level}'", '"withdrawn" = false', *_OF, TIME_RANGE),
        every="$__interval",
        fill="none",
        only_when="there was an alert in the time range",
    )


ALARMS_OVER_TIME: Final = _per_step("alarm")
WARNINGS_OVER_TIME: Final = _per_step("warning")
BY_KIND: Final = Query(
    purpose="How many alerts of each kind fired.",
    columns={"alerts": 'COUNT("id")'},
    source="alert",
    where=('"withdrawn" = false', *_OF, TIME_RANGE),
    tags=("kind",),
    only_when="there was an alert in the time range",
)
