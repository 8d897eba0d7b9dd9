"""The gateway: reads sensors, keeps every reading, seals and sends it."""

# Also in pyproject.toml; a test holds them equal. Asking importlib.metadata would cost 1.6 MB of memory.
__version__ = "0.1.0"
