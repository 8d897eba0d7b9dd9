"""`coldchain-backend`; see `coldchain_backend.cli`."""

from coldchain_backend.cli import main

if __name__ == "__main__":
    main()
