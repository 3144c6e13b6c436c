"""The ways to condense features, by name."""

from collections.abc import Callable

from vidense.registry import Registry
from vidense.segmentation.prism import prism
from vidense.segmentation.selection import coreset, mean, random
from vidense.segmentation.task import Condensed, Task
from vidense.segmentation.tsgf import tsgf

__all__ = ["FULL", "METHODS"]

# No method: networks are trained on the whole training set.
FULL = "full"

METHODS: Registry[Callable[[Task], Condensed]] = Registry("segmentation method")
METHODS.register("prism")(prism)
METHODS.register("tsgf")(tsgf)
METHODS.register("mean")(mean)
METHODS.register("coreset")(coreset)
METHODS.register("random")(random)
