"""Who this backend is: its keys and the administrator's token, all made at first start, 0600."""

import secrets
from pathlib import Path
from typing import Final

from coldchain.errors import IntegrityError, InvalidInput
from coldchain.seal import Key
from coldchain_backend.access import SERVER_ADMIN, Grant, Purpose, Role, Tokens
from coldchain_backend.access.links import KEY_BYTES
from coldchain_runtime.durable import write_file_atomic

KEY_FILE: Final = "backend.key"
LINKS_KEY_FILE: Final = "links.key"
ADMIN_TOKEN_FILE: Final = "admin-token"  # noqa: S105 - a file's name


def load_or_create_key(data_dir: Path) -> Key:
    """The backend's key. Raises IntegrityError if its file is damaged."""
    path = data_dir / KEY_FILE
    if not path.exists():
        key = Key.generate()
        write_file_atomic(path, key.seed.hex().encode() + b"\n", private=True)
        return key
    try:
        return Key.from_seed(bytes.fromhex(path.read_text(encoding="ascii").strip()))
    except (ValueError, InvalidInput) as error:
        raise IntegrityError(f"{path}: not a key; restore it from a backup") from error


def load_or_create_links_key(data_dir: Path) -> bytes:
    """The key under which links to alerts are signed; a new one makes all older links void.

    Raises IntegrityError if its file is damaged.
    """
    path = data_dir / LINKS_KEY_FILE
    if not path.exists():
        key = secrets.token_bytes(KEY_BYTES)
        write_file_atomic(path, key.hex().encode() + b"\n", private=True)
        return key
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError as error:
        raise IntegrityError(f"{path}: not a key; restore it from a backup, or delete it") from error
    if len(key) != KEY_BYTES:
        raise IntegrityError(f"{path}: not a key; restore it from a backup, or delete it")
    return key


def admin_token(data_dir: Path, tokens: Tokens, now_ms: int) -> str:
    """The administrator's token; a new one where the file is missing or no longer good."""
    path = data_dir / ADMIN_TOKEN_FILE
    if path.exists():
        token = path.read_text(encoding="ascii").strip()
        if tokens.find(token, now_ms) is not None:
            return token
    tokens.revoke(Purpose.PERSON, SERVER_ADMIN)
    token = tokens.issue(Grant(name=SERVER_ADMIN, purpose=Purpose.PERSON, role=Role.ADMIN, made_ms=now_ms))
    write_file_atomic(path, token.encode() + b"\n", private=True)
    return token
