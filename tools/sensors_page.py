"""docs/sensors.md from the code: what the gateway reads, how sure it is, and what is lost while it is down.

`make docs` writes it; `--check` exits 1 where the page differs from the code.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from coldchain.quantities import QUANTITIES
from coldchain_gateway.formats import AUTO, MQTT_FAMILIES, SERIAL_FORMATS, Template, mqtt_family
from coldchain_gateway.formats.lorawan import CODECS
from coldchain_gateway.templates import known_templates, load_template

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "sensors.md"
SOURCES = ROOT / "gateway" / "src" / "coldchain_gateway" / "sources"
GOLDEN = ROOT / "tests" / "data" / "formats"
HEAD = """\
# Sensors

What the gateway reads. This page is made from the code by `make docs` and compared with it by a test; edit
nothing here.

**Golden** counts the messages, frames or register sets that a test holds against the decoder, byte for byte.
**Confidence**: *captured* from a unit or the project's own fixtures; *documented* by the maker; *constructed*
by a published formula; *public template* found in public register maps; *unverified*: second-hand, so compare
it with the device's own display before you rely on it. How often devices speak **as delivered** is
second-hand (unverified): declare the interval of each sensor.
"""
POLLED = "what is not asked is not known: the device keeps nothing"
LINES = (
    ("json", "JSON lines", "boards that print an object per line; keys differ from sketch to sketch"),
    ("csv", "CSV lines", "boards and loggers that print columns"),
    ("regex", "pattern", "any other line, by a bounded regular expression"),
    ("nmea", "NMEA 0183", "GPS receivers: position, speed, course, time"),
)


def golden_lines(folder: str) -> Sequence[dict[str, object]]:
    """The cases of a golden file; none where there is no file."""
    file = GOLDEN / folder / "golden.json"
    if not file.is_file():
        return []
    found: list[dict[str, object]] = json.loads(file.read_text("utf-8"))
    return found


def row(*cells: object) -> str:
    """A line of a table; a bar within a cell would end it."""
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A whole table."""
    yield row(*heads)
    yield row(*("---" for _ in heads))
    for cells in rows:
        yield row(*cells)
    yield ""


def named(fields: Iterable[str]) -> str:
    """Quantities in the order in which the core lists them."""
    wanted = set(fields) - {"temperature_f"}
    return ", ".join(field for field in QUANTITIES if field in wanted)


def every(interval_s: int | None) -> str:
    """An interval for people."""
    if interval_s is None:
        return "it depends"
    return f"every {interval_s} s" if interval_s < 120 else f"every {interval_s // 60} min"


def mqtt_lines() -> Iterator[str]:
    """Families of MQTT devices."""
    yield "## MQTT"
    yield ""
    yield (
        "`format` in `[[source.subscription]]`; "
        f"`{AUTO}` recognises all but `mapping`. The gateway subscribes at QoS 1 with a session that the "
        "broker keeps, and acknowledges a message when it is on the disk; what a publisher sends at QoS 0 is "
        "another matter."
    )
    yield ""
    rows = []
    for name in sorted(MQTT_FAMILIES):
        family = mqtt_family(name)
        all_of_it = len(family.quantities) == len(QUANTITIES)
        rows.append(
            (
                f"`{name}`",
                f"{family.title}: {family.devices}",
                ", ".join(f"`{topic}`" for topic in family.topics) or "any",
                "all" if all_of_it else named(family.quantities),
                family.confidence,
                len(golden_lines(name)),
                "it depends" if family.publisher_qos is None else family.publisher_qos,
                every(family.interval_s),
                family.loses,
                family.liveness,
            )
        )
    heads = ("Format", "Family", "Topics", "Quantities", "Confidence", "Golden")
    yield from table(
        (
            *heads,
            "QoS as delivered",
            "Speaks as delivered",
            "Lost while the gateway is down",
            "A repeat is told by",
        ),
        rows,
    )


