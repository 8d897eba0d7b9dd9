"""Run a program that ends when its starter ends: `python tether.py PROGRAM ARGUMENT…`.

On Linux the kernel is asked to end this process when the thread that started it is gone, whatever the
reason (kill -9 too); then the program takes this process's place. Elsewhere only the second half happens.
Imports nothing of ours: it must start fast and alone.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie the knot, then become the program."""
    starter = int(os.environ.pop("TETHER_STARTER"))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != starter:
            sys.exit("tether: the starter is gone already")
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - becoming the program is the whole job


if __name__ == "__main__":
    main()
