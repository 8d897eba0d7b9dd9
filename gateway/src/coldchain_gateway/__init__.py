"""The gateway: reads sensors, keeps every reading, seals and sends it."""

# Also in pyproject.toml; a test holds them equal. Asking importlib.metadata would cost 1.6 MB of memory.
__version__ = "0.1.0"
# No clock that shows less is right: moved forward with each release (2026-11-01).
BUILT_MS = 1_793_491_200_000
