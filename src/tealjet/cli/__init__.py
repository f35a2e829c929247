"""The tealjet command."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command that the arguments name; Ctrl-C ends it with exit code 130, whatever it is doing."""
    try:
        from tealjet.cli.app import app

        app()
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        sys.exit(130)
