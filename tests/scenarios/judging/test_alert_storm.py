"""Many excursions at one instant, on the real judging and a real database: one transaction, all recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import process_time

import pytest
from sqlalchemy import func, select

from coldchain_backend.alerts import AlertKind
from coldchain_backend.fleet import Plan, Rate
from coldchain_backend.sql import schema
from support.acceptance import Figures
from support.judged_log import MINUTE, SECOND, T0, Log, Voice, plan
from support.soak import rounds

AT_ONCE = 4000


def heard(log: Log, voice: Voice, names: list[str], at_ms: int, value: float) -> None:
    for first in range(0, len(names), AT_ONCE):
        part = names[first : first + AT_ONCE]
        log.ledger.put([voice.record(voice.batch([(name, at_ms, value) for name in part]))])


def spread(what: Plan) -> Plan:
    """The same points in zones of ten, fifty to an asset."""
    [asset] = what.assets
    [zone] = asset.zones
    tens = [zone.points[first : first + 10] for first in range(0, len(zone.points), 10)]
    zones = [replace(zone, id=f"z{index}", points=points) for index, points in enumerate(tens)]
    fives = [tuple(zones[first : first + 5]) for first in range(0, len(zones), 5)]
    assets = tuple(replace(asset, id=f"store{index}", zones=few) for index, few in enumerate(fives))
    return replace(what, assets=assets, gateways=tuple(replace(one, asset="store0") for one in what.gateways))


@pytest.mark.acceptance("T11")
@pytest.mark.soak
def test_simultaneous_excursions_are_committed_in_one_go_and_told_within_the_rate(
    tmp_path: Path, figures: Figures
) -> None:
    number = rounds(500, 10_000)
    names = [f"s{index:05d}" for index in range(number)]
    log = Log(tmp_path)
    try:
        what = spread(plan(dict.fromkeys(names, MINUTE)))
        receivers = tuple(replace(one, rate=Rate(count=20, per_ms=MINUTE)) for one in what.receivers)
        log.fleet(replace(what, receivers=receivers))
        heard(log, log.voice, names, T0, 9.0)
        log.judge()
        log.at(T0 + 30 * SECOND)
        heard(log, log.voice, names, T0 + 30 * SECOND, 9.5)
        begun = process_time()
        log.judge()
        seconds = process_time() - begun
        with log.database.read() as connection:
            table = schema.alert
            alerts = connection.execute(
                select(func.count()).where(table.c.kind == AlertKind.EXCURSION.value)
            ).scalar()
            floods = connection.execute(
                select(func.count()).where(table.c.kind == AlertKind.FLOOD.value)
            ).scalar()
            digests = connection.execute(select(func.count(schema.digest_entry.c.digest.distinct()))).scalar()
            waiting = connection.execute(select(func.count()).select_from(schema.digest_entry)).scalar()
            queued = connection.execute(select(func.count()).select_from(schema.delivery)).scalar()
            paged = connection.execute(select(func.count()).where(table.c.paged.is_(True))).scalar()
        assert (alerts, floods) == (number, 1)
        assert (waiting or 0) + (queued or 0) - (digests or 0) == paged, (
            "each is told, by itself or in a digest"
        )
        assert (queued or 0) <= 20
        figures.add(excursions=number, cpu_ms=round(seconds * 1000), queued=queued or 0)
        assert seconds < max(5.0, number / 500), "10 000 in 20 s of one slow core, others at work beside"
    finally:
        log.close()
