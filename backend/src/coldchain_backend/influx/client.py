"""InfluxDB 1.x and 2.x: write, delete, ask, know the bucket, create it if asked.

Questions are InfluxQL for both: 2.x answers it on /query under the bucket's name.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final, NamedTuple, Protocol
from urllib.parse import quote, urlencode

import orjson

from coldchain.errors import InvalidInput
from coldchain_backend.influx.outcome import Answer, InfluxTrouble, Trouble, Written, trouble_of, written
from coldchain_backend.influx.values import (
    BucketFacts,
    Cell,
    Fields,
    Points,
    Precision,
    SeriesTags,
)
from coldchain_backend.influx.wire import Wire
from coldchain_runtime.secrets import Secret

NANO: Final = 1_000_000
DELETE_S: Final = 300.0
_UNITS: Final = {"ns": 1, "u": 1_000, "µ": 1_000, "ms": NANO, "s": 1_000 * NANO, "m": 60_000 * NANO,
                 "h": 3_600_000 * NANO}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where to write: `org` belongs to 2.x; with `user` it is 1.x and the token is the password."""

    bucket: str
    org: str = ""
    user: str = ""
    token: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One series of an answer: its tags, its columns, its rows; times in ns."""

    name: str
    tags: Mapping[str, str]
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


class Dialect(Protocol):
    """What differs between versions."""

    def write_path(self, precision: Precision) -> str:
        """Where bodies go."""
        ...

    def delete(self, wire: Wire, measurement: str, tags: Mapping[str, str], span_ns: tuple[int, int]) -> None:
        """Delete points of from ≤ time < to, and return when that is done."""
        ...

    def facts(self, wire: Wire) -> BucketFacts:
        """What is known of the bucket."""
        ...

    def create(self, wire: Wire, retention_ms: int) -> None:
        """Make the bucket."""
        ...


class Wires(NamedTuple):
    """A connection for each kind of work: bodies are written by a thread of their own; deletions may last."""

    write: Wire
    ask: Wire
    delete: Wire


def wires(url: str, *, timeout_s: float = 30.0, ca: Path | None = None) -> Wires:
    """Connections to an address, opened when they are first used. Raises InvalidInput for no address."""
    return Wires(
        write=Wire(url, timeout_s=timeout_s, ca=ca),
        ask=Wire(url, timeout_s=timeout_s, ca=ca),
        delete=Wire(url, timeout_s=max(timeout_s, DELETE_S), ca=ca),
    )


class Influx:
    """A bucket (2.x) or database (1.x). Every method raises InfluxTrouble where it cannot be done now."""

    def __init__(self, wires: Wires, place: Place, version: str = "auto") -> None:
        self._wires, self.place = wires, place
        self._headers = _authorization(place)
        self._dialect: Dialect | None = None
        self.version = version

    @property
    def name(self) -> str:
        """The bucket."""
        return self.place.bucket

    def close(self) -> None:
        """Close the connections."""
        for wire in self._wires:
            wire.close()

    def write(self, body: bytes, precision: Precision) -> Written:
        """Write lines; says how many were not taken."""
        path = self._known().write_path(precision)
        return written(self._wires.write.ask("POST", path, body, self._headers))

    def delete(self, measurement: str, tags: Mapping[str, str], span_ns: tuple[int, int]) -> None:
        """Delete the points of a measurement with these tags, of from ≤ time < to (ns); returns when done."""
        if span_ns[0] < span_ns[1]:
            self._known().delete(self._wires.delete, measurement, tags, span_ns)

    def ask(self, question: str) -> list[Table]:
        """Ask in InfluxQL."""
        return _queried(self._wires.ask, self.place, self._headers, question)

    def points(
        self, measurement: str, tags: Mapping[str, str], span_ns: tuple[int, int]
    ) -> Iterator[tuple[SeriesTags, Points]]:
        """The points of a measurement with these tags, of from ≤ time < to (ns), series by series."""
        where = _where(tags, *_within(span_ns))
        question = f'SELECT * FROM "{quoted(measurement)}" WHERE {where}'  # noqa: S608 - names quoted
        for table in self.ask(f"{question} GROUP BY *"):
            series = tuple(sorted((name, value) for name, value in table.tags.items() if value))
            yield series, {_time(row): _fields(table.columns, row) for row in table.rows}

    def newest(self, measurement: str, tags: Mapping[str, str]) -> tuple[int, Fields] | None:
        """The newest point of a measurement with these tags."""
        question = f'SELECT * FROM "{quoted(measurement)}" WHERE {_where(tags)}'  # noqa: S608 - names quoted
        for table in self.ask(f"{question} ORDER BY time DESC LIMIT 1"):
            for row in table.rows:
                return _time(row), _fields(table.columns, row)
        return None

    def facts(self) -> BucketFacts:
        """What is known of the bucket; asks anew."""
        return self._known().facts(self._wires.ask)

    def create(self, retention_ms: int) -> None:
        """Make the bucket; 0: it keeps for ever."""
        self._known().create(self._wires.ask, retention_ms)

    def _known(self) -> Dialect:
        if self._dialect is None:
            if self.version == "auto":
                self.version = self._detected()
            headers = self._headers
            self._dialect = First(self.place, headers) if self.version == "1" else Second(self.place, headers)
        return self._dialect

    def _detected(self) -> str:
        answer = self._wires.ask.ask("GET", "/ping", b"", self._headers)
        named = answer.headers.get("x-influxdb-version", "").lstrip("v")
        if answer.status >= 500 or not named:
            raise InfluxTrouble(Trouble.DOWN, f"no InfluxDB answers: HTTP {answer.status} on /ping")
        return "1" if named.startswith("1.") else "2"


class First:
    """1.x: databases, InfluxQL for everything."""

    def __init__(self, place: Place, headers: Mapping[str, str]) -> None:
        self._place, self._headers = place, headers

    def write_path(self, precision: Precision) -> str:
        return f"/write?db={quote(self._place.bucket, safe='')}&precision={precision.value}"

    def delete(self, wire: Wire, measurement: str, tags: Mapping[str, str], span_ns: tuple[int, int]) -> None:
        where = _where(tags, *_within(span_ns))
        self._do(wire, f'DELETE FROM "{quoted(measurement)}" WHERE {where}')  # noqa: S608 - names quoted

    def facts(self, wire: Wire) -> BucketFacts:
        answer = wire.ask("GET", "/ping", b"", self._headers)
        try:
            [table] = self._do(wire, f'SHOW RETENTION POLICIES ON "{quoted(self._place.bucket)}"')
        except InfluxTrouble as error:
            if error.trouble is Trouble.BUCKET:
                return BucketFacts(version="1", there=False)
            raise
        rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
        used = next((row for row in rows if row.get("default")), {})
        return BucketFacts(
            version="1",
            there=True,
            retention_ms=duration_ns(str(used.get("duration", "0s"))) // NANO,
            date_ms=date_ms(answer),
        )

    def create(self, wire: Wire, retention_ms: int) -> None:
        keeps = f" WITH DURATION {retention_ms // 3_600_000}h" if retention_ms else ""
        self._do(wire, f'CREATE DATABASE "{quoted(self._place.bucket)}"{keeps}')

    def _do(self, wire: Wire, statement: str) -> list[Table]:
        return _queried(wire, self._place, self._headers, statement)


class Second:
    """2.x: buckets, the v2 API."""

    def __init__(self, place: Place, headers: Mapping[str, str]) -> None:
        self._place, self._headers = place, {**headers}
        self._where = urlencode({"org": place.org, "bucket": place.bucket})

    def write_path(self, precision: Precision) -> str:
        return f"/api/v2/write?{self._where}&precision={precision.value}"

    def delete(self, wire: Wire, measurement: str, tags: Mapping[str, str], span_ns: tuple[int, int]) -> None:
        named = {"_measurement": measurement, **tags}
        parts = [f"{name}={orjson.dumps(value).decode()}" for name, value in named.items()]
        document = {
            "start": instant(span_ns[0]),
            "stop": instant(span_ns[1] - 1),  # the stop of a deletion is deleted too
            "predicate": " AND ".join(parts),
        }
        answer = wire.ask("POST", f"/api/v2/delete?{self._where}", orjson.dumps(document), self._headers)
        if answer.status not in (200, 204):
            raise trouble_of(answer)

    def facts(self, wire: Wire) -> BucketFacts:
        asked = urlencode(
            {"name": self._place.bucket, **({"org": self._place.org} if self._place.org else {})}
        )
        answer = wire.ask("GET", f"/api/v2/buckets?{asked}", b"", self._headers)
        when = date_ms(answer)
        if answer.status in (401, 403):
            raise trouble_of(answer)
        if answer.status == 404:
            return BucketFacts(version="2", there=False, date_ms=when)
        if answer.status != 200:
            raise trouble_of(answer)
        found = [
            one for one in orjson.loads(answer.body).get("buckets", []) if one["name"] == self._place.bucket
        ]
        if not found:
            self._may_write(wire)
            return BucketFacts(version="2", there=False, date_ms=when)
        rules = found[0].get("retentionRules") or [{}]
        return BucketFacts(
            version="2", there=True, retention_ms=1000 * int(rules[0].get("everySeconds", 0)), date_ms=when
        )

    def _may_write(self, wire: Wire) -> None:
        """A token that is no longer accepted may list buckets, and sees none: only a write tells it apart."""
        answer = wire.ask("POST", self.write_path(Precision.MS), b"", self._headers)
        if answer.status in (401, 403):
            raise trouble_of(answer)

    def create(self, wire: Wire, retention_ms: int) -> None:
        answer = wire.ask("GET", f"/api/v2/orgs?{urlencode({'org': self._place.org})}", b"", self._headers)
        orgs = orjson.loads(answer.body).get("orgs", []) if answer.status == 200 else []
        if not orgs:
            raise InfluxTrouble(Trouble.TOKEN, f"the token sees no organisation {self._place.org!r}")
        rules = [{"type": "expire", "everySeconds": retention_ms // 1000}] if retention_ms else []
        wanted = {"orgID": orgs[0]["id"], "name": self._place.bucket, "retentionRules": rules}
        made = wire.ask("POST", "/api/v2/buckets", orjson.dumps(wanted), self._headers)
        if made.status != 201:
            raise trouble_of(made)


def _authorization(place: Place) -> dict[str, str]:
    if place.token is None:
        return {}
    secret = place.token.reveal()
    if place.user:
        return {"Authorization": f"Basic {b64encode(f'{place.user}:{secret}'.encode()).decode()}"}
    return {"Authorization": f"Token {secret}"}


def _queried(wire: Wire, place: Place, headers: Mapping[str, str], statement: str) -> list[Table]:
    """The answer to a statement in InfluxQL, times in ns."""
    asked = urlencode({"db": place.bucket, "epoch": "ns", "q": statement})
    form = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
    return list(_tables(wire.ask("POST", "/query", asked.encode(), form)))


def _where(tags: Mapping[str, str], *more: str) -> str:
    """The condition of a statement in InfluxQL: all of these tags, and more."""
    return " AND ".join([*(f'"{quoted(name)}" = {literal(value)}' for name, value in tags.items()), *more])


def _within(span_ns: tuple[int, int]) -> tuple[str, str]:
    """Conditions of from ≤ time < to."""
    return f"time >= {span_ns[0]}", f"time < {span_ns[1]}"


def _tables(answer: Answer) -> Iterator[Table]:
    if answer.status != 200:
        raise trouble_of(answer)
    try:
        [result] = orjson.loads(answer.body)["results"]
    except (orjson.JSONDecodeError, KeyError, ValueError) as error:
        raise InfluxTrouble(Trouble.DOWN, f"an answer that is not one: {answer.message}") from error
    if "error" in result:
        missing = "not found" in result["error"]
        raise InfluxTrouble(Trouble.BUCKET if missing else Trouble.REFUSED, str(result["error"]))
    for one in result.get("series", []):
        yield Table(
            name=one.get("name", ""),
            tags=one.get("tags", {}),
            columns=one["columns"],
            rows=one.get("values", []),
        )


def _time(row: Sequence[Cell]) -> int:
    return int(row[0] or 0)


def _fields(columns: Sequence[str], row: Sequence[Cell]) -> Fields:
    return {name: value for name, value in zip(columns[1:], row[1:], strict=True) if value is not None}


def date_ms(answer: Answer) -> int | None:
    """The other machine's clock, to the second, from an answer."""
    try:
        told = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return None
    return int(told.timestamp()) * 1000


def quoted(name: str) -> str:
    """A name in InfluxQL, to stand between double quotes."""
    return name.replace("\\", "\\\\").replace('"', '\\"')


def literal(text: str) -> str:
    """A text in InfluxQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def instant(time_ns: int) -> str:
    """An instant in RFC 3339 to the nanosecond."""
    second, rest = divmod(time_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def duration_ns(text: str) -> int:
    """A duration as InfluxDB writes it, such as 168h0m0s. Raises InvalidInput for anything else."""
    total, number, position = 0, "", 0
    while position < len(text):
        unit = next((one for one in ("ns", "ms") if text.startswith(one, position)), text[position])
        if unit.isdecimal():
            number += unit
        elif number and unit in _UNITS:
            total += int(number) * _UNITS[unit]
            number = ""
        else:
            raise InvalidInput(f"{text!r} is not a duration")
        position += len(unit)
    return total
