"""Decoders of lines, registers and scratchpads: readings per second and core, beside the bare least."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.table import Row
from bench.timing import rate
from coldchain_gateway.formats import (
    CsvLines,
    LineChecksum,
    LineFormat,
    RegexLines,
    SerialCsv,
    SerialRegex,
    blocks_of,
    decode_registers,
    read_answer,
    request_frame,
    words_of,
)
from coldchain_gateway.formats.ds18b20 import decode_scratchpad
from coldchain_gateway.formats.nmea import Nmea
from coldchain_gateway.templates import load_template
from coldchain_sim.devices import modbus
from coldchain_sim.devices.modbus_maps import answer_from, r4dcb08
from coldchain_sim.devices.onewire import slave_text
from coldchain_sim.devices.serial_lines import LINE_KINDS

COUNT = 2_000
WORDS = r"\[(?P<sensor>[^]]+)\] T=(?P<temperature>\S+)C n=(?P<counter>\d+)"


def printed(kind: str) -> list[bytes]:
    """What twenty boards print in turn, by the simulator's own encoders."""
    made = LINE_KINDS[kind]
    return [made(f"p-{n % 20}", 4 + n % 137 / 10, n).strip() for n in range(COUNT)]


def decode_all(decoder: LineFormat, lines: Sequence[bytes]) -> None:
    for line in lines:
        decoder.decode(line, 0)


def split_all(lines: Sequence[bytes]) -> None:
    """The least that any reader of lines does: text, parts, one number."""
    for line in lines:
        float(len(line.decode().split(",")))


def registers() -> Callable[[], None]:
    """Eight probes of one unit: frame checked, registers decoded."""
    template = load_template("r4dcb08", ())
    (block,) = blocks_of(template)
    request = block.request(1)
    (asked,), _ = modbus.split(request_frame(request))
    answer = answer_from("r4dcb08", asked, r4dcb08(4.2, 0, 0))

    def work() -> None:
        for _ in range(COUNT // 8):
            found = read_answer(answer, request)
            if isinstance(found, Sequence):
                decode_registers(template, "s", words_of(template, block, found))

    return work


def scratchpads() -> None:
    """As many probes as lines."""
    text = slave_text(4.25).encode()
    for _ in range(COUNT):
        decode_scratchpad(text, "28", "s")


def measure() -> list[Row]:
    """One row a format."""
    csv = SerialCsv(CsvLines(columns=("sensor", "temperature", "counter")), None, LineChecksum())
    words = SerialRegex(RegexLines(pattern=WORDS), None, LineChecksum(kind="xor8"))
    decoders: dict[str, tuple[LineFormat, list[bytes]]] = {
        "serial csv": (csv, printed("csv")),
        "serial regex": (words, printed("words")),
        "nmea": (Nmea("gps"), printed("nmea")),
    }
    rows = []
    for name, (decoder, lines) in decoders.items():
        value = rate(lambda decoder=decoder, lines=lines: decode_all(decoder, lines), COUNT)  # type: ignore[misc]  # bound now
        bare = rate(lambda lines=lines: split_all(lines), COUNT)  # type: ignore[misc]  # bound now
        rows.append(
            Row(name=f"decode {name}", value=value, unit="1/s", baseline=bare, baseline_name="text split")
        )
    rows.append(Row(name="decode modbus registers", value=rate(registers(), COUNT), unit="1/s"))
    rows.append(Row(name="decode ds18b20", value=rate(scratchpads, COUNT), unit="1/s"))
    return rows
