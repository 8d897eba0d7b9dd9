"""A foreign InfluxDB 1.x or 2.x, asked in InfluxQL, which both understand; a token for reading is enough."""

from collections.abc import Iterator, Mapping
from typing import Final

from coldchain_backend.influx import Influx, Table, literal, quoted
from coldchain_backend.ingest.follow.contracts import SeriesPoints, Span, StoreFacts, Tags
from coldchain_backend.ingest.follow.rules import Rule

_MARK: Final = frozenset({"fill", "ledger", "stamp_ms"})
"""Fields of the mark that a mirror leaves once a minute."""
_NUMBERS: Final = frozenset({"float", "integer", "unsigned"})


class InfluxSource:
    """`policy`: a retention policy of 1.x that is not the default one."""

    def __init__(self, influx: Influx, policy: str = "") -> None:
        self._influx = influx
        self._of = f'"{quoted(policy)}".' if policy else ""

    def look(self) -> StoreFacts:
        facts = self._influx.facts()
        return StoreFacts(
            version=facts.version,
            there=facts.there,
            mirrored=facts.there and self._mirrored(),
            date_ms=facts.date_ms,
        )

    def first(self, rule: Rule, from_ns: int) -> int | None:
        asked = f"{self._select(rule, _cast(rule))} AND time >= {from_ns} ORDER BY time LIMIT 1"
        return next((int(row[0] or 0) for table in self._influx.ask(asked) for row in table.rows), None)

    def count(self, rule: Rule, span: Span) -> int:
        asked = f"{self._select(rule, f'count({_cast(rule)})')} AND {_within(span)}"
        return sum(_number(table) for table in self._influx.ask(asked))

    def counts(self, rule: Rule, span: Span) -> Iterator[tuple[Tags, int]]:
        asked = f"{self._select(rule, f'count({_cast(rule)})')} AND {_within(span)} GROUP BY *"
        for table in self._influx.ask(asked):
            yield _tags(table), _number(table)

    def points(self, rule: Rule, span: Span) -> Iterator[SeriesPoints]:
        asked = f"{self._select(rule, _cast(rule))} AND {_within(span)} GROUP BY *"
        for table in self._influx.ask(asked):
            points = [(int(row[0] or 0), row[1]) for row in table.rows if row[1] is not None]
            yield SeriesPoints(_tags(table), points)

    def others(self, rule: Rule, span: Span) -> Mapping[str, int]:
        wanted = frozenset({"boolean"}) if rule.quantity.kind == "bool" else _NUMBERS
        found = {}
        for kind in self._kinds(rule) - wanted:
            field = f'"{quoted(rule.entry.field)}"::{kind}'
            asked = f"{self._select(rule, f'count({field})')} AND {_within(span)}"
            number = sum(_number(table) for table in self._influx.ask(asked))
            if number:
                found[kind] = number
        return found

    def close(self) -> None:
        self._influx.close()

    def _mirrored(self) -> bool:
        """Whether a mirror of this product left its mark here."""
        asked = f'SELECT * FROM {self._of}"mirror" ORDER BY time DESC LIMIT 1'  # noqa: S608 - names quoted
        return any(_MARK.issubset(table.columns) for table in self._influx.ask(asked))

    def _kinds(self, rule: Rule) -> set[str]:
        """The types that the field has anywhere."""
        asked = f'SHOW FIELD KEYS FROM {self._of}"{quoted(rule.entry.measurement)}"'
        rows = [row for table in self._influx.ask(asked) for row in table.rows]
        return {str(kind) for name, kind in rows if name == rule.entry.field}

    def _select(self, rule: Rule, what: str) -> str:
        """A question up to its condition, which goes on."""
        tags = " AND ".join(
            f'"{quoted(name)}" = {literal(value)}' for name, value in rule.entry.where.items()
        )
        measurement = f'{self._of}"{quoted(rule.entry.measurement)}"'
        return f"SELECT {what} FROM {measurement} WHERE {tags or 'time >= 0'}"  # noqa: S608 - names quoted


def _cast(rule: Rule) -> str:
    """The field as numbers, of integers and floats alike, or as switches."""
    kind = "boolean" if rule.quantity.kind == "bool" else "float"
    return f'"{quoted(rule.entry.field)}"::{kind}'


def _within(span: Span) -> str:
    return f"time >= {span[0]} AND time < {span[1]}"


def _tags(table: Table) -> Tags:
    return {name: value for name, value in table.tags.items() if value}


def _number(table: Table) -> int:
    return sum(int(row[1] or 0) for row in table.rows)
