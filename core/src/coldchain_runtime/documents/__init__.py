"""Checked hand-written documents: TOML or YAML → frozen dataclasses, every error with file, line and key."""

from coldchain.errors import ConfigError
from coldchain_runtime.documents.load import load_toml, load_yaml, toml_text, yaml_text
from coldchain_runtime.documents.shape import Duration, Size, structure
from coldchain_runtime.documents.units import duration_ms, duration_text, size_bytes

__all__ = [
    "ConfigError",
    "Duration",
    "Size",
    "duration_ms",
    "duration_text",
    "load_toml",
    "load_yaml",
    "size_bytes",
    "structure",
    "toml_text",
    "yaml_text",
]
