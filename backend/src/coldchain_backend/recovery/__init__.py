"""What makes whole again: rebuilding what is derived."""

from coldchain_backend.recovery.rebuild import Outcome, Rebuild

__all__ = ["Outcome", "Rebuild"]
