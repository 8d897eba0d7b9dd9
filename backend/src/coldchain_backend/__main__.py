"""`coldchain-backend`; see `coldchain_backend.cli`."""

import gc

gc.disable()  # what is imported stays: looking for garbage in it again and again took a tenth of the start
from coldchain_backend.cli import main  # noqa: E402 - see above

gc.freeze()
gc.enable()

if __name__ == "__main__":
    main()
