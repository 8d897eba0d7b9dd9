"""A small fleet with receivers, schedules and routes, written as people write it."""

from __future__ import annotations

from textwrap import indent

from coldchain_backend.fleet import Plan
from coldchain_backend.fleetfile import parse

RECEIVERS = ("dispatch", "day", "night", "manager", "quality", "it")
HEAD = """organisation: demo
system_receiver: it
"""
ASSETS = """assets:
  - id: store
    kind: cold_store
    name: {en: Store, zh: 冷库}
    time_zone: Asia/Shanghai
    zones:
      - {id: store.vaccine, name: {en: Vaccines, zh: 疫苗}, profile: vaccine-2-8,
         points: [{id: store.vaccine.a, name: {en: A}, sensor: a}]}
      - {id: store.freezer, name: {en: Freezer, zh: 冷冻间}, profile: frozen-food,
         points: [{id: store.freezer.b, name: {en: B}, sensor: b}]}
  - id: truck
    kind: vehicle
    name: {en: Truck, zh: 货车}
    time_zone: Asia/Shanghai
    zones:
      - {id: truck.box, name: {en: Box, zh: 车厢}, profile: frozen-food,
         points: [{id: truck.box.c, name: {en: C}, sensor: c}]}
sensors:
  - {id: a, interval: 60s}
  - {id: b, interval: 60s}
  - {id: c, interval: 60s}
gateways: [{name: gw, asset: store}, {name: gw-truck, asset: truck}]
"""
SCHEDULES = """schedules:
  - {name: days, time_zone: Asia/Shanghai, times: ["mon-fri 08:00-20:00"]}
  - {name: nights, time_zone: Asia/Shanghai, times: ["daily 20:00-08:00"]}
  - {name: always, time_zone: UTC, times: ["daily 00:00-24:00"]}
"""
ESCALATIONS = """escalations:
  - name: standard
    acknowledged_for: 60m
    steps:
      - {wait: 10m}
      - {wait: 15m, notify: [manager], times: 2}
"""


def routed_text(routes: str, *, receivers: tuple[str, ...] = RECEIVERS) -> str:
    """A fleet file with these routes (the text of a list, and `default_route` if wanted, unindented)."""
    told = "".join(
        f'  - {{name: {name}, webhook: {{url: "http://127.0.0.1:9/{name}", secret: "env:WHSEC"}}}}\n'
        for name in receivers
    )
    listed, default, rest = routes.partition("default_route:")
    named = f"routes:\n{indent(listed, '  ')}" if listed.strip() else ""
    return f"{HEAD}receivers:\n{told}{SCHEDULES}{ESCALATIONS}{named}{default}{rest}\n{ASSETS}"


def routed(routes: str = "") -> Plan:
    """The plan of such a file."""
    return parse(routed_text(routes))
