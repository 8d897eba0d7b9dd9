"""Checked hand-written documents: TOML or YAML → frozen dataclasses, every error with file, line and key."""

from coldchain.errors import ConfigError, InvalidInput
from coldchain_runtime.documents.load import (
    load_toml,
    load_yaml,
    toml_line_of,
    toml_text,
    yaml_line_of,
    yaml_text,
)
from coldchain_runtime.documents.shape import Check, Duration, Place, Size, key_text, meant, structure
from coldchain_runtime.documents.units import duration_ms, duration_text, size_bytes

__all__ = [
    "Check",
    "ConfigError",
    "Duration",
    "InvalidInput",
    "Place",
    "Size",
    "duration_ms",
    "duration_text",
    "key_text",
    "load_toml",
    "load_yaml",
    "meant",
    "size_bytes",
    "structure",
    "toml_line_of",
    "toml_text",
    "yaml_line_of",
    "yaml_text",
]
