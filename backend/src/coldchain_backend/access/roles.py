"""Roles of people."""

from enum import StrEnum


class Role(StrEnum):
    """What a person is to this organisation."""

    VIEWER = "viewer"
    REGULATOR = "regulator"
    OPERATOR = "operator"
    QUALITY = "quality"
    ADMIN = "admin"

    @property
    def may_operate(self) -> bool:
        """Whether the role may act on alerts."""
        return self in (Role.OPERATOR, Role.QUALITY, Role.ADMIN)

    @property
    def may_revise(self) -> bool:
        """Whether the role may change what is said of the past."""
        return self in (Role.QUALITY, Role.ADMIN)

    @property
    def may_administer(self) -> bool:
        """Whether the role may change fleet, gateways and access."""
        return self is Role.ADMIN
