"""One method a file; importing this package registers them all."""

from vidense.methods import dfs, dm, prism, random

__all__ = ["dfs", "dm", "prism", "random"]
