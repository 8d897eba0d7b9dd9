"""A recording: what gateways sealed and when it arrived, one JSON object a line; played against a fleet.

{"gateway": "gw", "sealed": 1795312800000, "arrives": 1795312801000, "lines": ["reading,sensor=s …", …]}

Instants are ms UTC; without `arrives` the batch never came. `lines` are line protocol, as gateways write it.
"""

from collections.abc import Mapping
from pathlib import Path

import orjson

from coldchain.errors import ConfigError, InvalidInput
from coldchain_backend.fleet import Plan
from coldchain_backend.ledger import MarkName, mark_record
from coldchain_backend.ruletests.drafts import MAX_BATCHES, Draft, arrivals
from coldchain_backend.ruletests.steps import SETTLE_MS, Put, Script, Step, fleet_put

MAX_LINE = 2 << 20
LATEST_MS = 4_102_444_800_000


def recorded(path: Path, plan: Plan) -> Script:
    """Read a recording. Raises ConfigError with file and line for what is none."""
    drafts: dict[str, list[Draft]] = {}
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if number > MAX_BATCHES:
                raise ConfigError(f"more than {MAX_BATCHES} batches", file=str(path), line=number)
            try:
                gateway, draft = _draft(line)
            except InvalidInput as error:
                raise ConfigError(str(error), file=str(path), line=number) from error
            drafts.setdefault(gateway, []).append(draft)
    if not drafts:
        raise ConfigError("nothing was recorded", file=str(path))
    begin_ms = min(draft.sealed_ms for every in drafts.values() for draft in every)
    steps = [Step(at_ms=begin_ms, action=fleet_put(plan))]
    for gateway, every in sorted(drafts.items()):
        steps += arrivals(plan.organisation, gateway, every)
    end_ms = max(step.at_ms for step in steps) + SETTLE_MS
    steps.append(Step(at_ms=end_ms, action=Put(record=mark_record(MarkName.ALIVE))))
    steps.sort(key=lambda step: step.at_ms)
    return Script(organisation=plan.organisation, steps=tuple(steps), end_ms=end_ms)


def _draft(line: bytes) -> tuple[str, Draft]:
    if len(line) > MAX_LINE:
        raise InvalidInput(f"longer than {MAX_LINE} bytes")
    try:
        said = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"not JSON: {error}") from error
    if not isinstance(said, dict):
        raise InvalidInput("not an object")
    gateway, lines = said.get("gateway"), said.get("lines")
    if not isinstance(gateway, str) or not gateway:
        raise InvalidInput("`gateway` names nobody")
    if not isinstance(lines, list) or not all(isinstance(one, str) and "\n" not in one for one in lines):
        raise InvalidInput("`lines` is not a list of lines")
    arrives_ms = None if said.get("arrives") is None else _instant(said, "arrives")
    draft = Draft(sealed_ms=_instant(said, "sealed"), arrives_ms=arrives_ms)
    draft.lines += [one.encode() for one in lines] or [b"# nothing"]
    return gateway, draft


def _instant(said: Mapping[str, object], key: str) -> int:
    at_ms = said.get(key)
    if not isinstance(at_ms, int) or isinstance(at_ms, bool) or not 0 <= at_ms < LATEST_MS:
        raise InvalidInput(f"`{key}` is not an instant in ms")
    return at_ms
