"""A year of compliance for 1 000 points, from the sums of days and, where the year cuts a day, of quarters.

The baseline is a table of the same days in plain columns, summed up by point.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.loads import ORGANISATION, Load, Shape
from bench.table import Row
from bench.timing import SCALE, best_s
from coldchain.exposure import Account
from coldchain.spans import HOUR_MS, Cell, cells, midnight_ms
from coldchain_backend.fleet import Fleet, FleetVersion
from coldchain_backend.fleetfile import parse
from coldchain_backend.judging.compliance import Compliance
from coldchain_backend.judging.contracts import AccountDay, CourseKey, Progress
from coldchain_backend.sql import Books, Records, open_database

POINTS = max(50, int(1_000 * SCALE) // 50 * 50)
ZONE = ZoneInfo("Asia/Shanghai")
BEGIN_MS = midnight_ms(date(2025, 11, 1), ZONE)
END_MS = midnight_ms(date(2026, 11, 1), ZONE)
CUT_MS = 10 * HOUR_MS + HOUR_MS // 4
QUARTER = Account(activation_kj_mol=83.144, readings=90, covered_ms=HOUR_MS // 4, in_ms=HOUR_MS // 4)
WHAT = "a year of compliance × 1000 points"


def fleet() -> Fleet:
    """Points in use since long before."""
    plan = parse(Load(Shape(name="", lines=1, batches=1, requests=1, sensors=50, points=POINTS)).fleet())
    since_ms = BEGIN_MS - 48 * HOUR_MS
    version = FleetVersion(number=1, from_ms=since_ms, digest="", plan=plan, text="", by="bench")
    return Fleet.empty(ORGANISATION).with_version(version)


def fill(books: Books, known: Fleet) -> None:
    """Accounts of all days, and of the hours of those that the year may cut."""
    days = cells(Cell.DAY, BEGIN_MS, END_MS, ZONE)
    for sensor in range(POINTS):
        [spell] = known.spells(f"s{sensor:05d}")
        key = CourseKey(spell.sensor, spell.from_ms, "temperature")
        profile = f"{spell.profile.name}@{spell.profile.version}"
        books.begin()
        for day_ms, end_ms in days:
            account = Account(activation_kj_mol=83.144, covered_ms=end_ms - day_ms, in_ms=end_ms - day_ms)
            point = spell.place.point.id
            books.put_day(
                AccountDay(
                    key=key, day_ms=day_ms, end_ms=end_ms, point=point, profile=profile, account=account
                )
            )
        for hour_ms in (*range(*days[0], HOUR_MS), *range(*days[-1], HOUR_MS)):
            books.put_hour(key, hour_ms, [QUARTER] * 4)
        books.commit(Progress())


def measure() -> list[Row]:
    return list(rows())


def rows() -> Iterator[Row]:
    """Whole local days, and from morning to morning."""
    with tempfile.TemporaryDirectory(prefix="coldchain-bench-") as name:
        database = open_database(Path(name) / "coldchain.sqlite")
        known, books = fleet(), Books(database)
        fill(books, known)
        books.close()
        summing = Compliance(recall=Records(database), fleet=known)
        points = [f"p{number:05d}" for number in range(POINTS)]
        bare_s = best_s(lambda: _bare(Path(name) / "coldchain.sqlite"), 3)
        for what, cut_ms in ((WHAT, 0), ("… with edges that cut days", CUT_MS)):
            span = BEGIN_MS + cut_ms, END_MS - cut_ms
            found = summing.of_points(points, *span)
            if {one.covered_ms for one in found} != {span[1] - span[0]} or len(found) != POINTS:
                raise RuntimeError("the sums of days are not the time asked for")
            taken_s = best_s(lambda span=span: summing.of_points(points, *span), 3)  # type: ignore[misc]
            yield Row(
                name=what,
                value=1000 * taken_s * 1_000 / POINTS,
                unit="ms",
                baseline=1000 * bare_s * 1_000 / POINTS,
                baseline_name="ms, bare sums",
            )
        database.close()


def _bare(path: Path) -> None:
    with sqlite3.connect(path) as plain:
        plain.execute("SELECT point, sum(covered_ms), sum(in_ms) FROM account_day GROUP BY point").fetchall()
