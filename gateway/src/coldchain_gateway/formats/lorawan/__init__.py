"""Payloads of LoRaWAN devices: bytes of one uplink → what was measured. A file per maker, a line each.

A codec is chosen by the subscription (`codecs`), else by a model name within the names of the device and its
profile; it is loaded then.
"""

import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Final

from coldchain.errors import InvalidInput

from .piece import Codec, Piece

# Codec → module, and the model names by which it is recognised within a profile's or device's name.
CODECS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "dragino-lht65": ("dragino", ("lht65", "lht65n", "lht65ns", "lht65n-e3", "lht65n-e31f")),
    "dragino-lht52": ("dragino", ("lht52",)),
    "milesight-em300-th": ("milesight", ("em300-th", "em300")),
    "milesight-em300-mcs": ("milesight", ("em300-mcs",)),
    "milesight-em300-sld": ("milesight", ("em300-sld", "em300-zld")),
    "milesight-em320-th": ("milesight", ("em320-th", "em320")),
    "milesight-em500-pt100": ("milesight", ("em500-pt100",)),
    "milesight-em500-co2": ("milesight", ("em500-co2",)),
    "elsys": (
        "elsys",
        ("elsys", "ers", "ers2", "ers-co2", "ers-lite", "elt", "elt2", "elt-2", "elt-lite", "ext"),
    ),
    "sensative-strips": ("sensative", ("strips", "sensative")),
}


def codec(name: str) -> Codec:
    """The codec of that name. Raises InvalidInput naming those there are."""
    if name not in CODECS:
        raise InvalidInput(f"no payload codec {name!r}; there are: {', '.join(CODECS)}")
    made: Codec = import_module(f".{CODECS[name][0]}", __package__).CODECS[name]
    return made


def codec_name_in(names: Iterable[str]) -> str | None:
    """The codec of the first model found in these names; the longest model name wins within one of them."""
    for name in names:
        found = [
            (len(model), codec_name)
            for codec_name, (_, models) in CODECS.items()
            for model in models
            if _names_model(name.lower(), model)
        ]
        if found:
            return max(found)[1]
    return None


def _names_model(name: str, model: str) -> bool:
    """Whether the model stands there as a word: `lht52-temp-0` names lht52, `extension` does not name ext."""
    return re.search(rf"(?<![a-z0-9]){re.escape(model)}(?![a-z0-9])", name.replace("_", "-")) is not None


__all__ = ["CODECS", "Codec", "Piece", "codec", "codec_name_in"]
