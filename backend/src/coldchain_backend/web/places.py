"""Places by a part of their name, in any language."""

from coldchain.words import Language
from coldchain_backend.fleet import Asset, Plan, Point, Zone


def named(plan: Plan, text: str) -> frozenset[str]:
    """Ids of assets, zones and points whose names have a text in them."""
    wanted = text.casefold()
    things: list[Asset | Zone | Point] = [*plan.assets, *(zone for _, zone in plan.zones())]
    things += [place.point for place in plan.places()]
    return frozenset(
        one.id for one in things if any(wanted in one.name.in_(language).casefold() for language in Language)
    )
