"""One method a file; importing this package registers them all."""

from vidense.methods import dfs, dm, herding, kcenter, prism, random

__all__ = ["dfs", "dm", "herding", "kcenter", "prism", "random"]
