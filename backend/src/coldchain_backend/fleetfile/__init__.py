"""The fleet file: read and checked, compared with what is applied, applied, described for editors."""

from coldchain_backend.fleetfile.advice import Advice, advice, advice_on_file
from coldchain_backend.fleetfile.apply import Decision, Objection, Ready, Stale, Unchanged, Wish, decide
from coldchain_backend.fleetfile.book import FleetBook
from coldchain_backend.fleetfile.checks import problems
from coldchain_backend.fleetfile.diff import Difference, Entry, Kind, OpenAlert, compare
from coldchain_backend.fleetfile.document import FleetDocument
from coldchain_backend.fleetfile.parse import parse, parse_file, plan_of, profiles_of_file
from coldchain_backend.fleetfile.schema import schema

__all__ = [
    "Advice",
    "Decision",
    "Difference",
    "Entry",
    "FleetBook",
    "FleetDocument",
    "Kind",
    "Objection",
    "OpenAlert",
    "Ready",
    "Stale",
    "Unchanged",
    "Wish",
    "advice",
    "advice_on_file",
    "compare",
    "decide",
    "parse",
    "parse_file",
    "plan_of",
    "problems",
    "profiles_of_file",
    "schema",
]
