"""One method a file; importing this package registers them all."""

from vidense.methods import (
    dc,
    dfs,
    dm,
    dsa,
    frepo,
    herding,
    idtd,
    kcenter,
    mtt,
    optdistill,
    prism,
    random,
    sre2l,
    static_dc,
    tsgf,
    vdsd,
)

__all__ = [
    "dc",
    "dfs",
    "dm",
    "dsa",
    "frepo",
    "herding",
    "idtd",
    "kcenter",
    "mtt",
    "optdistill",
    "prism",
    "random",
    "sre2l",
    "static_dc",
    "tsgf",
    "vdsd",
]
