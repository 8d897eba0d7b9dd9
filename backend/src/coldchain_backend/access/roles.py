"""Roles of people, and what each of them allows: the one table of it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Right(StrEnum):
    """What a role may allow."""

    VIEW = "view"  # see what is monitored, and manage one's own sessions
    AUDIT = "audit"  # see who changed what
    OPERATE = "operate"  # act on alerts and zones
    REVISE = "revise"  # change what is said of the past, decide about goods
    ADMINISTER = "administer"  # change fleet, gateways, people and tokens


class Role(StrEnum):
    """What a person is to this organisation."""

    VIEWER = "viewer"
    REGULATOR = "regulator"
    OPERATOR = "operator"
    QUALITY = "quality"
    ADMIN = "admin"

    @property
    def rights(self) -> frozenset[Right]:
        """All that the role allows."""
        return _RIGHTS[self]

    def may(self, right: Right) -> bool:
        """Whether the role allows something."""
        return right in _RIGHTS[self]

    def within(self, other: "Role") -> "Role":
        """This role where `other` allows all of it, else `other`: a token gives no more than its person."""
        return self if self.rights <= other.rights else other


_RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    Role.VIEWER: frozenset({Right.VIEW}),
    Role.REGULATOR: frozenset({Right.VIEW, Right.AUDIT}),
    Role.OPERATOR: frozenset({Right.VIEW, Right.OPERATE}),
    Role.QUALITY: frozenset({Right.VIEW, Right.AUDIT, Right.OPERATE, Right.REVISE}),
    Role.ADMIN: frozenset(Right),
}