def lorawan_lines() -> Iterator[str]:
    """Payload codecs."""
    yield "## LoRaWAN payloads"
    yield ""
    yield "Behind `chirpstack` and `things_stack`, chosen by the model's name or by `codecs`. Lost: as there."
    yield ""
    cases = golden_lines("lorawan")
    rows = []
    for name, about in CODECS.items():
        own = [case for case in cases if case["codec"] == name]
        fields = {field for case in own for field in measured(case)}
        probes = any("external probe" in str(case["says"]) or "probe" in str(case["says"]) for case in own)
        shown = named(fields) + ("; external probe as `/probe`" if probes and "milesight" not in name else "")
        rows.append((f"`{name}`", about.devices, shown, about.confidence, len(own), every(about.interval_s)))
    yield from table(("Codec", "Devices", "Quantities", "Confidence", "Golden", "Speaks as delivered"), rows)


def measured(case: dict[str, object]) -> Iterator[str]:
    """Fields that a golden payload holds."""
    pieces = case.get("pieces")
    for piece in pieces if isinstance(pieces, list) else ():
        yield from piece["values"]


def modbus_lines() -> Iterator[str]:
    """Register maps."""
    yield "## Modbus RTU and TCP"
    yield ""
    yield f"`template` of a `[[source.unit]]`; the gateway only reads. Lost while it is down: {POLLED}."
    yield ""
    rows = [modbus_row(load_template(name, ())) for name in known_templates(())]
    heads = ("Template", "Device", "Quantities", "Probes", "Confidence", "Line", "Read every", "Golden")
    yield from table(heads, rows)


def modbus_row(template: Template) -> Sequence[object]:
    """One register map."""
    probes = sorted({register.probe for register in template.register if register.probe})
    line = template.line
    serial = "not known" if line is None else f"{line.baud} 8{line.parity}{line.stop_bits}"
    grade = (
        f"{template.confidence}; controller's own probe" if template.controller_probe else template.confidence
    )
    fields = named(register.field for register in template.register)
    return (
        f"`{template.name}`",
        template.title,
        fields,
        ", ".join(probes) or "-",
        grade,
        serial,
        f"{template.interval // 1000} s",
        golden_registers(template.name),
    )


def golden_registers(template: str) -> int:
    """Register sets of this template within the tests of shipped templates."""
    text = (ROOT / "tests/unit/formats/test_shipped_templates.py").read_text("utf-8")
    return text.count(f'"{template}"')


def serial_lines() -> Iterator[str]:
    """Line formats and 1-Wire."""
    yield "## Serial lines"
    yield ""
    yield (
        '`format` of `kind = "serial_line"`; optional checksums. Lost while the gateway is down: everything, '
        "a board keeps nothing."
    )
    yield ""
    rows = []
    for name, title, devices in LINES:
        folder = name if name == "nmea" else f"serial_{name}"
        fields = "latitude, longitude, speed" if name == "nmea" else "all"
        if name == "nmea" or name in SERIAL_FORMATS:
            rows.append((f"`{name}`", f"{title}: {devices}", fields, "documented", len(golden_lines(folder))))
    yield from table(("Format", "Devices", "Quantities", "Confidence", "Golden"), rows)
    yield "## 1-Wire"
    yield ""
    cells = (
        "`onewire`",
        "DS18B20 and family (10, 22, 28, 3B, 42) on the kernel's bus",
        "temperature",
        "documented",
        len(golden_lines("ds18b20")),
        POLLED,
    )
    heads = ("Kind", "Devices", "Quantities", "Confidence", "Golden", "Lost while the gateway is down")
    yield from table(heads, [cells])


def sample_lines() -> Iterator[str]:
    """How each kind of source is written down in gateway.toml."""
    yield "## Samples"
    yield ""
    yield "One of each kind for `gateway.toml`, with what is set most often; much of it may be left out."
    yield ""
    for sample in sorted(SOURCES.glob("*/sample.toml")):
        yield f"### `{sample.parent.name}`"
        yield ""
        yield "```toml"
        yield sample.read_text("utf-8").strip()
        yield "```"
        yield ""


def page() -> str:
    """The whole page."""
    parts = [HEAD, *mqtt_lines(), *lorawan_lines(), *modbus_lines(), *serial_lines(), *sample_lines()]
    return "\n".join(parts).rstrip("\n") + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit 1 where the page differs from the code")
    chosen = parser.parse_args(arguments)
    made = page()
    if chosen.check:
        same = PAGE.is_file() and PAGE.read_text("utf-8") == made
        print("docs/sensors.md is as the code" if same else "docs/sensors.md differs: `make docs`")
        return 0 if same else 1
    PAGE.write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
