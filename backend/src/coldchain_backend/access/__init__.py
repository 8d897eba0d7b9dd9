"""Who may ask and write: roles, tokens, one-time codes, links. Only hashes of tokens and codes are kept."""

from coldchain_backend.access.links import Link, LinkFault, Links, Ticket
from coldchain_backend.access.roles import Role
from coldchain_backend.access.tokens import Grant, Purpose, Tokens, open_tokens

__all__ = [
    "Grant", "Link", "LinkFault", "Links", "Purpose", "Role", "Ticket", "Tokens", "open_tokens",
]  # fmt: skip
