"""Where ``vidense`` and ``python -m vidense`` start."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line of this process and exit with its code, also if it is interrupted while it is loaded."""
    try:
        from vidense.cli import run
    except KeyboardInterrupt:
        sys.stderr.write("interrupted before anything was done\n")
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
