"""What the edge pays for core and runtime: nothing heavy is loaded before it is needed."""

from __future__ import annotations

import subprocess
import sys

CORE = ("lineprotocol", "seal", "excursions", "watch", "words", "backoff", "builtin_profiles")
RUNTIME = ("clock", "durable", "secrets", "logs", "supervisor", "documents")
ROOMS = [f"coldchain.{room}" for room in CORE] + [f"coldchain_runtime.{room}" for room in RUNTIME]
HEAVY = (
    "yaml",
    "cattrs",
    "attr",
    "pydantic",
    "cryptography",
    "nacl.public",
    "nacl.signing",
    "difflib",
    "sqlite3",
    "ssl",
)


def test_core_and_runtime_load_nothing_heavy() -> None:
    program = f"import sys, {', '.join(ROOMS)}; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    loaded = done.stdout.strip()
    assert loaded in {"[]", "['ssl']"}, "asyncio may bring ssl; nothing else is paid for"
