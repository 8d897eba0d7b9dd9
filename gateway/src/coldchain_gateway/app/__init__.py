"""The running gateway."""

from .run import Ending, serve

__all__ = ["Ending", "serve"]
