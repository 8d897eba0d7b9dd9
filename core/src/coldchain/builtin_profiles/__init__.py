"""Cited limits as values. What is marked `proposed` is our own default and never to be shown as law.

`citation` names the source of each limit; what could not be checked against its source says "unverified".
"""

from collections.abc import Mapping
from types import MappingProxyType

from coldchain.builtin_profiles import blood, first, food, medicine, produce
from coldchain.profiles import Profile

_ALL: tuple[Profile, ...] = (
    *first.PROFILES,
    *medicine.PROFILES,
    *blood.PROFILES,
    *food.PROFILES,
    *produce.PROFILES,
)

BUILTIN: Mapping[str, Profile] = MappingProxyType({profile.name: profile for profile in _ALL})
