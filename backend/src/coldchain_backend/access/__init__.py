"""Who may ask and write: roles, tokens, one-time codes. Only hashes are kept."""

from coldchain_backend.access.roles import Role
from coldchain_backend.access.tokens import Grant, Purpose, Tokens, open_tokens

__all__ = ["Grant", "Purpose", "Role", "Tokens", "open_tokens"]
