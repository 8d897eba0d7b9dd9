"""Programs that alarms start: without a shell, and killed when they do not end in time."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import Final

from coldchain.errors import Unavailable

WITHIN_S: Final = 10.0


async def run_program(command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Start it and wait for its end. Raises Unavailable where it cannot start, fails or does not end."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command, env={**os.environ, **environment}, stdin=asyncio.subprocess.DEVNULL
        )
    except OSError as error:
        raise Unavailable(f"{command[0]}: {error.strerror}") from error
    try:
        code = await asyncio.wait_for(process.wait(), WITHIN_S)
    except TimeoutError as error:
        raise Unavailable(f"{command[0]} has not ended within {WITHIN_S:.0f} s and was killed") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code != 0:
        raise Unavailable(f"{command[0]} ended with status {code}")
