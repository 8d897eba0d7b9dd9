"""A reader who leaves early (`| head`) is no mistake of any command that speaks."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "command",
    [("coldchain_backend", "profiles", "list"), ("coldchain_dashboards", "build", "--into", "boards")],
    ids=["backend", "dashboards"],
)
def test_a_command_whose_reader_left_ends_silently_with_141(
    command: tuple[str, ...], tmp_path: os.PathLike[str]
) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", *command], stdout=write, stderr=subprocess.PIPE, text=True,
            cwd=tmp_path, timeout=60, check=False,
        )  # fmt: skip
    finally:
        os.close(write)
    assert (ended.returncode, ended.stderr) == (141, "")
