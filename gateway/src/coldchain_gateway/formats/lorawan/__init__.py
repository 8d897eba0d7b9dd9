"""Payloads of LoRaWAN devices: bytes of one uplink → what was measured. A file per maker, a line each.

A codec is chosen by the subscription (`codecs`), else by a model name within the names of the device and its
profile; it is loaded then.
"""

import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Final, NamedTuple

from coldchain.errors import InvalidInput

from .piece import Codec, Piece


class About(NamedTuple):
    """Where a codec is, whom it decodes, and how sure its layout is."""

    module: str
    devices: str
    models: tuple[str, ...]  # words that tell it within a name; with `=` only where they are the whole name
    confidence: str
    interval_s: int | None = None  # how often a device speaks as delivered


CODECS: Final[Mapping[str, About]] = {
    "dragino-lht65": About(
        "dragino",
        "Dragino LHT65, LHT65N",
        ("lht65", "lht65n", "lht65ns", "lht65n-e3", "lht65n-e31f"),
        "captured; memory (fPort 2, polled): unverified",
        1200,
    ),
    "dragino-lht52": About(
        "dragino", "Dragino LHT52", ("lht52",), "captured; memory (fPort 3): unverified", 1200
    ),
    "milesight-em300-th": About(
        "milesight", "Milesight EM300-TH", ("em300-th", "em300"), "documented by the maker", 600
    ),
    "milesight-em300-mcs": About(
        "milesight", "Milesight EM300-MCS", ("em300-mcs",), "documented by the maker", 600
    ),
    "milesight-em300-sld": About(
        "milesight", "Milesight EM300-SLD, -ZLD", ("em300-sld", "em300-zld"), "documented by the maker", 600
    ),
    "milesight-em320-th": About(
        "milesight", "Milesight EM320-TH", ("em320-th", "em320"), "documented by the maker", 600
    ),
    "milesight-em500-pt100": About(
        "milesight", "Milesight EM500-PT100", ("em500-pt100",), "documented by the maker", 600
    ),
    "milesight-em500-co2": About(
        "milesight", "Milesight EM500-CO2", ("em500-co2",), "documented by the maker", 600
    ),
    "elsys": About(
        "elsys",
        "Elsys ERS, ERS CO2, ELT, EXT",
        ("elsys", "=ers", "=elt", "ers2", "ers-co2", "ers-lite", "elt-2", "elt-lite"),
        "documented by the maker; what an open input reads: unverified",
        600,
    ),
    "sensative-strips": About(
        "sensative",
        "Sensative Strips",
        ("sensative", "=strips"),
        "battery, temperature, flood: the maker's example; door and memory: unverified",
    ),
}

# Models whose names begin like those above and whose payloads differ: no codec of ours reads them.
OTHER_MODELS: Final = (
    "lht65n-vib",
    "em300-di",
    "em300-di-hall",
    "em300-mld",
    "em300-cl",
    "em320-tilt",
)


def codec(name: str) -> Codec:
    """The codec of that name. Raises InvalidInput naming those there are."""
    if name not in CODECS:
        raise InvalidInput(f"no payload codec {name!r}; there are: {', '.join(CODECS)}")
    made: Codec = import_module(f".{CODECS[name].module}", __package__).CODECS[name]
    return made


def codec_name_in(names: Iterable[str]) -> str | None:
    """The codec of the first model found in these names; the longest model name wins within one of them."""
    models = [(model, codec_name) for codec_name, about in CODECS.items() for model in about.models]
    models += [(model, "") for model in OTHER_MODELS]
    for name in names:
        found = [
            (len(model), codec_name) for model, codec_name in models if _names_model(name.lower(), model)
        ]
        if found:
            return max(found)[1] or None
    return None


def _names_model(name: str, model: str) -> bool:
    """Whether the model stands there as a word: `lht52-temp-0` names lht52, `alht52` does not."""
    if model.startswith("="):
        return name == model[1:]
    return re.search(rf"(?<![a-z0-9]){re.escape(model)}(?![a-z0-9])", name.replace("_", "-")) is not None


__all__ = ["CODECS", "Codec", "Piece", "codec", "codec_name_in"]
