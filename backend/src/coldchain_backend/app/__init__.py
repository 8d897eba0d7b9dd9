"""The running backend."""

from coldchain_backend.app.run import serve

__all__ = ["serve"]
