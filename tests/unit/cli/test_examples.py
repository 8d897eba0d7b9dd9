"""The examples that `--help` shows can be typed: every command and option in them is there."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from coldchain_backend import cli

ROOT: Any = typer.main.get_command(cli.app)
"""The tree of commands; the library gives its classes no public name."""

PROGRAM = "coldchain-backend"


def commands(one: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401 - as ROOT
    """Every command with its words."""
    if not hasattr(one, "commands"):
        yield path, one
        return
    for name, inner in one.commands.items():
        yield from commands(inner, (*path, name))


def examples(one: Any) -> list[str]:  # noqa: ANN401 - as ROOT
    """What the help of a command shows to be typed, lines that go on joined."""
    text = "\n".join(filter(None, (one.help, one.epilog))).replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if line.strip().startswith(f"{PROGRAM} ")]


EVERY = list(commands(ROOT))
SHOWN = [(path, line) for path, one in EVERY for line in examples(one)]
TO_BE_SHOWN = (
    "receiver test", "deliveries list", "deliveries replay", "ready", "route explain", "status",
    "muted list", "muted window", "muted out-of-service", "muted end",
)  # fmt: skip


@pytest.mark.parametrize(("path", "line"), SHOWN, ids=[line[:60] for _, line in SHOWN])
def test_an_example_parses_as_a_command_of_its_group(path: tuple[str, ...], line: str) -> None:
    """As the shell would hand it over; nothing is done."""
    words, one = shlex.split(line.partition(" | ")[0], comments=True)[1:], ROOT
    found: list[str] = []
    while hasattr(one, "commands"):
        assert words[0] in one.commands, line
        found.append(words.pop(0))
        one = one.commands[found[-1]]
    assert found[0] == path[0]
    one.make_context(found[-1], words)


@pytest.mark.parametrize("name", TO_BE_SHOWN)
def test_what_people_type_most_has_an_example_of_its_own(name: str) -> None:
    mine = [line for path, line in SHOWN if path == tuple(name.split())]
    assert any(line.startswith(f"{PROGRAM} {name}") for line in mine)


def test_every_command_and_option_says_what_it_is_for() -> None:
    silent = [
        " ".join((*path, parameter.name))
        for path, one in EVERY
        for parameter in one.params
        if parameter.param_type_name == "option" and not getattr(parameter, "help", None)
    ]
    assert [path for path, one in EVERY if not one.help] == []
    assert silent == [], "options without a word"
