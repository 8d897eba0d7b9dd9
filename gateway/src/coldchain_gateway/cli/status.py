"""`status`: how the gateway is, from its status.json; also when it does not run."""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coldchain.errors import Unavailable

if TYPE_CHECKING:
    from argparse import _SubParsersAction

STALE_S: Final = 30
# A wire that was pulled and plugged again is no alarm.
DOWN_S: Final = 60
MAX_REASONS: Final = 6
REFUSED: Final = 0x80  # a broker's answer to a subscription; below it is the QoS that it grants


def add(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    command = commands.add_parser(
        "status",
        help="how is it?",
        description="Shows sources, outbox, clock and uplink. Exit status 1 when something needs a person.",
        epilog="example: coldchain-gateway --config gateway.toml status --json",
    )
    command.add_argument("--json", action="store_true", help="the whole status as JSON")
    command.set_defaults(command_body=body)


def body(arguments: argparse.Namespace) -> int:
    """Read and show."""
    from coldchain_gateway.config import load
    from coldchain_gateway.health import STATUS_FILE

    path = load(arguments.config).data_dir / STATUS_FILE
    status = read_status(path)
    age_s = max(0, int(time.time()) - int(number(status, "written_ms")) // 1000)
    if arguments.json:
        sys.stdout.write(json.dumps(status | {"age_s": age_s}, ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write("\n".join(lines(status, age_s)) + "\n")
    return 1 if list(alarms(status, age_s)) else 0


def read_status(path: Path) -> dict[str, object]:
    """Raises Unavailable when the gateway has never run here."""
    try:
        status = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise Unavailable(f"{path}: no status yet; has `coldchain-gateway run` been started?") from error
    except ValueError as error:
        raise Unavailable(f"{path}: not a status: {error}") from error
    if not isinstance(status, dict):
        raise Unavailable(f"{path}: not a status")
    return status


def alarms(status: Mapping[str, object], age_s: int) -> Iterator[str]:
    """What needs a person, one sentence each."""
    if age_s > STALE_S:
        yield f"not running, or hanging: the status is {age_s} s old"
    if table(status, "machine").get("undervoltage"):
        yield "the supply voltage is too low: use the supply that belongs to the computer, and a short cable"
    if withheld := status.get("watchdog_withheld"):
        yield f"something stands still: {withheld}"
    reload = table(status, "reload")
    if reload.get("fate") in ("refused", "rolled_back"):
        yield f"the file on the disk is not what runs: {reload.get('message')}"
    if full_s := whole(status, "not_kept_for_s"):
        yield f"the outbox has had no room for {full_s} s"
    if status.get("clock_alarm"):
        yield "nobody has vouched for the time for a day: nothing is sealed"
    sources = status.get("sources")
    for source in sources if isinstance(sources, list) else ():
        if (down_s := whole(source, "down_s")) >= DOWN_S:
            yield f"source {source.get('name')} has not run for {down_s} s: {source.get('error')}"
        if remark := source.get("remark"):
            yield f"source {source.get('name')} is not read: {remark}"
        if told := table(source, "report").get("alarm"):
            yield f"source {source.get('name')}: {told}"
    uplink = table(status, "uplink")
    if uplink.get("state") == "denied":
        yield f"the backend does not admit this gateway: {uplink.get('message')}"
    yield from kept_alarms(status)


def kept_alarms(status: Mapping[str, object]) -> Iterator[str]:
    """What is kept and cannot go on by itself."""
    influx = table(status, "influxdb")
    if influx.get("state") == "denied":
        yield f"InfluxDB does not admit this gateway: {influx.get('message')}"
    if dead := whole(influx, "dead_lines"):
        yield f"{dead} lines refused by InfluxDB (see dead-letters.lp in the data folder)"
    if refused := whole(table(status, "outbox"), "refused_batches"):
        yield f"{refused} batches refused by the backend (dead letters)"
    if aside := whole(status, "quarantined"):
        yield f"{aside} broken outboxes put aside; see `outbox export --from`, then remove them"


def lines(status: Mapping[str, object], age_s: int) -> Iterator[str]:
    """The status for people."""
    yield f"gateway   {status.get('gateway')} ({status.get('organisation')}), version {status.get('version')}"
    yield f"key       {status.get('fingerprint')}"
    yield f"config    {status.get('config_digest') or '-'}"
    yield f"run       {status.get('run') or '-'}, {whole(status, 'seq')} batches sealed; status {age_s} s old"
    untrusted = f"NOT trusted for {whole(status, 'clock_untrusted_s')} s"
    trust = "trusted" if status.get("clock_trusted") else untrusted
    yield f"clock     {trust} ({status.get('clock_source')})"
    uplink = table(status, "uplink")
    state = uplink.get("state", "none: a gateway on its own")
    yield f"uplink    {state}  {uplink.get('message', '')}".rstrip()
    if influx := table(status, "influxdb"):
        yield f"influxdb  {influx.get('state')}  {influx.get('message', '')}".rstrip()
    yield from machine_lines(status)
    yield from outbox_lines(status, table(status, "outbox"))
    sources = status.get("sources")
    for source in sources if isinstance(sources, list) else ():
        yield from source_lines(source)
    loops = status.get("loops")
    for loop in loops if isinstance(loops, list) else ():
        if loop.get("state") != "running" or loop.get("restarts"):
            yield (
                f"loop      {loop.get('name')}: {loop.get('state')}, {loop.get('restarts')} restarts  "
                f"{loop.get('error')}"
            )
    for alarm in alarms(status, age_s):
        yield f"ALARM     {alarm}"


def machine_lines(status: Mapping[str, object]) -> Iterator[str]:
    """Memory, and what the computer tells of itself."""
    machine = table(status, "machine")
    heat = f", processor {number(machine, 'cpu_celsius'):.0f} °C" if machine.get("cpu_celsius") else ""
    yield f"machine   {number(status, 'rss_bytes') / 1e6:.1f} MB in memory{heat}"


def outbox_lines(status: Mapping[str, object], outbox: Mapping[str, object]) -> Iterator[str]:
    """The queue and the room for it."""
    waiting, age_s = whole(outbox, "waiting_batches"), whole(status, "oldest_waiting_s")
    used, free = number(outbox, "used_bytes") / 1e6, number(status, "disk_free_bytes") / 1e9
    yield f"outbox    {waiting} batches wait ({age_s} s), {whole(outbox, 'unsealed_lines')} lines unsealed"
    yield f"          {used:.1f} MB used, {free:.1f} GB free on the disk"
    if status.get("hours_until_full") is not None:
        yield f"          full in {number(status, 'hours_until_full'):.1f} h at this rate"


def source_lines(source: Mapping[str, object]) -> Iterator[str]:
    """One wire; of one that runs again, its last fault."""
    state, error, restarts = source.get("state"), source.get("error", ""), whole(source, "restarts")
    if state == "running" and error and not source.get("remark"):
        error = f"(begun anew {restarts} times, last after {error})"
    yield f"source    {source.get('name')}: {state}  {error}".rstrip()
    yield from topic_lines(table(source, "report"))
    refused = table(source, "refused")
    if refused:
        shown = sorted(refused.items(), key=lambda item: -number(refused, item[0]))
        more = f" and {len(shown) - MAX_REASONS} more reasons" if len(shown) > MAX_REASONS else ""
        reasons = ", ".join(f"{reason} {count}" for reason, count in shown[:MAX_REASONS])
        yield f"          refused: {reasons}{more}"


def topic_lines(report: Mapping[str, object]) -> Iterator[str]:
    """What a broker grants, how messages come, and where they can be lost: each way once, with its topics."""
    found = report.get("topics")
    topics = found if isinstance(found, list) else []
    losses: dict[object, list[str]] = {}
    for topic in topics:
        granted = topic.get("granted_qos")
        refused = isinstance(granted, int) and granted >= REFUSED
        qos = "refused" if refused else "not subscribed" if granted is None else f"QoS {granted} granted"
        came = f"{whole(topic, 'at_qos1')} came at QoS 1, {whole(topic, 'at_qos0')} at QoS 0"
        yield f"          {topic.get('topic')} ({topic.get('format')}): {qos}, {came}"
        if topic.get("loses"):
            losses.setdefault(topic.get("loses"), []).append(str(topic.get("topic")))
    for loss, where in losses.items():
        which = "" if len(where) == len(topics) else f" ({', '.join(where)})"
        yield f"          can lose{which}: {loss}"


def table(values: Mapping[str, object], name: str) -> Mapping[str, object]:
    """A table within the status; empty where there is none."""
    found = values.get(name)
    return found if isinstance(found, dict) else {}


def number(values: Mapping[str, object], name: str) -> float:
    """A number within the status; 0 where there is none."""
    found = values.get(name)
    return float(found) if isinstance(found, int | float) else 0.0


def whole(values: Mapping[str, object], name: str) -> int:
    """A whole number within the status; 0 where there is none."""
    return int(number(values, name))
