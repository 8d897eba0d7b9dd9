"""Who may ask and write, and who may be told: people, roles, tokens, codes, links. Only hashes are kept."""

from coldchain_backend.access.attempts import Attempts, network_of
from coldchain_backend.access.audit import AuditBook, AuditFilter, AuditLine, Noted, What
from coldchain_backend.access.grants import SERVER_ADMIN, Grant, Purpose
from coldchain_backend.access.links import Link, LinkFault, Links, Ticket
from coldchain_backend.access.passwords import Cost, Passwords, check_password
from coldchain_backend.access.people import (
    MAX_PEOPLE,
    Address,
    By,
    People,
    PeopleKeeper,
    Person,
    plain_number,
)
from coldchain_backend.access.roles import Right, Role
from coldchain_backend.access.tokens import Tokens, open_tokens

__all__ = [
    "MAX_PEOPLE",
    "SERVER_ADMIN",
    "Address",
    "Attempts",
    "AuditBook",
    "AuditFilter",
    "AuditLine",
    "By",
    "Cost",
    "Grant",
    "Link",
    "LinkFault",
    "Links",
    "Noted",
    "Passwords",
    "People",
    "PeopleKeeper",
    "Person",
    "Purpose",
    "Right",
    "Role",
    "Ticket",
    "Tokens",
    "What",
    "check_password",
    "network_of",
    "open_tokens",
    "plain_number",
]
