"""A 9600-baud RS485 line with Modbus units, as a pseudo terminal: every byte costs its time on the wire.

python -m bench.parts.paced_bus LINK UNITS SECONDS: puts a link to the terminal at LINK, waits for the first
request, and after SECONDS of work prints the transactions answered and those that came too early (within 3.5
characters of the last frame, which a real unit would not hear).
"""

from __future__ import annotations

import os
import pty
import select
import sys
import time
import tty
from pathlib import Path

from coldchain_sim.devices import modbus
from coldchain_sim.devices.modbus_maps import answer_from, xy_md02

CHARACTER_S = 10 / 9600
SILENCE_S = 3.5 * CHARACTER_S
REQUEST_BYTES = 8
WARM_UP_S = 2.0


def transaction_s(answer_bytes: int) -> float:
    """How long one question and its answer take the line, with the silences that the protocol asks for."""
    return (REQUEST_BYTES + answer_bytes) * CHARACTER_S + 2 * SILENCE_S


def serve(link: Path, units: int, seconds: float) -> tuple[int, int]:
    """Answer until the time is over; transactions after the warm-up, and those that came too early."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    link.symlink_to(os.ttyname(slave))
    rest, answered, early, free_at = b"", 0, 0, 0.0
    began: float | None = None
    while began is None or time.perf_counter() < began + WARM_UP_S + seconds:
        if not select.select([master], [], [], 0.5)[0]:
            continue
        now = time.perf_counter()
        began = now if began is None else began
        requests, rest = modbus.split(rest + os.read(master, 256))
        if not requests or not 1 <= requests[-1].unit <= units:
            continue
        counts = now > began + WARM_UP_S
        early += counts and now < free_at
        answer = answer_from("xy-md02", requests[-1], xy_md02(4.0, 60.0, 0))
        done = now + (REQUEST_BYTES + len(answer)) * CHARACTER_S + SILENCE_S
        time.sleep(max(0.0, done - time.perf_counter()))
        os.write(master, answer)
        free_at = done + SILENCE_S
        answered += counts
    return answered, early


if __name__ == "__main__":
    told = serve(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
    print(*told, flush=True)
