"""Random stories of a log: what must hold of alerts and tellings, and that restarts leave no trace."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain_backend.alerts import AlertKind, alert_id_of
from coldchain_backend.fleet import Alerting, Plan, ZoneState
from coldchain_backend.ledger import MarkName, NewRecord, act_record, mark_record
from support.judged_log import MINUTE, SECOND, T0, Log, Point3, Voice, fleet_record_of, plan, profile

SENSORS = {"a": 10 * SECOND, "b": MINUTE}
VALUES = st.sampled_from([-1.0, 0.2, 4.0, 7.8, 8.2, 12.0])
PAUSES = st.sampled_from([100, SECOND, 10 * SECOND, 2 * MINUTE, 20 * MINUTE])
ENDS = {"alert.resolved", "alert.closed", "alert.withdrawn", "alert.merged"}


def calm(made: Plan) -> Plan:
    """A plan without floods: what digests tell of is another test's."""
    return replace(made, alerting=Alerting(flood_count=1000))


@dataclass(frozen=True, slots=True)
class Told:
    """One queued telling."""

    receiver: str
    alert: str
    sequence: int
    type: str
    state: str


@st.composite
def readings(draw: st.DrawFn, now_ms: int) -> list[Point3]:
    """A few readings of the last minutes, one per sensor and instant."""
    said: dict[tuple[str, int], float] = {}
    for _ in range(draw(st.integers(0, 6))):
        sensor = draw(st.sampled_from(sorted(SENSORS)))
        age_ms = draw(st.integers(0, 30)) * 10 * SECOND
        said[sensor, max(T0 + SECOND, now_ms - age_ms)] = draw(VALUES)
    return [(sensor, time_ms, value) for (sensor, time_ms), value in said.items()]


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[int, NewRecord]]:
    """Stamps and records: batches (some come late, some never), fleet versions, marks and acts."""
    voice, now_ms = Voice(), T0
    story = [(T0, fleet_record_of(calm(plan(SENSORS))))]
    kept_back: list[NewRecord] = []
    for _ in range(draw(st.integers(1, 18))):
        now_ms += draw(PAUSES)
        what = draw(st.sampled_from(["batch"] * 6 + ["hold", "bring", "alive", "start", "fleet", "act"]))
        if what in {"batch", "hold"}:
            record = voice.record(voice.batch(draw(readings(now_ms))))
            if what == "hold":
                kept_back.append(record)
            else:
                story.append((now_ms, record))
        elif what == "bring" and kept_back:
            story.append((now_ms, kept_back.pop(draw(st.integers(0, len(kept_back) - 1)))))
        elif what == "fleet":
            limits = profile(alarm_after_ms=draw(st.sampled_from([0, MINUTE])))
            state = draw(st.sampled_from([ZoneState.IN_USE, ZoneState.IN_USE, ZoneState.EMPTY]))
            story.append((now_ms, fleet_record_of(calm(plan(SENSORS, limits=limits, state=state)))))
        elif what == "act":
            known = draw(st.sampled_from(["a", "b"]))
            cause = f"silence\n{known}\n0"
            story.append(
                (now_ms, act_record("acknowledge", "Li", {"alert": alert_id_of(cause), "reason": "x"}))
            )
        else:
            story.append((now_ms, mark_record(MarkName.START if what == "start" else MarkName.ALIVE)))
    return story


def written(story: list[tuple[int, NewRecord]], folder: str) -> Log:
    """The story in a ledger, not yet judged."""
    log = Log(Path(folder))
    for at_ms, record in story:
        log.at(at_ms)
        log.ledger.put([record])
    return log


def tellings(log: Log) -> list[Told]:
    """All queued tellings, in order of alert and sequence."""
    found = []
    for line in log.deliveries():
        _, receiver, body = line.split(" ", 2)
        data = orjson.loads(body)["data"]
        kind = orjson.loads(body)["type"]
        found.append(Told(receiver, data["alert_id"], data["sequence"], kind, data["state"]))
    return sorted(found, key=lambda one: (one.alert, one.receiver, one.sequence))


def check_tellings(log: Log) -> None:
    """Who is told of an alert hears its fire first, and its end if it has one."""
    alerts = {alert.id: alert for alert in log.alerts()}
    heard: dict[tuple[str, str], list[Told]] = {}
    for one in tellings(log):
        heard.setdefault((one.alert, one.receiver), []).append(one)
    for (name, receiver), told in heard.items():
        alert = alerts[name]
        assert receiver in alert.told
        assert told[0].type == "alert.fired"
        assert len({one.sequence for one in told}) == len(told)
        if not alert.state.open:
            assert ENDS & {one.type for one in told}
            assert told[-1].type in ENDS | {"alert.amended", "alert.acknowledged"}


def check_alerts(log: Log) -> None:
    """Every excursion with a level has its alert, and nothing is resolved that goes on."""
    alerts = {alert.id: alert for alert in log.alerts()}
    for stored in log.stored():
        alert = alerts.get(alert_id_of(stored.id))
        if stored.excursion.level is None:
            continue
        assert alert is not None
        if stored.excursion.closed_ms is None:
            assert alert.state.value in {"firing", "acknowledged", "closed"}
        elif stored.held_ms is not None:
            assert alert.state.value in {"firing", "acknowledged"}
        else:
            assert alert.state.value in {"resolved", "resolved_unacked", "closed"}
    live = {alert_id_of(stored.id) for stored in log.stored()}
    for alert in alerts.values():
        story = log.answers.alert(alert.id)
        assert story is not None
        assert [step.sequence for step in story.steps] == list(range(1, alert.sequence + 1))
        if alert.cause.kind is AlertKind.EXCURSION and alert.id not in live:
            assert alert.state.value in {"withdrawn", "merged"}


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(story=stories(), data=st.data())
def test_what_must_hold_holds_and_restarts_leave_no_trace(
    story: list[tuple[int, NewRecord]], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        calm = written(story, folder)
        calm.judge()
        check_tellings(calm)
        check_alerts(calm)
        disturbed = written(story, folder)
        while records := disturbed.ledger.read(disturbed.judging.offset, data.draw(st.integers(1, 8))):
            disturbed.judging.consume(records)
            if data.draw(st.booleans()):
                disturbed.restart()
        assert disturbed.steps() == calm.steps()
        assert disturbed.deliveries() == calm.deliveries()
        calm.close()
        disturbed.close()
