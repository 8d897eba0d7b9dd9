"""The command `coldchain-dashboards`."""

import sys

from coldchain_dashboards.cli import main

if __name__ == "__main__":
    sys.exit(main())
