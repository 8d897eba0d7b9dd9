"""What a gateway says about itself in a batch: health, going down, local alarms."""

from dataclasses import replace

from coldchain.lineprotocol import Line
from coldchain_backend.judging.batches import Content, Unjudged
from coldchain_backend.judging.contracts import LocalAlarm, Memory
from coldchain_backend.judging.present import Present
from coldchain_backend.judging.roll_call import RollCall

_ELSEWHERE = frozenset({"hole", "hush", "limit_crossed", "refusal", "run", "source", "source_gap"})


def follow_lines(content: Content, memory: Memory, roll_call: RollCall, present: Present) -> None:
    """Follow the gateway's own lines; what is none of them is counted."""
    name = content.meta.gateway
    going_down = any(line.measurement == "going_down" for line in content.others)
    if content.sealed:
        roll_call.heard_gateway(name, going_down=going_down)
    for line in content.others:
        if line.measurement == "gateway":
            _keep_health(name, line, memory, present)
        elif line.measurement == "local_alarm":
            _keep_local_alarm(name, line, memory)
        elif line.measurement not in _ELSEWHERE and line.measurement != "going_down":
            content.refuse(Unjudged.UNKNOWN_LINE, line.measurement)


def _keep_health(name: str, line: Line, memory: Memory, present: Present) -> None:
    state = present.gateways.get(name)
    if state is not None and line.time is not None and line.time >= (state.health_ms or 0):
        state = replace(state, health=dict(line.fields), health_ms=line.time)
        present.gateways[name] = state
        memory.put_gateway(state)


def _keep_local_alarm(gateway: str, line: Line, memory: Memory) -> None:
    point, rule, time_ms = line.tags.get("point"), line.tags.get("rule"), line.time
    if point is None or rule is None or time_ms is None:
        return
    known = memory.local_alarm(point, rule, gateway)
    if line.fields.get("state") == "end":
        if known is not None and known.ended_ms is None and time_ms >= known.opened_ms:
            memory.put_local_alarm(replace(known, ended_ms=time_ms))
    elif known is None or known.ended_ms is not None:
        memory.put_local_alarm(LocalAlarm(point=point, rule=rule, gateway=gateway, opened_ms=time_ms))
