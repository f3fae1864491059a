"""`python -m tierwise` is `tierwise`; in a checkout `python -m router` is too."""

from __future__ import annotations

from router.commands.cli import main

if __name__ == "__main__":
    main()
