"""`serve`: run until told to stop."""

import asyncio

import typer

from coldchain_backend.cli.context import context_of
from coldchain_runtime.clock import SystemClock
from coldchain_runtime.logs import set_up


def serve(context: typer.Context) -> None:
    """Run the backend: take writes, judge, tell, show the page."""
    from coldchain_backend.app import serve as run  # half a second that the other commands do without

    set_up()
    asyncio.run(run(context_of(context).settings, SystemClock()))
