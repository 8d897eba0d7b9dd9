"""Programs that the gateway starts: without a shell, and killed when they do not end in time."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import Final

from coldchain.errors import Unavailable

WITHIN_S: Final = 10.0
MOST_OUTPUT: Final = 65_536


async def run_program(command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Start it and wait for its good end. Raises Unavailable where it cannot start, fails or does not end."""
    code, _ = await ask_program(command, environment, output=None)
    if code != 0:
        raise Unavailable(f"{command[0]} ended with status {code}")


async def ask_program(
    command: Sequence[str], environment: Mapping[str, str], *, output: int | None = asyncio.subprocess.PIPE
) -> tuple[int, str]:
    """Its status and what it said, at most 64 KiB. Raises Unavailable where it does not start or end."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            env={**os.environ, **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
        )
    except OSError as error:
        raise Unavailable(f"{command[0]}: {error.strerror}") from error
    try:
        said, _ = await asyncio.wait_for(process.communicate(), WITHIN_S)
    except TimeoutError as error:
        raise Unavailable(f"{command[0]} has not ended within {WITHIN_S:.0f} s and was killed") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, (said or b"")[:MOST_OUTPUT].decode("utf-8", "replace")
