"""`coldchain-gateway`, also as `python -m coldchain_gateway`."""

import sys

from coldchain_gateway.cli import main

if __name__ == "__main__":
    sys.exit(main())
