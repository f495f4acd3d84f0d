"""The console script `outrig`, and `python -m outrig`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line that the process was started with; return the exit code."""
    import gc

    from outrig import router

    gc.set_threshold(50_000, 20, 20)  # a short life, and one of many records that all stay
    return router.main(sys.argv[1:])


if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the current directory: nothing is imported from there
    sys.exit(main())
