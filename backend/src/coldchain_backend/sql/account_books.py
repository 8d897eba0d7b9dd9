"""The pages of judging's memory that hold accounts: quarters of hours, days, and how far folding has come."""

from collections.abc import Mapping, Sequence
from operator import add
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, select

from coldchain.exposure import Account
from coldchain.spans import LONGEST_DAY_MS, Span
from coldchain_backend.judging.contracts import AccountDay, CourseKey, Folded
from coldchain_backend.judging.views import DaySums, FoldedCells, QuartersByHour, QuarterSums
from coldchain_backend.sql import rows, schema
from coldchain_backend.sql.pages import Pages, among, listed_courses, of_course
from coldchain_backend.sql.rows import Row

_DAY: Final = schema.account_day.c
_SUMS: Final = (
    select(
        _DAY.point, _DAY.profile, func.count(), *map(func.sum, (_DAY.covered_ms, _DAY.unknown_ms, _DAY.in_ms))
    )
    .where(_DAY.quantity == bindparam("quantity"))
    .group_by(_DAY.point, _DAY.profile)
)
# Days that begin so early need no look at their ends, which do not stand in the index of sums.
_WHOLE_DAYS: Final = _SUMS.where(_DAY.day_ms >= bindparam("begin_ms"), _DAY.day_ms < bindparam("surely_ms"))
_LAST_DAYS: Final = _SUMS.where(
    _DAY.day_ms >= bindparam("surely_ms"),
    _DAY.day_ms < bindparam("end_ms"),
    _DAY.end_ms <= bindparam("end_ms"),
)


def folded_cells(
    connection: Connection, keys: Sequence[CourseKey], hours_ms: Span, days_ms: Span
) -> Mapping[CourseKey, FoldedCells]:
    """What is folded of courses: hours and local days that begin in a time, and the frontier."""
    hours, days, frontiers = schema.account_hour, schema.account_day, schema.account_frontier
    found = {key: FoldedCells({}, [], Folded()) for key in keys}
    named = listed_courses(keys)
    wanted = select(hours).where(hours.c.hour_ms >= hours_ms[0], hours.c.hour_ms < hours_ms[1])
    for sensor, from_ms, quantity, hour_ms, blob in connection.execute(
        wanted.join(*among(connection, hours)), named
    ):
        found[CourseKey(sensor, from_ms, quantity)].hours[hour_ms] = rows.StoredHour(blob)
    wanted = select(days).where(days.c.day_ms >= days_ms[0], days.c.day_ms < days_ms[1])
    for row in connection.execute(wanted.join(*among(connection, days)), named).mappings():
        day = rows.day_of(row)
        found[day.key].days.append(day)
    asked = select(frontiers).join(*among(connection, frontiers))
    for row in connection.execute(asked, named).mappings():
        key, folded = rows.folded_of(row)
        found[key] = found[key]._replace(folded=folded)
    return found


def account_hours(
    connection: Connection, key: CourseKey, from_ms: int, to_ms: int
) -> dict[int, Sequence[Account]]:
    """The folded hours of a course in a time, by hour."""
    table = schema.account_hour
    wanted = select(table.c.hour_ms, table.c.quarters).where(
        of_course(table), table.c.hour_ms >= from_ms, table.c.hour_ms < to_ms
    )
    found = connection.execute(wanted.order_by(table.c.hour_ms), key._asdict())
    return {hour_ms: rows.quarters_of(blob) for hour_ms, blob in found}


def quarter_sums(
    connection: Connection, asked: Sequence[tuple[CourseKey, int, int]]
) -> Sequence[QuartersByHour]:
    """The sums of the folded quarters of courses, each in its time, by hour; a time is one question."""
    by_time: dict[Span, dict[CourseKey, dict[int, Sequence[QuarterSums]]]] = {}
    found = [by_time.setdefault((begin, end), {}).setdefault(key, {}) for key, begin, end in asked]
    table = schema.account_hour
    for (from_ms, to_ms), courses in by_time.items():
        wanted = select(table).where(table.c.hour_ms >= from_ms, table.c.hour_ms < to_ms)
        found_hours = connection.execute(
            wanted.join(*among(connection, table)), listed_courses(list(courses))
        ).all()
        for sensor, since_ms, quantity, hour_ms, blob in found_hours:
            courses[CourseKey(sensor, since_ms, quantity)][hour_ms] = rows.quarter_sums_of(blob)
    return found


def day_sums(connection: Connection, quantity: str, from_ms: int, to_ms: int) -> Sequence[DaySums]:
    """The sums of folded local days that lie in a time, by point and profile."""
    surely_ms = max(from_ms, to_ms - LONGEST_DAY_MS)
    named = {"quantity": quantity, "begin_ms": from_ms, "surely_ms": surely_ms, "end_ms": to_ms}
    sums: dict[tuple[str, str], DaySums] = {}
    for wanted in (_WHOLE_DAYS, _LAST_DAYS):
        for row in connection.execute(wanted, named):
            one = DaySums(*row)
            known = sums.get(one[:2])
            if known is not None:
                one = DaySums(*one[:2], *map(add, one[2:], known[2:]))
            sums[one[:2]] = one
    return list(sums.values())


class AccountBooks:
    """Part of judging's memory."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._pages = connection, Pages(connection)

    def put_hour(self, key: CourseKey, hour_ms: int, quarters: Sequence[Account]) -> None:
        row: Row = {**key._asdict(), "hour_ms": hour_ms, "quarters": rows.quarters_blob(quarters)}
        self._pages.put(schema.account_hour, row)

    def hours(self, key: CourseKey, from_ms: int, to_ms: int) -> Mapping[int, Sequence[Account]]:
        self._pages.flush("account_hour")
        return account_hours(self._connection, key, from_ms, to_ms)

    def put_day(self, day: AccountDay) -> None:
        self._pages.put(schema.account_day, rows.day_row(day))

    def put_folded(self, key: CourseKey, folded: Folded) -> None:
        self._pages.put(schema.account_frontier, rows.folded_row(key, folded))

    def drop_accounts(self, key: CourseKey, from_ms: int, to_ms: int) -> None:
        hours, days = schema.account_hour, schema.account_day
        self._pages.flush("account_hour")
        self._pages.flush("account_day")
        self._connection.execute(
            delete(hours).where(of_course(hours), hours.c.hour_ms >= from_ms, hours.c.hour_ms < to_ms),
            key._asdict(),
        )
        self._connection.execute(
            delete(days).where(of_course(days), days.c.day_ms < to_ms, days.c.end_ms > from_ms),
            key._asdict(),
        )
