"""The one way in: what wires acquire is judged by the local alarm, committed in groups, then acknowledged."""

from .committer import GatewayIntake, Hooks

__all__ = ["GatewayIntake", "Hooks"]
