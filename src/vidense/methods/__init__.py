"""One method a file; importing this package registers them all."""

from vidense.methods import dc, dfs, dm, dsa, herding, kcenter, optdistill, prism, random, static_dc, vdsd

__all__ = ["dc", "dfs", "dm", "dsa", "herding", "kcenter", "optdistill", "prism", "random", "static_dc", "vdsd"]
