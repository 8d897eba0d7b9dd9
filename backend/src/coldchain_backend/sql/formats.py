"""The format of the database: which one this version knows, which one stands there, and the steps between.

What takes the steps is loaded only where one is taken or where a format is not this version's.
"""

import logging
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, text

from coldchain.errors import Refused

if TYPE_CHECKING:
    from alembic.config import Config

_STEPS: Final = Path(__file__).parent / "migrations" / "versions"
_STEP: Final = re.compile(r"([0-9]{4})_[a-z0-9_]+\.py")
_VERSIONS: Final = "alembic_version"


@cache
def newest_format() -> str:
    """The format of this version: the number of the last step, which its file's name begins with."""
    return max(match[1] for path in _STEPS.iterdir() if (match := _STEP.fullmatch(path.name)))


def stored_format(connection: Connection) -> str | None:
    """The format that a database says it has; None where it says nothing."""
    if not connection.dialect.has_table(connection, _VERSIONS):
        return None
    return connection.execute(text(f"SELECT version_num FROM {_VERSIONS}")).scalar()  # noqa: S608 - a constant


def older_format(connection: Connection, place: str) -> str | None:
    """The older format of a database; None for the newest. Raises Refused for a newer one."""
    found = stored_format(connection)
    if found == newest_format():
        return None
    if found not in _known():
        raise Refused(f"{place}: written by a newer version (format {found})")
    return found


def check_format(connection: Connection, place: str) -> None:
    """Raises Refused for a format that is not this version's."""
    found, newest = stored_format(connection), newest_format()
    if found == newest:
        return
    if found not in _known():
        raise Refused(f"{place}: written by a newer version (format {found}, this one knows {newest})")
    raise Refused(f"{place}: format {found} must be brought to {newest} first: coldchain-backend migrate")


def upgrade(connection: Connection) -> None:
    """Bring what a connection leads to to the newest format, within its transaction."""
    from alembic import command  # a tenth of a start, in which nearly always no step is due

    config = migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def migrations() -> "Config":
    """Where the steps from format to format stand; that they are taken is no news, step by step."""
    from alembic.config import Config  # see `upgrade`

    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", "coldchain_backend:sql/migrations")
    return config


def _known() -> set[str]:
    """The formats that this version can bring to its own, and its own."""
    from alembic.script import ScriptDirectory  # see `upgrade`

    return {revision.revision for revision in ScriptDirectory.from_config(migrations()).walk_revisions()}
