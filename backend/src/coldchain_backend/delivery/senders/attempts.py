"""What every wire does alike: one attempt takes so long at most, and its faults are answers."""

import asyncio
from collections.abc import Awaitable

from coldchain.errors import Refused, Unavailable
from coldchain_backend.delivery.request import Answer, NoResponse


async def attempted(work: Awaitable[Answer], timeout_s: float) -> Answer:
    """The answer, or why there is none; for the whole attempt, however slowly an answer trickles."""
    try:
        async with asyncio.timeout(timeout_s):
            return await work
    except Refused as error:
        return NoResponse(reason=str(error), forbidden=True)
    except Unavailable as error:
        return NoResponse(reason=str(error))
    except TimeoutError:
        return NoResponse(reason=f"no whole answer within {timeout_s:g} s")
    except (OSError, ValueError) as error:
        return NoResponse(reason=f"{type(error).__name__}: {error}"[:300])
