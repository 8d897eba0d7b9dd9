"""`python -m coldchain_sim`."""

import sys

from coldchain_sim.cli import main

sys.exit(main())
