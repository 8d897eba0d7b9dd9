"""Register maps, one file each, with their confidence; found by name, own folders first."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from coldchain.errors import ConfigError
from coldchain_gateway.formats import Template
from coldchain_runtime.documents import load_toml, meant

SHIPPED: Final = Path(__file__).parent


def known_templates(folders: Sequence[Path]) -> list[str]:
    """Names of all templates there are."""
    own = [path.stem for folder in folders for path in folder.glob("*.toml")]
    shipped = [path.stem for path in SHIPPED.glob("*.toml")]
    return sorted({*own, *shipped})


def load_template(name: str, folders: Sequence[Path]) -> Template:
    """Load one. Raises ConfigError naming those there are, or every mistake in the file."""
    for folder in folders:
        path = folder / f"{name}.toml"
        if path.is_file():
            return load_toml(path, Template)
    known = known_templates(folders)
    if name not in known:
        near = meant(name, known) or f"; there are: {', '.join(known)}"
        raise ConfigError(f"no template {name!r}{near}", key="template")
    return load_toml(SHIPPED / f"{name}.toml", Template)
