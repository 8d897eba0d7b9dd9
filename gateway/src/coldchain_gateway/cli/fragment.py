"""The part of a fleet file that admits this gateway and its sensors, as far as the gateway knows it. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from coldchain.seal import Key, encode_public
from coldchain_runtime.documents import duration_text

CHOOSE = "choose-one"
"""What `fleet check` refuses, so that nobody gets a limit or an interval that he did not choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a gateway knows of itself. `sensors`: declared interval in ms, None where none is declared;
    `proposed`: intervals by what was heard."""

    organisation: str
    gateway: str
    key: Key
    sensors: Mapping[str, int | None] = field(default_factory=dict)
    proposed: Mapping[str, int] = field(default_factory=dict)


def fragment(known: Known) -> str:
    """The lines for the fleet file; with nothing else they are a whole one."""
    return "\n".join(_lines(known)) + "\n"


def _lines(known: Known) -> Iterator[str]:
    yield f"# fingerprint {known.key.fingerprint}"
    yield f"organisation: {known.organisation}"
    yield "gateways:"
    yield f"  - name: {known.gateway}"
    yield f"    key: {encode_public(known.key.public)}"
    yield f"    asset: {known.gateway}-site"
    if not known.sensors:
        yield "# no sensor is configured or heard yet: run it for a minute, then print this again"
        yield "# then, at the backend: coldchain-backend token create --gateway " + known.gateway
        return
    yield "sensors:"
    yield from (_sensor(known, name) for name in known.sensors)
    yield from _asset(known.gateway, known.sensors)
    yield f"# {CHOOSE}: see `coldchain-backend profiles list`; names and time zone are yours to correct"
    yield "# then, at the backend: coldchain-backend token create --gateway " + known.gateway


def _sensor(known: Known, name: str) -> str:
    declared, proposed = known.sensors[name], known.proposed.get(name)
    if declared is not None:
        return f"  - {{id: {quoted(name)}, interval: {duration_text(declared)}}}"
    if proposed is not None:
        return f"  - {{id: {quoted(name)}, interval: {duration_text(proposed)}}} # as heard"
    return f"  - {{id: {quoted(name)}, interval: {CHOOSE}}} # nowhere declared, not heard twice"


def _asset(gateway: str, sensors: Iterable[str]) -> Iterator[str]:
    site = f"{gateway}-site"
    yield "assets:"
    yield f"  - id: {site}"
    yield "    kind: cold_store # or vehicle, container, cabinet, locker"
    yield f"    name: {{en: {quoted(gateway)}, zh: {quoted(gateway)}}}"
    yield "    time_zone: Asia/Shanghai"
    yield "    zones:"
    yield f"      - id: {site}.zone"
    yield '        name: {en: "Zone", zh: "温区"}'
    yield f"        profile: {CHOOSE}"
    yield "        state: in_use"
    yield "        points:"
    for number, name in enumerate(sensors, start=1):
        text = quoted(name)
        yield f"          - {{id: {site}.zone.p{number}, name: {{en: {text}, zh: {text}}}, sensor: {text}}}"


def quoted(text: str) -> str:
    """As YAML's flow style takes any text."""
    return json.dumps(text, ensure_ascii=False)
