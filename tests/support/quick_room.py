"""A fleet of one room whose limit of 8 °C is told to one receiver soon, written as people write it."""

from __future__ import annotations

from collections.abc import Sequence


def quick_room(
    url: str,
    *,
    alarm_after: str = "3s",
    interval: str = "1s",
    state: str = "in_use",
    sensors: Sequence[str] = ("front",),
    persons: Sequence[str] = (),
    more: str = "",
) -> str:
    """The fleet file; `url` hears what is told, under the secret in the file `whsec`; `front` stands in it.

    Where `persons` are behind the receiver, an alarm of the room must reach one of them.
    """
    listed = "".join(f"  - {{id: {sensor}, interval: {interval}}}\n" for sensor in sensors)
    return f"""
organisation: demo
receivers:
  - {{name: dispatch, webhook: {{url: "{url}", secret: "file:whsec"}}, persons: [{", ".join(persons)}]}}
system_receiver: dispatch
profiles:
  - name: quick
    version: 1
    title: {{en: Quick, zh: 快}}
    mark: proposed
    citation: none; made for tests
    {"recipients: 1" if persons else ""}
    rules:
      - name: high
        side: high
        threshold: 8
        inclusive: false
        warning_after: 0s
        alarm_after: {alarm_after}
assets:
  - id: store
    kind: cold_store
    name: {{en: Store, zh: 库}}
    time_zone: Asia/Shanghai
    zones:
      - id: store.room
        name: {{en: Room, zh: 间}}
        profile: quick
        state: {state}
        points: [{{id: store.room.front, name: {{en: Front, zh: 前}}, sensor: front}}]
sensors:
{listed}unsealed: {{allowed: true}}
{more}"""
