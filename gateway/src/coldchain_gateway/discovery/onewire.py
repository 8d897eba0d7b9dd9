"""The probes on the machine's 1-Wire buses, each read once."""

import asyncio
from pathlib import Path

from coldchain.errors import Unavailable
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats.ds18b20 import decode_scratchpad
from coldchain_gateway.sources.onewire.tree import look, read_probe
from coldchain_runtime.clock import Clock

from .findings import BusFound, Hearing


async def find_probes(root: Path, clock: Clock) -> BusFound:
    """Every probe with what it says now; `why` where there is no bus."""
    hearing = Hearing()
    faulty: dict[str, str] = {}
    try:
        found = await asyncio.to_thread(look, root)
    except Unavailable as error:
        return BusFound(root=str(root), why=str(error))
    for probe in found.probes:
        text = await asyncio.to_thread(read_probe, root, probe)
        if text is None:
            faulty[probe] = "not on the bus"
            continue
        for one in decode_scratchpad(text, probe[:2], probe):
            if isinstance(one, Sample):
                hearing.hear((one,), text.split(b"\n")[0], clock.now_ms())
            else:
                faulty[probe] = one.detail
    return BusFound(root=str(root), sensors=tuple(hearing.sensors.values()), faulty=faulty)
